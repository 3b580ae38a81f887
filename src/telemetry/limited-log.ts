import type { LogFields, Logger } from './logger.ts';

/** Logs what may happen a thousand times a second, at a rate that a person can read. */
export interface LimitedLog {
  /** @param kind limited separately within a message; comes from code and configuration, never from a request */
  note(level: 'warn' | 'error', message: string, kind: string, fields: LogFields): void;
}

const INTERVAL_MS = 10_000;

/** Writes one entry in 10 s for each message and kind; `leftOut` counts the entries skipped since. */
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
