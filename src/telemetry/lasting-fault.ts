import type { Logger } from './logger.ts';

/**
 * Logs a fault that may last when it begins and when it ends, and counts failures in between instead of logging each.
 */
export interface LastingFault {
  /** Failures since the last success. */
  failures(): number;
  /** Notes a failure, the first or a repeat. */
  failed(error: unknown): void;
  /** Notes a success, the first or a repeat. */
  mended(): void;
  /**
   * Does the work and notes its outcome. Never rejects: a bug in the work is logged as well, with its stack.
   * @param signal failures after its abort do not count
   * @returns the result of the work, or undefined if it failed
   */
  during<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T | undefined>;
}

/** The two log messages, as constants. */
export interface LastingFaultWords {
  readonly begins: string;
  readonly ends: string;
}

/**
 * Follows one fault of periodic work. The first failure is a warning with its error; the next success logs the number
 * of failures.
 * @param about fields of both entries, such as the cluster
 */
export function createLastingFault(
  logger: Pick<Logger, 'info' | 'warn'>,
  { begins, ends }: LastingFaultWords,
  about: Readonly<Record<string, string>> = {},
): LastingFault {
  let failures = 0;

  function failed(error: unknown): void {
    failures += 1;
    if (failures === 1) logger.warn(begins, { ...about, error });
  }

  function mended(): void {
    if (failures > 0) logger.info(ends, { ...about, failures });
    failures = 0;
  }

  return {
    failures: () => failures,
    failed,
    mended,
    async during(work, signal) {
      try {
        const result = await work();
        mended();
        return result;
      } catch (error) {
        if (signal?.aborted !== true) failed(error);
        return undefined;
      }
    },
  };
}
