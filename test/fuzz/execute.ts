import { createRandom } from './random.ts';
import type { FuzzTarget } from './target.ts';

/** Collecting garbage makes anything slow once: an input is slow if it is slow every time. */
const SLOW_ATTEMPTS = 3;

/**
 * One execution of a target, which its seed determines. Time is that of this thread on a processor, so that other work on the machine
 * does not count.
 * @throws what the target throws, and an Error if it is slow.
 */
export function execute(target: FuzzTarget, seed: number): void {
  for (let attempt = 1; ; attempt += 1) {
    const random = createRandom(seed);
    const input = target.generate(random);
    const before = process.threadCpuUsage();
    target.check(input, random);
    const { user, system } = process.threadCpuUsage(before);
    const took = (user + system) / 1_000;
    if (took <= target.timeLimitMs) return;
    if (attempt === SLOW_ATTEMPTS)
      throw new Error(`took ${Math.round(took)} ms of a processor, the limit is ${target.timeLimitMs} ms`);
  }
}

export function inputOf(target: FuzzTarget, seed: number): string {
  return target.generate(createRandom(seed));
}
