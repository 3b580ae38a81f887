import { statSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { AlertQueue } from '../../alerts/queue.ts';
import type { Store } from '../../alerts/store.ts';
import type { ReadResult } from '../../rules/state.ts';
import { OperationalError } from '../../telemetry/operational-error.ts';
import { checkWrites } from '../check-writes.ts';
import type { SqliteStateOptions } from '../options.ts';
import { createSerialQueue } from '../serial-queue.ts';
import { observed, type StateObserver } from '../state-observer.ts';
import { createCollections } from './collections.ts';
import { openDatabase } from './database.ts';
import { createSqliteAlertQueue } from './sqlite-alert-queue.ts';
import { sqliteError } from './sqlite-error.ts';

/** About 8 ms of work on the event loop. */
const DECISIONS_PER_COMMIT = 50;
const MAINTENANCE_INTERVAL_MS = 250;
const SWEPT_AT_ONCE = 1_000;
const LOCK_WAIT_MS = 5_000;

export interface SqliteState extends Store, AlertQueue {
  readonly kind: 'sqlite';
  /**
   * What the timer does four times a second: deletes a batch of what has expired, and moves the write-ahead log into the
   * file when nothing was written since the last time.
   */
  maintain(): Promise<void>;
}

export interface SqliteStateDeps {
  /** The store's clock, in milliseconds; the system's unless given. */
  readonly now?: () => number;
  readonly observe?: StateObserver;
  /** How long to wait at start for another process to let go of the file; 5 s unless given. */
  readonly lockWaitMs?: number;
}

/**
 * Opens the state in a SQLite file, for this process alone, or in memory.
 * @throws OperationalError that says which path, and what to do
 */
export function openSqliteState(options: SqliteStateOptions, deps: SqliteStateDeps = {}): SqliteState {
  return createSqliteState(openDatabase(options.path, deps.lockWaitMs ?? LOCK_WAIT_MS), options.path, deps);
}

/** The state in an open database that has the schema; `close` closes it. */
export function createSqliteState(
  db: DatabaseSync,
  path: string,
  { now = Date.now, observe }: SqliteStateDeps = {},
): SqliteState {
  const where = path === ':memory:' ? 'the state in memory' : `the state file ${path}`;
  const collections = createCollections(db, now);
  const turns = createSerialQueue();
  const begin = db.prepare('BEGIN IMMEDIATE');
  const commit = db.prepare('COMMIT');
  const rollback = db.prepare('ROLLBACK');
  const holderOf = db.prepare('SELECT holder FROM leases WHERE cluster = ? AND name = ? AND expires > ?');
  const takeLease = db.prepare(
    'INSERT INTO leases VALUES (?, ?, ?, ?) ' +
      'ON CONFLICT DO UPDATE SET holder = excluded.holder, expires = excluded.expires',
  );
  const totalChanges = db.prepare('SELECT total_changes() AS n');
  const changes = () => Number(totalChanges.get()?.n);
  const identity = fileIdentity(path);
  let closed = false;
  /** True if the path does not lead to the open file any more: what is written to it now, no restart finds again. */
  let displaced = false;
  let changesSeen = changes();
  let changesMoved = changesSeen;

  /** One transaction a turn of the event loop, so that a long row of them lets everything else through. */
  function transaction<T>(body: () => T): Promise<T> {
    return turns.run('', async () => {
      await nextTurn();
      if (closed) throw new OperationalError('store_unavailable', `${where} is closed`);
      if (displaced)
        throw new OperationalError('store_unavailable', `${where} was removed or replaced: restart firstseen`);
      try {
        begin.run();
        const result = body();
        commit.run();
        return result;
      } catch (error) {
        if (db.isTransaction) rollback.run(); // SQLite has rolled back by itself after some faults
        throw sqliteError(error, where);
      }
    });
  }

  async function maintain(): Promise<void> {
    displaced = identity !== undefined && fileIdentity(path) !== identity;
    await transaction(() => collections.sweep(SWEPT_AT_ONCE));
    const current = changes();
    if (current === changesSeen && current !== changesMoved) {
      checkpoint();
      changesMoved = current;
    }
    changesSeen = current;
  }

  /** @throws OperationalError, for example when the disk is full, as any write does */
  function checkpoint(): void {
    try {
      db.exec('PRAGMA wal_checkpoint(PASSIVE)');
    } catch (error) {
      throw sqliteError(error, where);
    }
  }

  const timer = setInterval(() => {
    maintain().catch((error) => {
      // Whoever writes next meets the same fault and reports it; anything else is a bug.
      if (!(error instanceof OperationalError)) throw error;
    });
  }, MAINTENANCE_INTERVAL_MS);
  timer.unref();

  return {
    kind: 'sqlite',
    durability:
      path === ':memory:'
        ? 'SQLite in memory: everything is lost when the process ends'
        : `SQLite file ${path}: every commit is flushed to the disk before it is acknowledged`,
    decisionsPerCommit: DECISIONS_PER_COMMIT,
    update(cluster, reads, step) {
      return observed(observe, () =>
        transaction(() => {
          const results: ReadResult[] = reads.map((read) => collections.read(cluster, read));
          for (;;) {
            const next = step(results);
            if (next.kind === 'need') {
              results.push(...next.reads.map((read) => collections.read(cluster, read)));
              continue;
            }
            checkWrites(next.writes);
            for (const write of next.writes) collections.write(cluster, write);
            return { result: next.result, wrote: next.writes.length > 0 };
          }
        }),
      );
    },
    lease(cluster, name, holder, ttlMs) {
      return transaction(() => {
        const held = holderOf.get(cluster, name, now())?.holder;
        if (held !== undefined && held !== holder) return false;
        takeLease.run(cluster, name, holder, now() + ttlMs);
        return true;
      });
    },
    ...createSqliteAlertQueue(collections, transaction, now),
    ping: () => transaction(() => undefined),
    maintain,
    async close() {
      if (closed) return;
      clearInterval(timer);
      await turns.settled();
      closed = true;
      if (db.isOpen) db.close(); // moves the write-ahead log into the file
    },
  };
}

/** Names the file behind a path; undefined if there is none. */
function fileIdentity(path: string): string | undefined {
  const found = statSync(path, { throwIfNoEntry: false });
  return found && `${found.dev}:${found.ino}`;
}
