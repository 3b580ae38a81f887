/**
 * Feeds hostile input to what takes it.
 *
 *   npm run fuzz                             every target, 10 seconds each
 *   npm run fuzz -- --seconds 60 kql         one target, longer
 *   npm run fuzz -- --seed 7 kql             a run again: an execution's seed is the first seed plus its number
 *
 * Prints the executions and the seeds of each target. On a failure it prints the input, its seed and the error, and exits
 * with 1.
 */
import { parseArgs } from 'node:util';
import { kqlTarget } from './kql.ts';
import { createRandom } from './random.ts';
import type { FuzzTarget } from './target.ts';

const TARGETS: readonly FuzzTarget[] = [kqlTarget];

/** A machine under load makes anything slow once: an input is slow if it is slow every time. */
const SLOW_ATTEMPTS = 3;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { seconds: { type: 'string', default: '10' }, seed: { type: 'string' } },
});
const seconds = Number(values.seconds);
const firstSeed = values.seed === undefined ? Date.now() % 2 ** 31 : Number(values.seed);
const unknown = positionals.find((name) => TARGETS.every((target) => target.name !== name));
if (unknown !== undefined || !(seconds > 0) || !Number.isSafeInteger(firstSeed)) {
  console.error(`usage: npm run fuzz -- [--seconds N] [--seed N] [${TARGETS.map(({ name }) => name).join(' | ')}]…`);
  process.exit(2);
}
for (const target of TARGETS) {
  if (positionals.length === 0 || positionals.includes(target.name)) fuzz(target);
}

function fuzz(target: FuzzTarget): void {
  const end = performance.now() + seconds * 1000;
  let seed = firstSeed;
  for (; performance.now() < end; seed += 1) {
    try {
      execute(target, seed);
    } catch (error) {
      console.error(`${target.name}: failed with seed ${seed} on the input\n${JSON.stringify(inputOf(target, seed))}`);
      console.error(error);
      process.exit(1);
    }
  }
  console.log(`${target.name}: ${seed - firstSeed} executions, seeds ${firstSeed} to ${seed - 1}, no failure`);
}

function execute(target: FuzzTarget, seed: number): void {
  for (let attempt = 1; ; attempt += 1) {
    const random = createRandom(seed);
    const input = target.generate(random);
    const start = performance.now();
    target.check(input, random);
    const took = performance.now() - start;
    if (took <= target.timeLimitMs) return;
    if (attempt === SLOW_ATTEMPTS)
      throw new Error(`took ${Math.round(took)} ms, the limit is ${target.timeLimitMs} ms`);
  }
}

function inputOf(target: FuzzTarget, seed: number): string {
  return target.generate(createRandom(seed));
}
