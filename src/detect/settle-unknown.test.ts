/** An error that can follow a stored write: its event alerts as if the write was made, and makes nothing known. */

import { expect, test } from '@jest/globals';
import { CLUSTER, evaluation } from '../../test/support/evaluation.ts';
import { anonymousRequest, NOON, type RequestChanges } from '../../test/support/events.ts';
import { compiledRule, ruleDocument } from '../../test/support/rules.ts';
import { entriesOf, hashOf } from '../../test/support/state-access.ts';
import { createAlertLifecycle } from '../alerts/lifecycle.ts';
import { DAY, HOUR, MINUTE } from '../rules/limits.ts';
import { stateKeys } from '../rules/state-keys.ts';

const WEEK = 7 * DAY;
const query = 'event.action: create';
const newTerms = ruleDocument({ query, newTerms: {} });

const write = (at: number, code: number, changes: RequestChanges = {}) =>
  anonymousRequest({ at, ...changes, event: { verb: 'create', responseStatus: { code } } });
const made = (at: number) => write(at, 201);
const unknown = (at: number) => write(at, 504);

async function memoryOf(at: ReturnType<typeof evaluation>, document = newTerms) {
  const { memoryKey } = compiledRule(document).rule;
  const terms = await entriesOf(at.store, CLUSTER, stateKeys.terms(memoryKey));
  return {
    terms: terms.map(({ score }) => score),
    silent: (await hashOf(at.store, CLUSTER, stateKeys.silent(memoryKey))).size,
  };
}

test('a new term alerts and is not learned: the next sighting joins the alert, or opens one where that is closed', async () => {
  const at = evaluation([newTerms]);
  expect(await at.send(unknown(NOON), unknown(NOON + 1))).toEqual(['opened', 'attached']);
  expect((await memoryOf(at)).terms).toEqual([]);
  const [alert] = await at.alerts();
  await createAlertLifecycle(at.store, []).setPhase(CLUSTER, alert?.id ?? '', 'Closed');
  expect(await at.send(unknown(NOON + 2))).toEqual(['opened']);
  expect(await at.send(made(NOON + 3))).toEqual(['attached']);
  expect((await memoryOf(at)).terms).toEqual([NOON + 3]);
});

test('a known term stays known, and no longer than without it', async () => {
  const at = evaluation([newTerms]);
  expect(await at.send(made(NOON))).toEqual(['opened']);
  expect(await at.send(unknown(NOON + WEEK))).toEqual(['known']);
  expect((await memoryOf(at)).terms).toEqual([NOON]);
  expect(await at.send(made(NOON + WEEK + 1))).toEqual(['opened']);
});

test('one that was known does not join, when it comes again, the alert that was opened since', async () => {
  const at = evaluation([newTerms]);
  const late = unknown(NOON + WEEK);
  await at.send(made(NOON));
  expect(await at.send(late, made(NOON + WEEK + 1))).toEqual(['known', 'opened']);
  expect(await at.send(late)).toEqual(['duplicate']);
});

test('it alerts in the learning time as well, where it would be neither known nor told of', async () => {
  const document = ruleDocument({ query, newTerms: { learningMicros: DAY } });
  const at = evaluation([document]);
  expect(await at.send(unknown(NOON))).toEqual(['opened']);
  const other = { userAgent: 'other' };
  expect(await at.send(write(NOON + MINUTE, 201, other), write(NOON + HOUR, 504, other))).toEqual([
    'learning',
    'known',
  ]);
  expect(await memoryOf(at, document)).toEqual({ terms: [NOON + MINUTE], silent: 1 });
});

test('an alert about a term that was learned in silence, and has aged, leaves that on the list', async () => {
  const document = ruleDocument({ query, newTerms: { learningMicros: DAY } });
  const at = evaluation([document]);
  expect(await at.send(made(NOON))).toEqual(['learning']);
  expect(await at.send(unknown(NOON + WEEK + 1))).toEqual(['opened']);
  expect((await memoryOf(at, document)).silent).toBe(1);
});

test('it counts for a threshold as an event that happened', async () => {
  const threshold = { fields: ['user.name'], value: 2, cardinality: [], windowMicros: HOUR };
  const { send, alerts } = evaluation([ruleDocument({ type: 'threshold', query, threshold })]);
  expect(await send(made(NOON), unknown(NOON + 1))).toEqual(['held', 'opened']);
  expect((await alerts())[0]?.spec.reason).toContain('(error 504, may have been carried out)');
});
