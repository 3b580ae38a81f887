import { expect, test } from '@jest/globals';
import { CLUSTER, evaluation } from '../../test/support/evaluation.ts';
import { anonymousRequest, NOON } from '../../test/support/events.ts';
import { ruleDocument } from '../../test/support/rules.ts';
import { write } from '../../test/support/state-access.ts';
import { stateKeys } from '../rules/state-keys.ts';
import { readAlerts, recordOf, recordRead } from './records.ts';

test('reads the alerts of a cluster oldest first', async () => {
  const { send, store } = evaluation([ruleDocument()]);
  await send(anonymousRequest({ at: NOON + 1, sourceIPs: ['10.0.0.2'] }));
  await send(
    anonymousRequest({ at: NOON, sourceIPs: ['10.0.0.1'] }),
    anonymousRequest({ at: NOON + 2, sourceIPs: ['10.0.0.2'] }),
  );
  const alerts = await readAlerts(store, CLUSTER);
  expect(
    alerts.map(({ cluster, version, spec, state }) => [cluster, version, spec.actor.sourceIP, state.count]),
  ).toEqual([
    [CLUSTER, 1, '10.0.0.1', 1],
    [CLUSTER, 2, '10.0.0.2', 2],
  ]);
  expect(await readAlerts(store, 'another')).toEqual([]);
});

test('skips alerts without a readable record', async () => {
  const { send, store } = evaluation([ruleDocument()]);
  await send(anonymousRequest());
  const entries = ['gone', 'broken'].map((member) => ({ member, score: NOON - 1 }));
  await write(
    store,
    CLUSTER,
    { kind: 'setScores', key: stateKeys.alerts, mode: 'set', entries },
    { kind: 'setFields', key: stateKeys.alert('broken'), mode: 'set', fields: { spec: '{', state: '{}', ver: '1' } },
  );
  expect(await readAlerts(store, CLUSTER)).toHaveLength(1);
});

test('a record needs all three fields', () => {
  const read = recordRead('a');
  expect(read).toEqual({ kind: 'fields', key: 'alert:a', fields: ['spec', 'state', 'ver'] });
  const of = (...values: readonly (string | undefined)[]) => recordOf('c', 'a', { kind: 'fields', values });
  expect(of('{}', '{}', '3')).toEqual({ id: 'a', cluster: 'c', version: 3, spec: {}, state: {} });
  expect(of(undefined, '{}', '1')).toBeUndefined();
  expect(of('{}', undefined, '1')).toBeUndefined();
  expect(of('{}', '{}', undefined)).toBeUndefined();
  expect(of('{}', '{}', 'x')).toBeUndefined();
  expect(of()).toBeUndefined();
  expect(recordOf('c', 'a', undefined)).toBeUndefined();
  expect(recordOf('c', 'a', { kind: 'size', size: 1 })).toBeUndefined();
});
