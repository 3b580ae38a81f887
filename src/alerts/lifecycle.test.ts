import { expect, test } from '@jest/globals';
import { CLUSTER, evaluation } from '../../test/support/evaluation.ts';
import { anonymousRequest, NOON } from '../../test/support/events.ts';
import { expectPresent } from '../../test/support/expect.ts';
import { compiledRule, ruleDocument } from '../../test/support/rules.ts';
import { entriesOf, fieldsOf } from '../../test/support/state-access.ts';
import type { RuleDocument } from '../rules/document.ts';
import { MINUTE } from '../rules/limits.ts';
import { stateKeys } from '../rules/state-keys.ts';
import { createAlertLifecycle, type LifecycleOptions } from './lifecycle.ts';

const newTerms = ruleDocument({ newTerms: {} });
const nth = (n: number) => anonymousRequest({ at: NOON + n * MINUTE });

/** A store with one alert, and what can be done to it. */
async function withAlert(document: RuleDocument, options: LifecycleOptions = {}) {
  const evaluating = evaluation([document], { sinks: [{ name: 'log', openingsOnly: false, coalesceMs: 0 }] });
  const { send, store, alerts } = evaluating;
  await send(nth(0));
  const [alert] = await alerts();
  expectPresent(alert);
  const lifecycle = createAlertLifecycle(store, ['log'], { now: () => NOON, ...options });
  const live = async () => (await fieldsOf(store, CLUSTER, stateKeys.live, alert.state.suppressionKey))[0];
  const phases = async () => (await alerts()).map(({ state }) => state.phase);
  return { ...evaluating, lifecycle, live, phases, alert, id: alert.id };
}

test('a closed alert leaves live, and the next match opens a new one', async () => {
  const { send, lifecycle, live, phases, id } = await withAlert(ruleDocument());
  expect(await live()).toBe(id);
  await lifecycle.setPhase(CLUSTER, id, 'Closed');
  expect(await live()).toBeUndefined();
  expect(await phases()).toEqual(['Closed']);
  expect(await send(nth(1))).toEqual(['opened']);
  expect(await phases()).toEqual(['Closed', 'Open']);
});

test('closing does not forget terms', async () => {
  const { send, store, lifecycle, id } = await withAlert(newTerms);
  const terms = () => entriesOf(store, CLUSTER, stateKeys.terms(compiledRule(newTerms).rule.memoryKey));
  const before = await terms();
  await lifecycle.setPhase(CLUSTER, id, 'Closed');
  expect(await terms()).toEqual(before);
  expect(before).toHaveLength(1);
  expect(await send(nth(1))).toEqual(['known']);
});

test('a change of phase changes no count or version, and makes no sink due', async () => {
  const { store, lifecycle, alerts, alert, id } = await withAlert(ruleDocument());
  await store.done(CLUSTER, 'log', id, 1, 0);
  await lifecycle.setPhase(CLUSTER, id, 'Acknowledged');
  const [after] = await alerts();
  const review = { changes: [{ phase: 'Acknowledged', seenAt: NOON }], writes: [] };
  expect(after).toEqual({ ...alert, state: { ...alert.state, phase: 'Acknowledged', review } });
  expect(await entriesOf(store, CLUSTER, stateKeys.due('log'))).toEqual([]);
});

test('the author of a change of phase is a new version for the sinks that show it', async () => {
  const { store, lifecycle, alerts, id } = await withAlert(ruleDocument(), { reviewers: ['log'] });
  const due = async () => (await entriesOf(store, CLUSTER, stateKeys.due('log'))).map(({ member }) => member);
  const version = async () => (await alerts())[0]?.version;
  await store.done(CLUSTER, 'log', id, 1, 0);
  await lifecycle.noteWrite(CLUSTER, id, { at: NOON, user: 'alice', phase: 'Closed' });
  expect(await due()).toEqual([]);
  expect(await version()).toBe(1); // nothing to show of a phase that was not seen
  await lifecycle.setPhase(CLUSTER, id, 'Closed');
  expect(await due()).toEqual([id]);
  expect(await version()).toBe(2);
  expect((await alerts())[0]?.state.review?.changes[0]?.by).toEqual(['alice']);
  await lifecycle.noteWrite(CLUSTER, id, { at: NOON + 1, user: 'bob', phase: 'Closed' });
  expect(await version()).toBe(2); // it says what it said before
  await lifecycle.noteWrite(CLUSTER, 'no-such-alert', { at: NOON, user: 'alice' });
});

