import { expect, test } from '@jest/globals';
import { subjectOf } from '../../test/support/doctor-subject.ts';
import { OperationalError } from '../telemetry/operational-error.ts';
import type { Check } from './check.ts';
import { CannotCheck, ok } from './finding.ts';
import { runChecks } from './run-checks.ts';

const subject = subjectOf({});
const run = (check: Check['run'], limitMs = 10_000) => runChecks([{ name: 'c', run: check }], subject, limitMs);

test('adds the name of the check to its findings', async () => {
  expect(await run(async () => [ok('fine')])).toEqual([{ check: 'c', severity: 'ok', what: 'fine' }]);
});

test('a check that is impossible becomes a finding, and the next check runs', async () => {
  const checks: Check[] = [
    {
      name: 'a',
      async run() {
        throw new CannotCheck('no file', 'give one');
      },
    },
    {
      name: 'b',
      async run() {
        throw new OperationalError('api_unavailable', `away\u001b[2J${'x'.repeat(1_000)}`);
      },
    },
    { name: 'c', run: async () => [ok('fine')] },
  ];
  const found = await runChecks(checks, subject, 10_000);
  expect(found.map(({ check, severity }) => [check, severity])).toEqual([
    ['a', 'unchecked'],
    ['b', 'unchecked'],
    ['c', 'ok'],
  ]);
  expect(found[1]?.what ?? '').toMatch(/^away\\u\{1b\}\[2Jx+…$/);
});

test('a check that does not end is cut off', async () => {
  const [found] = await run(() => new Promise(() => {}), 10);
  expect(found).toMatchObject({ severity: 'unchecked', what: 'not finished in 0.01 s' });
});

test('throws a bug in a check', async () => {
  await expect(
    run(async () => {
      throw new TypeError('bug');
    }),
  ).rejects.toThrow(/bug/);
});
