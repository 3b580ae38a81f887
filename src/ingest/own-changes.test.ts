import { expect, test } from '@jest/globals';
import { withFaults } from '../../test/support/evaluation.ts';
import { anonymousRequest, NOON } from '../../test/support/events.ts';
import type { AuditEvent } from '../audit/event.ts';
import { HOUR } from '../rules/limits.ts';
import { openSqliteState } from '../state/sqlite/sqlite-state.ts';
import { OperationalError } from '../telemetry/operational-error.ts';
import { createOwnChanges, type OwnChange } from './own-changes.ts';

const username = 'system:serviceaccount:firstseen:firstseen';
const PATCH: OwnChange = { verb: 'patch', name: 'exec-into-pod' };

function changeOf(auditID: string, changes: Partial<AuditEvent> = {}, objectRef: AuditEvent['objectRef'] = {}) {
  return anonymousRequest({
    username,
    id: auditID,
    event: {
      verb: 'patch',
      objectRef: { apiGroup: 'firstseen.dev', resource: 'detectionrules', name: 'exec-into-pod', ...objectRef },
      ...changes,
    },
  });
}

/** Two replicas over one store. */
function replicas(now = () => NOON) {
  const store = openSqliteState({ kind: 'sqlite', path: ':memory:' });
  const make = () => createOwnChanges({ store, username, cluster: 'local', now });
  return [make(), make()] as const;
}

test('every replica recognises an announced change, at each stage and delivery', async () => {
  const [one, two] = replicas();
  const [id = ''] = await one.announce([PATCH]);
  const started = changeOf(id, { stage: 'ResponseStarted' });
  const completed = changeOf(id);
  for (let delivery = 0; delivery < 2; delivery++) {
    expect(await two.ours([started, completed])).toEqual(new Set([started, completed]));
  }
});

test('a change without the announced number, rule or verb is not ours', async () => {
  const [one] = replicas();
  const [id = '', other = ''] = await one.announce([PATCH, { verb: 'delete', name: 'old' }]);
  const events = [
    changeOf('5f0f3b6e-0004-4c1d-9a51-1f6d5f1c0001'),
    changeOf(''),
    changeOf(id.toUpperCase()),
    changeOf(other),
    changeOf(id, { verb: 'delete' }),
    changeOf(id, { verb: 'update' }),
    changeOf(id, { user: { username: 'mallory' } }),
    changeOf(id, {}, { name: 'another' }),
    changeOf(id, {}, { name: `exec-into-pod ${id}` }),
    changeOf(id, {}, { subresource: 'status' }),
    changeOf(id, {}, { resource: 'ruleexceptions' }),
    changeOf(id, {}, { apiGroup: 'example.org' }),
  ];
  expect(await one.ours(events)).toEqual(new Set());
});

test('forgets an announcement after an hour', async () => {
  let now = NOON;
  const [one] = replicas(() => now);
  const [id = ''] = await one.announce([PATCH]);
  now += HOUR;
  await one.announce([PATCH]);
  expect((await one.ours([changeOf(id)])).size).toBe(1);
  now += 1;
  await one.announce([PATCH]);
  expect((await one.ours([changeOf(id)])).size).toBe(0);
});

test('fails without the store, which it asks only about possible changes', async () => {
  let isAway = false;
  const store = withFaults(openSqliteState({ kind: 'sqlite', path: ':memory:' }), () => {
    if (isAway) throw new OperationalError('store_unavailable', 'away');
  });
  const changes = createOwnChanges({ store, username, cluster: 'local', now: () => NOON });
  const [id = ''] = await changes.announce([PATCH]);
  isAway = true;
  await expect(changes.announce([PATCH])).rejects.toThrow(OperationalError);
  await expect(changes.ours([changeOf(id)])).rejects.toThrow(OperationalError);
  expect((await changes.ours([anonymousRequest()])).size).toBe(0);
  expect(await changes.announce([])).toEqual([]);
});
