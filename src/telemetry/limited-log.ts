import type { LogFields, Logger } from './logger.ts';

/** Writes what may come a thousand times a second, and no more of it than a person can read. */
export interface LimitedLog {
  /** @param kind what counts as the same, beside the message; from code and configuration, never from a request */
  note(level: 'warn' | 'error', message: string, kind: string, fields: LogFields): void;
}

const INTERVAL_MS = 10_000;

/** Of each message and kind one in 10 s, with the number of those that were left out since (`leftOut`). */
export function createLimitedLog(
  logger: Pick<Logger, 'warn' | 'error'>,
  now: () => number = () => performance.now(),
): LimitedLog {
  const logged = new Map<string, { readonly at: number; leftOut: number }>();
  return {
    note(level, message, kind, fields) {
      const key = `${message}/${kind}`;
      const last = logged.get(key);
      if (last !== undefined && now() - last.at < INTERVAL_MS) {
        last.leftOut++;
        return;
      }
      logged.set(key, { at: now(), leftOut: 0 });
      logger[level](message, { ...fields, leftOut: last?.leftOut ?? 0 });
    },
  };
}
