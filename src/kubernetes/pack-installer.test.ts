/** Faults that a real API server does not make when it is asked to; all else is tried on one. */

import { setImmediate as turn } from 'node:timers/promises';
import { expect, jest, test } from '@jest/globals';
import { fail } from '../../test/support/fail.ts';
import { onTestEnd } from '../../test/support/on-test-end.ts';
import { ruleDocument } from '../../test/support/rules.ts';
import type { RuleResource } from '../ruleset/rule-resource.ts';
import { OperationalError } from '../telemetry/operational-error.ts';
import type { ApiAnswer, ApiCall } from './client.ts';
import { createPackInstaller } from './pack-installer.ts';

/** Installs a pack of one rule into a cluster that holds nothing, turn by turn. */
function installer(answer: (call: ApiCall) => ApiAnswer) {
  jest.useFakeTimers({ doNotFake: ['setImmediate'] });
  onTestEnd(() => jest.useRealTimers());
  const calls: string[] = [];
  const log: string[] = [];
  const announced: string[] = [];
  const resources: readonly RuleResource[] = [];
  const note = (message: string) => void log.push(message);
  const job = createPackInstaller(
    {
      client: {
        async call(call) {
          calls.push(`${call.method} ${call.auditID}`);
          return answer(call);
        },
      },
      resources: () => resources,
      async announce(changes) {
        announced.push(...changes.map(({ verb, name }) => `${verb} ${name}`));
        return changes.map((_change, index) => `id-${announced.length}-${index}`);
      },
      logger: { info: note, warn: note } as never,
    },
    { rules: [ruleDocument({ name: 'a' })], isWhole: true },
  );
  onTestEnd(() => job.stop());
  return {
    calls,
    log,
    announced,
    start: () => job.start(),
    async nextTurn() {
      await turn();
      jest.advanceTimersByTime(10_000);
      await turn();
    },
  };
}

const APPLIED: ApiAnswer = { kind: 'ok', body: { metadata: { name: 'a', uid: 'u', generation: 1 } } };

test('a conflict is no fault: it retries with a new Audit-ID', async () => {
  const answers: ApiAnswer[] = [{ kind: 'refused', reason: 'Conflict', message: 'changed' }, APPLIED];
  const { calls, announced, log, start, nextTurn } = installer(() => answers.shift() ?? fail('asked again'));
  start();
  await nextTurn();
  await nextTurn();
  expect(calls).toEqual(['PATCH id-1-0', 'PATCH id-2-0']);
  expect(announced).toEqual(['patch a', 'patch a']);
  expect(log).toEqual(['pack rules applied']);
});

test('logs an unavailable API server once, and its recovery', async () => {
  let isAway = true;
  const { calls, log, start, nextTurn } = installer(() => {
    if (isAway) throw new OperationalError('api_unavailable', 'away');
    return APPLIED;
  });
  start();
  await nextTurn();
  await nextTurn();
  isAway = false;
  await nextTurn();
  await nextTurn();
  expect(calls).toHaveLength(4);
  expect(log).toEqual(['installing the rule pack is failing', 'pack rules applied', 'rule pack is installed']);
});

test('logs a rejected rule once, and retries only after it changes', async () => {
  const { calls, log, start, nextTurn } = installer(() => ({ kind: 'refused', reason: 'Invalid', message: 'no' }));
  start();
  await nextTurn();
  await nextTurn();
  expect(calls).toHaveLength(1);
  expect(log.join()).toMatch(/^pack rule not applied: it conflicts with fields that others have set/);
});
