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
import { execute, inputOf } from './execute.ts';
import type { FuzzTarget } from './target.ts';
import { TARGETS } from './targets.ts';

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
