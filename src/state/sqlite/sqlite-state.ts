import { statSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { AlertQueue } from '../../alerts/queue.ts';
import type { Store } from '../../alerts/store.ts';
import type { ReadResult } from '../../rules/state.ts';
import { OperationalError, onFault } from '../../telemetry/operational-error.ts';
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
/** Limits of a shared commit: the number of bodies, and the time after which no further one starts. */
const MOST_IN_COMMIT = 8;
const COMMIT_WORK_MS = 8;
const MAINTENANCE_INTERVAL_MS = 250;
const SWEPT_AT_ONCE = 1_000;
const LOCK_WAIT_MS = 5_000;

export interface SqliteState extends Store, AlertQueue {
  readonly kind: 'sqlite';
  /**
   * Runs four times a second: deletes a batch of expired entries, and moves the write-ahead log into the file if
   * nothing was written since the last run.
   */
  maintain(): Promise<void>;
}

export interface SqliteStateDeps {
  /** The store's clock, in milliseconds; the system clock by default. */
  readonly now?: () => number;
  readonly observe?: StateObserver;
  /** How long to wait at start for another process to release the file; 5 s by default. */
  readonly lockWaitMs?: number;
}

/**
 * Opens the state in a SQLite file, for this process alone, or in memory.
 * @throws OperationalError that names the path and says what to do
 */
export function openSqliteState(options: SqliteStateOptions, deps: SqliteStateDeps = {}): SqliteState {
  return createSqliteState(openDatabase(options.path, deps.lockWaitMs ?? LOCK_WAIT_MS), options.path, deps);
}

/** The state in an open database with the schema; `close` closes the database. */
export function createSqliteState(
  db: DatabaseSync,
  path: string,
  { now = Date.now, observe }: SqliteStateDeps = {},
): SqliteState {
  const where = path === ':memory:' ? 'the state in memory' : `the state file ${path}`;
  const collections = createCollections(db, now);
  const turns = createSerialQueue();
  const waiting: Waiting[] = [];
  const begin = db.prepare('BEGIN IMMEDIATE');
  const commit = db.prepare('COMMIT');
  const rollback = db.prepare('ROLLBACK');
  const savepoint = db.prepare('SAVEPOINT body');
  const release = db.prepare('RELEASE body');
  const undo = db.prepare('ROLLBACK TO body');
  const holderOf = db.prepare('SELECT holder FROM leases WHERE cluster = ? AND name = ? AND expires > ?');
  const takeLease = db.prepare(
    'INSERT INTO leases VALUES (?, ?, ?, ?) ' +
      'ON CONFLICT DO UPDATE SET holder = excluded.holder, expires = excluded.expires',
  );
  const totalChanges = db.prepare('SELECT total_changes() AS n');
  const changes = () => Number(totalChanges.get()?.n);
  const identity = fileIdentity(path);
  let closed = false;
  /** True if the path no longer leads to the open file: what is written to it now would be lost at a restart. */
  let displaced = false;
  let changesSeen = changes();
  let changesMoved = changesSeen;

  /**
   * Runs the body in a transaction, and resolves when that is committed. Bodies that wait at the same time share one
   * transaction, in order of arrival, and so one flush to disk; each has a savepoint, so that a failure undoes only its
   * own writes. There is one transaction a turn of the event loop, so that a long queue does not block everything else.
   */
  function transaction<T>(body: () => T): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      waiting.push({
        run() {
          const result = body();
          return () => resolve(result);
        },
        reject,
      });
      void turns.run('', async () => {
        // Bodies that ran with an earlier one leave their own turn empty.
        if (waiting.length === 0) return;
        await nextTurn();
        commitWaiting();
      });
    });
  }

  function commitWaiting(): void {
    const unusable = closed ? 'is closed' : displaced ? 'was removed or replaced: restart firstseen' : undefined;
    if (unusable !== undefined) {
      const error = new OperationalError('store_unavailable', `${where} ${unusable}`);
      for (const { reject } of waiting.splice(0)) reject(error);
      return;
    }
    const taken: Waiting[] = [];
    const settle: (() => void)[] = [];
    try {
      begin.run();
      const start = performance.now();
      do {
        const next = waiting.shift();
        if (next === undefined) break;
        taken.push(next);
        settle.push(runAlone(next));
      } while (taken.length < MOST_IN_COMMIT && performance.now() - start < COMMIT_WORK_MS);
      commit.run();
    } catch (error) {
      if (db.isTransaction) rollback.run(); // SQLite has rolled back by itself after some faults
      for (const { reject } of taken) reject(sqliteError(error, where));
      if (taken.length === 0) waiting.shift()?.reject(sqliteError(error, where));
      return;
    }
    for (const tell of settle) tell();
  }

  /** @throws if the whole transaction is lost; else returns what to call once it is committed */
  function runAlone({ run, reject }: Waiting): () => void {
    savepoint.run();
    try {
      const tell = run();
      release.run();
      return tell;
    } catch (error) {
      if (!db.isTransaction) throw error;
      undo.run();
      release.run();
      return () => reject(sqliteError(error, where));
    }
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

  /** @throws OperationalError like any write, for example when the disk is full */
  function checkpoint(): void {
    try {
      db.exec('PRAGMA wal_checkpoint(PASSIVE)');
    } catch (error) {
      throw sqliteError(error, where);
    }
  }

  const timer = setInterval(() => {
    // The next write meets the same fault and reports it.
    maintain().catch(onFault(() => {}));
  }, MAINTENANCE_INTERVAL_MS);
  timer.unref();

  return {
    kind: 'sqlite',
    durability:
      path === ':memory:'
        ? 'SQLite in memory: the state is lost when the process ends'
        : `SQLite file ${path}: each commit is flushed to disk before it is acknowledged`,
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

/** A body that waits for a transaction. */
interface Waiting {
  /** Reads and writes; returns what to call after the commit. */
  run(): () => void;
  reject(error: unknown): void;
}

/** Identifies the file at a path; undefined if there is none. */
function fileIdentity(path: string): string | undefined {
  const found = statSync(path, { throwIfNoEntry: false });
  return found && `${found.dev}:${found.ino}`;
}
