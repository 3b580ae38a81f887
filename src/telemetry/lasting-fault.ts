import type { Logger } from './logger.ts';

/** A fault that may last: told when it begins and when it is over, counted in between, and not told each time. */
export interface LastingFault {
  /** How often it has failed since it last went well. */
  failures(): number;
  /** It has failed, for the first time or again. */
  failed(error: unknown): void;
  /** It has gone well, for the first time or again. */
  mended(): void;
  /**
   * Does the work and notes how it went. Never rejects, so a bug in the work is told as well, with its stack.
   * @param signal after its abort a failure is none
   * @returns what the work gives, or undefined if it failed
   */
  during<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T | undefined>;
}

/** What is told, in constant words. */
export interface LastingFaultWords {
  readonly begins: string;
  readonly ends: string;
}

/**
 * Follows one fault of work that is done again and again. The first failure is a warning with its error; the first success
 * after it says how many failures there were.
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
