/** A short run of every fuzz target, always the same one; `npm run fuzz` runs them for as long as you like. */
import { test } from 'node:test';
import { execute, inputOf } from '../fuzz/execute.ts';
import { TARGETS } from '../fuzz/targets.ts';

const EXECUTIONS = 500;

for (const target of TARGETS) {
  test(`${target.name} takes ${EXECUTIONS} hostile inputs`, () => {
    for (let seed = 1; seed <= EXECUTIONS; seed += 1) {
      try {
        execute(target, seed);
      } catch (cause) {
        throw new Error(`seed ${seed}, input ${JSON.stringify(inputOf(target, seed))}`, { cause });
      }
    }
  });
}
