import { setTimeout as sleep } from 'node:timers/promises';
import { inspect } from 'node:util';

export interface WaitOptions {
  /** What is waited for, in words that complete "waited for …". */
  readonly what: string;
  /** Milliseconds until it gives up; a minute unless told, because all suites run at once on few cores. */
  readonly timeoutMs?: number;
  /** Milliseconds between two probes; 50 unless told. */
  readonly intervalMs?: number;
}

/** What a probe may answer to say "not yet". */
type NotYet = undefined | null | false;

/**
 * Polls until `probe` gives a value: anything but undefined, null and false. A probe that throws has not given one yet.
 *
 * @throws Error that says what was waited for, how long, and the probe's last answer (or its last error, as `cause`).
 */
export async function waitFor<T>(
  probe: () => T | Promise<T>,
  { what, timeoutMs = 60_000, intervalMs = 50 }: WaitOptions,
): Promise<Exclude<T, NotYet>> {
  const deadline = performance.now() + timeoutMs;
  let lastAnswer: string;
  let cause: unknown;
  do {
    try {
      const answer = await probe();
      if (isValue(answer)) return answer;
      lastAnswer = inspect(answer);
      cause = undefined;
    } catch (error) {
      lastAnswer = error instanceof Error ? error.message : inspect(error);
      cause = error;
    }
    await sleep(intervalMs);
  } while (performance.now() < deadline);
  throw new Error(`waited ${timeoutMs} ms for ${what}; the last answer was: ${lastAnswer}`, { cause });
}

function isValue<T>(answer: T): answer is Exclude<T, NotYet> {
  return answer !== undefined && answer !== null && answer !== false;
}
