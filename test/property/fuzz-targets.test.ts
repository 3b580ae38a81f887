/** Every fuzz target on a number of hostile inputs; `npm run fuzz` looks for others. */
import { test } from '@jest/globals';
import { execute, inputOf } from '../fuzz/execute.ts';
import { TARGETS } from '../fuzz/targets.ts';
import { SEED } from '../support/seed.ts';

const EXECUTIONS = 500;

test.each(TARGETS)(`$name takes ${EXECUTIONS} hostile inputs`, (target) => {
  for (let seed = SEED; seed < SEED + EXECUTIONS; seed += 1) {
    try {
      execute(target, seed);
    } catch (cause) {
      throw new Error(`seed ${seed}, input ${JSON.stringify(inputOf(target, seed))}`, { cause });
    }
  }
});
