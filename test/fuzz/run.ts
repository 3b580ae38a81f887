/**
 * Searches for cases that break a promise: every property and every fuzz target, from new seeds, round by round.
 *
 *   npm run fuzz                                 all of them, for 10 minutes
 *   npm run fuzz -- --seconds 60 test/property/esql.test.ts
 *   npm run fuzz -- --seconds 60 --test kql      tests with kql in their name
 *   npm run fuzz -- --seed 7                     one round again
 *
 * A failure ends the search with exit code 1. It shows the seed of the round and the shrunk case: keep the case as a test.
 */
import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { seconds: { type: 'string', default: '600' }, seed: { type: 'string' }, test: { type: 'string' } },
});
const seconds = Number(values.seconds);
const firstSeed = Number(values.seed ?? Date.now() % 2 ** 31);
if (!(seconds > 0) || !Number.isSafeInteger(firstSeed)) {
  console.error('usage: npm run fuzz -- [--seconds N] [--seed N] [--test NAME] [FILE]…');
  process.exit(2);
}

const jest = ['--experimental-vm-modules', 'node_modules/jest/bin/jest.js', '--config', 'test/jest/config.ts'];
const which = [
  '--selectProjects',
  'property',
  ...(values.test === undefined ? [] : ['-t', values.test]),
  ...positionals,
];

/** Runs everything once from a seed, and ends the search if something fails. */
function round(seed: number): void {
  const env = { ...process.env, FIRSTSEEN_TEST_SEED: String(seed) };
  const { status, stdout, stderr } = spawnSync(process.execPath, [...jest, ...which], { env, encoding: 'utf8' });
  const sum = stdout.trimEnd().split('\n').at(-1) ?? '';
  console.log(`seed ${seed}: ${sum}`);
  if (status === 0) return;
  console.error(`${stderr}\nfailed; the same again: npm run fuzz -- --seed ${seed} ${process.argv.slice(2).join(' ')}`);
  process.exit(1);
}

const end = performance.now() + seconds * 1_000;
let seed = firstSeed;
do round(seed++);
while (values.seed === undefined && performance.now() < end);
