import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CLUSTER, evaluation } from '../../test/support/evaluation.ts';
import { anonymousRequest, NOON } from '../../test/support/events.ts';
import { ruleDocument } from '../../test/support/rules.ts';
import { write } from '../../test/support/state-access.ts';
import { stateKeys } from '../rules/state-keys.ts';
import { readAlerts, recordOf, recordRead } from './records.ts';

test('the alerts of a cluster are read oldest first, each as it is', async () => {
  const { send, store } = evaluation([ruleDocument()]);
  await send(anonymousRequest({ at: NOON + 1, sourceIPs: ['10.0.0.2'] }));
  await send(
    anonymousRequest({ at: NOON, sourceIPs: ['10.0.0.1'] }),
    anonymousRequest({ at: NOON + 2, sourceIPs: ['10.0.0.2'] }),
  );
  const alerts = await readAlerts(store, CLUSTER);
  assert.deepEqual(
    alerts.map(({ cluster, version, spec, state }) => [cluster, version, spec.actor.sourceIP, state.count]),
    [
      [CLUSTER, 1, '10.0.0.1', 1],
      [CLUSTER, 2, '10.0.0.2', 2],
    ],
  );
  assert.deepEqual(await readAlerts(store, 'another'), []);
});

test('an alert without a record, or with one that cannot be read, is left out, and hides no other', async () => {
  const { send, store } = evaluation([ruleDocument()]);
  await send(anonymousRequest());
  const entries = ['gone', 'broken'].map((member) => ({ member, score: NOON - 1 }));
  await write(
    store,
    CLUSTER,
    { kind: 'setScores', key: stateKeys.alerts, mode: 'set', entries },
    { kind: 'setFields', key: stateKeys.alert('broken'), mode: 'set', fields: { spec: '{', state: '{}', ver: '1' } },
  );
  assert.equal((await readAlerts(store, CLUSTER)).length, 1);
});

test('a record is read by its three fields, and is none if one is missing', () => {
  const read = recordRead('a');
  assert.deepEqual(read, { kind: 'fields', key: 'alert:a', fields: ['spec', 'state', 'ver'] });
  const of = (...values: readonly (string | undefined)[]) => recordOf('c', 'a', { kind: 'fields', values });
  assert.deepEqual(of('{}', '{}', '3'), { id: 'a', cluster: 'c', version: 3, spec: {}, state: {} });
  for (const values of [
    [undefined, '{}', '1'],
    ['{}', undefined, '1'],
    ['{}', '{}', undefined],
    ['{}', '{}', 'x'],
    [],
  ]) {
    assert.equal(of(...values), undefined);
  }
  assert.equal(recordOf('c', 'a', undefined), undefined);
  assert.equal(recordOf('c', 'a', { kind: 'size', size: 1 }), undefined);
});