test('continue-window: repeats count on the closed alert until its window ends, then a new alert opens', async () => {
  const { send, lifecycle, live, alerts, phases, id } = await withAlert(ruleDocument(), { onClose: 'continue-window' });
  await lifecycle.setPhase(CLUSTER, id, 'Closed');
  expect(await live()).toBe(id);
  expect(await send(nth(1))).toEqual(['attached']);
  expect((await alerts())[0]?.state.count).toBe(2);
  expect(await phases()).toEqual(['Closed']);
  expect(await send(nth(61))).toEqual(['opened']);
  expect(await phases()).toEqual(['Closed', 'Open']);
});

test('a reopened alert takes repeats again', async () => {
  const { send, lifecycle, live, alerts, id } = await withAlert(ruleDocument());
  await lifecycle.setPhase(CLUSTER, id, 'Closed');
  await lifecycle.setPhase(CLUSTER, id, 'Open');
  expect(await live()).toBe(id);
  expect(await send(nth(1))).toEqual(['attached']);
  expect((await alerts())[0]?.state.count).toBe(2);
});

test('a reopened alert does not replace a newer one, and closing it does not end that one', async () => {
  const { send, lifecycle, live, alerts, id } = await withAlert(ruleDocument());
  await lifecycle.setPhase(CLUSTER, id, 'Closed');
  await send(nth(1));
  const newer = (await alerts()).find((one) => one.id !== id)?.id;
  await lifecycle.setPhase(CLUSTER, id, 'Open');
  expect(await live()).toBe(newer);
  await lifecycle.setPhase(CLUSTER, id, 'Closed');
  expect(await live()).toBe(newer);
  await lifecycle.end(CLUSTER, id);
  expect(await live()).toBe(newer);
  expect(await send(nth(2))).toEqual(['attached']);
});

test('an unchanged phase or a missing alert needs no write', async () => {
  const { lifecycle, live, alerts, alert, id } = await withAlert(ruleDocument());
  await lifecycle.setPhase(CLUSTER, id, 'Open');
  await lifecycle.setPhase(CLUSTER, 'no-such-alert', 'Closed');
  await lifecycle.setPhase('another', id, 'Closed');
  await lifecycle.end(CLUSTER, 'no-such-alert');
  expect(await alerts()).toEqual([alert]);
  expect(await live()).toEqual(id);
});

test('an ended alert is deleted with its dead letters; only another request opens a new one', async () => {
  const { send, store, lifecycle, live, alerts, id } = await withAlert(ruleDocument());
  await store.bury(CLUSTER, 'log', id, 'refused');
  await lifecycle.end(CLUSTER, id);
  expect(await alerts()).toEqual([]);
  expect(await live()).toBeUndefined();
  expect(await entriesOf(store, CLUSTER, stateKeys.alerts)).toEqual([]);
  expect(await fieldsOf(store, CLUSTER, stateKeys.alert(id), 'spec', 'state', 'ver')).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
  expect(await fieldsOf(store, CLUSTER, stateKeys.dead('log'), id)).toEqual([undefined]);
  expect(await send(nth(0))).toEqual(['duplicate']);
  expect(await alerts()).toEqual([]);
  expect(await send(nth(1))).toEqual(['opened']);
});

test('the term of an ended alert stays known', async () => {
  const { send, lifecycle, alerts, id } = await withAlert(newTerms);
  await lifecycle.end(CLUSTER, id);
  expect(await send(nth(1))).toEqual(['known']);
  expect(await alerts()).toEqual([]);
});

test('a copy that is another is delivered again as a new version, and one that shows the alert is left alone', async () => {
  const { store, lifecycle, alerts, id } = await withAlert(ruleDocument());
  const due = async () => (await entriesOf(store, CLUSTER, stateKeys.due('log'))).map(({ member }) => member);
  const version = async () => (await alerts())[0]?.version;
  await store.done(CLUSTER, 'log', id, 1, 0);
  await lifecycle.restore(CLUSTER, id, 'log', ({ count }) => count === 1);
  expect([await version(), await due()]).toEqual([1, []]);
  await lifecycle.restore(CLUSTER, id, 'log', () => false);
  expect([await version(), await due()]).toEqual([2, [id]]);
  // What was under way meanwhile may have been overwritten.
  await store.done(CLUSTER, 'log', id, 1, 0);
  expect(await due()).toEqual([id]);
});

test('a copy of an alert that retention has dropped, or that there is not, is not restored', async () => {
  const { store, lifecycle, alerts, id } = await withAlert(ruleDocument());
  await store.done(CLUSTER, 'log', id, 1, 0);
  await lifecycle.restore(CLUSTER, 'no-such-alert', 'log', () => false);
  await lifecycle.remove(CLUSTER, id, []);
  await lifecycle.restore(CLUSTER, id, 'log', () => false);
  expect((await alerts())[0]?.version).toBe(2);
  expect(await entriesOf(store, CLUSTER, stateKeys.due('log'))).toEqual([]);
});
