import { OperationalError } from '../../telemetry/operational-error.ts';

/** SQLite's primary result codes, https://sqlite.org/rescode.html */
const CODES = {
  busy: 5,
  locked: 6,
  readOnly: 8,
  io: 10,
  corrupt: 11,
  full: 13,
  cannotOpen: 14,
  notADatabase: 26,
} as const;

type SqliteFault = keyof typeof CODES;

/** The code of the operational fault behind an error of `node:sqlite`; undefined for any other error. */
export function sqliteFault(error: unknown): SqliteFault | undefined {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return undefined;
  const primary = error.errcode & 0xff;
  return (Object.keys(CODES) as SqliteFault[]).find((fault) => CODES[fault] === primary);
}

/** Converts an error to a fault of the catalogue; any other error (a bug) stays as it is. */
export function sqliteError(error: unknown, where: string): unknown {
  const fault = sqliteFault(error);
  if (fault === undefined) return error;
  const because = { cause: error };
  switch (fault) {
    case 'full':
      return new OperationalError(
        'store_full',
        `the disk is full: ${where} cannot grow; free space beside it`,
        because,
      );
    case 'busy':
    case 'locked':
      return new OperationalError('store_unavailable', `${where} is locked by another process`, because);
    case 'io':
      return new OperationalError('store_unavailable', `the disk failed to read or write ${where}`, because);
    case 'readOnly':
      return new OperationalError(
        'store_unavailable',
        `${where} or its folder is read-only: make both writable`,
        because,
      );
    case 'corrupt':
    case 'notADatabase':
      return new OperationalError(
        'store_unavailable',
        `${where} is damaged: restore a copy, or move it away to start with an empty state`,
        because,
      );
    case 'cannotOpen':
      return new OperationalError(
        'store_unavailable',
        `${where}, or its write-ahead log, cannot be opened: check the permissions of its folder`,
        because,
      );
  }
}
