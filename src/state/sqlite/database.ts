import { closeSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { OperationalError } from '../../telemetry/operational-error.ts';
import { sqliteError, sqliteFault } from './sqlite-error.ts';

/** Marks a file as firstseen's, in the application id of SQLite's header ("1SEE"). */
const APPLICATION_ID = 0x31534545;
const SCHEMA_VERSION = 1;

/**
 * A key is a row of `keys`, whatever its type; its entries refer to the row's id. A removed or expired key loses its
 * name at once, and its entries later, in small batches.
 */
const SCHEMA = `
  CREATE TABLE keys (id INTEGER PRIMARY KEY, cluster TEXT, name TEXT, expires INTEGER, UNIQUE (cluster, name)) STRICT;
  CREATE INDEX keys_by_expiry ON keys (expires) WHERE expires IS NOT NULL;
  CREATE TABLE members (key INTEGER NOT NULL, member TEXT NOT NULL, PRIMARY KEY (key, member)) STRICT, WITHOUT ROWID;
  CREATE TABLE scores (
    key INTEGER NOT NULL, member TEXT NOT NULL, score INTEGER NOT NULL, PRIMARY KEY (key, member)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX scores_by_score ON scores (key, score, member);
  CREATE TABLE fields (key INTEGER NOT NULL, field TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (key, field)) STRICT;
  CREATE TABLE leases (
    cluster TEXT NOT NULL, name TEXT NOT NULL, holder TEXT NOT NULL, expires INTEGER NOT NULL, PRIMARY KEY (cluster, name)
  ) STRICT, WITHOUT ROWID;
  PRAGMA application_id = ${APPLICATION_ID};
  PRAGMA user_version = ${SCHEMA_VERSION};
`;

/**
 * Opens or creates the file for this process alone: SQLite's exclusive locking mode holds the file lock until the
 * connection closes or the process ends in any way, so no stale lock can remain.
 * @param lockWaitMs how long to wait for another process to release the file
 * @throws OperationalError that names the path and says what to do
 */
export function openDatabase(path: string, lockWaitMs: number): DatabaseSync {
  if (path !== ':memory:') makeFile(path);
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(path, { timeout: lockWaitMs });
    // Exclusive mode first: then the WAL index lives in this process's memory, without a shared -shm file.
    db.exec('PRAGMA locking_mode = EXCLUSIVE');
    db.exec('PRAGMA journal_mode = WAL');
    db.exec('PRAGMA synchronous = FULL');
    // Checkpoints run when the store is idle (see sqlite-state.ts); this limit of 32 MiB is for a store that never is.
    db.exec('PRAGMA wal_autocheckpoint = 8192');
    db.exec('PRAGMA journal_size_limit = 67108864');
    db.exec('PRAGMA cache_size = -16384');
    db.exec('BEGIN IMMEDIATE');
    prepareSchema(db, path);
    db.exec('COMMIT');
    return db;
  } catch (error) {
    db?.close();
    throw openError(error, path);
  }
}

/** Creates a missing file with access for this user only, because it holds content of audit events. */
function makeFile(path: string): void {
  try {
    closeSync(openSync(path, 'a', 0o600));
  } catch (error) {
    throw misconfigured(path, reasonOf(error, path), error);
  }
}

function reasonOf(error: unknown, path: string): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return `the folder ${dirname(path)} does not exist; create it, or set another path`;
    case 'EISDIR':
      return 'it is a folder; set the path of a file in it';
    case 'EACCES':
    case 'EPERM':
      return 'this user may not write there; change the permissions, or set another path';
    case 'EROFS':
      return 'the file system is read-only; mount a volume that can be written, or set another path';
    case 'ENOSPC':
      return 'the disk is full; free space, or set another path';
    default:
      return String(error);
  }
}

function prepareSchema(db: DatabaseSync, path: string): void {
  const application = pragma(db, 'application_id');
  const version = pragma(db, 'user_version');
  const tables = db.prepare('SELECT 1 FROM sqlite_schema LIMIT 1').all().length;
  if (application === 0 && tables === 0) {
    db.exec(SCHEMA);
  } else if (application !== APPLICATION_ID) {
    throw misconfigured(path, 'it is the database of another program; set another path');
  } else if (version !== SCHEMA_VERSION) {
    const advice = `this version reads ${SCHEMA_VERSION}; run the firstseen version that wrote it, or set another path`;
    throw misconfigured(path, `it has version ${version} of firstseen's format, but ${advice}`);
  }
}

function pragma(db: DatabaseSync, name: string): unknown {
  return db.prepare(`PRAGMA ${name}`).get()?.[name];
}

function openError(error: unknown, path: string): unknown {
  switch (sqliteFault(error)) {
    case 'busy':
    case 'locked':
      return new OperationalError(
        'store_unavailable',
        `the state file ${path} is in use by another process: with SQLite firstseen runs as one replica; ` +
          'stop the other one (with a Deployment, strategy Recreate), or use Redis',
        { cause: error },
      );
    case 'notADatabase':
      return misconfigured(path, 'it is not a SQLite database; move it away, or set another path', error);
    case 'cannotOpen':
      return misconfigured(path, 'SQLite cannot open it; check the permissions of the file and its folder', error);
    default:
      return sqliteError(error, `the state file ${path}`);
  }
}

function misconfigured(path: string, reason: string, cause?: unknown): OperationalError {
  return new OperationalError('store_misconfigured', `the state file ${path} cannot be used: ${reason}`, { cause });
}
