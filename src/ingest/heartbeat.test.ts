import { expect, test } from '@jest/globals';
import { CLUSTER, evaluation, withFaults } from '../../test/support/evaluation.ts';
import { anonymousRequest, batchOf, NOON } from '../../test/support/events.ts';
import { entriesOf } from '../../test/support/state-access.ts';
import type { AuditEvent, DecodedEvent } from '../audit/event.ts';
import { MINUTE, SECOND } from '../rules/limits.ts';
import { stateKeys } from '../rules/state-keys.ts';
import type { LogFields } from '../telemetry/logger.ts';
import { createMetrics } from '../telemetry/metrics.ts';
import { OperationalError } from '../telemetry/operational-error.ts';
import { createHeartbeat, type HeartbeatDeps } from './heartbeat.ts';

const own = { username: 'system:serviceaccount:firstseen:firstseen' };

/** A heartbeat whose requests are kept, and whose API server answers 403 unless told. */
function beating(changes: Partial<HeartbeatDeps> = {}) {
  const { store } = evaluation([]);
  const metrics = createMetrics();
  const sent: string[] = [];
  const warned: LogFields[] = [];
  let time = NOON;
  const heartbeat = createHeartbeat({
    store,
    async get(path) {
      sent.push(path);
      return 403;
    },
    metrics,
    logger: { info() {}, warn: (_message, fields = {}) => void warned.push(fields) },
    own,
    cluster: CLUSTER,
    now: () => time,
    ...changes,
  });
  return {
    ...heartbeat,
    store,
    sent,
    warned,
    pass(micros: number) {
      time += micros;
    },
    /** The event of the request that was sent last, received two seconds later. */
    event: (event: Partial<AuditEvent> = {}): DecodedEvent =>
      anonymousRequest({
        receivedAt: time + 2 * SECOND,
        username: own.username,
        event: { verb: 'get', requestURI: sent.at(-1) ?? '', ...event },
      }),
    async sample(name: string) {
      const { text } = await metrics.expose();
      return text.split('\n').find((line) => line.startsWith(`firstseen_heartbeat${name}`));
    },
  };
}

test('takes a returned heartbeat out of the batch, and records its time and age', async () => {
  const { beat, take, sent, event, sample } = beating();
  expect(await sample('_last_seen_timestamp_seconds')).toBe(
    `${'firstseen_heartbeat_last_seen_timestamp_seconds'}{cluster="${CLUSTER}"} 0`,
  );
  await beat();
  expect(sent[0] ?? '').toMatch(new RegExp(`^/firstseen-heartbeat/${CLUSTER}\\?nonce=[0-9a-f]{32}$`));
  const other = anonymousRequest();
  const left = await take(CLUSTER, batchOf(other, event()));
  expect(left).toEqual([other]);
  expect((await sample('_last_seen')) ?? '').toMatch(new RegExp(` ${NOON / SECOND + 2}$`));
  expect((await sample('_round_trip')) ?? '').toMatch(/ 2$/);
  expect((await sample(`s_total{cluster="${CLUSTER}",outcome="seen"}`)) ?? '').toMatch(/ 1$/);
});

test('any replica recognises a heartbeat by the number in the store', async () => {
  const leader = beating();
  const other = beating({ store: leader.store });
  await leader.beat();
  expect(await other.take(CLUSTER, [leader.event()])).toEqual([]);
});

test('each heartbeat has its own number, and two can be in flight', async () => {
  const { beat, take, sent, event, pass } = beating();
  await beat();
  const first = event();
  pass(MINUTE);
  await beat();
  expect(sent[0]).not.toBe(sent[1]);
  expect(await take(CLUSTER, batchOf(event(), first))).toEqual([]);
});

test.each<readonly [string, (path: string) => Partial<AuditEvent>]>([
  ['another user', () => ({ user: { username: 'eve' } })],
  ['an impersonation', () => ({ impersonatedUser: { username: 'eve' } })],
  ['another verb', () => ({ verb: 'list' })],
  ['another path', (path) => ({ requestURI: path.replace('/firstseen-heartbeat/', '/api/') })],
  ['a path below', (path) => ({ requestURI: path.replace('?', '/x?') })],
  ['an unknown number', (path) => ({ requestURI: path.replace(/.{32}$/, '0'.repeat(32)) })],
  ['a longer query', (path) => ({ requestURI: `${path}&x=1` })],
  ['no number', (path) => ({ requestURI: path.split('?')[0] ?? '' })],
  ['no URI', () => ({ requestURI: undefined as never })],
])('an event with %s is not a heartbeat', async (_, change) => {
  const { beat, take, sent, event, sample } = beating();
  await beat();
  const lookalike = event(change(sent[0] ?? ''));
  expect(await take(CLUSTER, [lookalike])).toEqual([lookalike]);
  expect((await sample('_last_seen')) ?? '').toMatch(/ 0$/);
});

test('an event of another cluster is not a heartbeat', async () => {
  const { beat, take, event, sample } = beating();
  await beat();
  expect(await take('other', [event()])).toHaveLength(1);
  expect((await sample('_last_seen')) ?? '').toMatch(/ 0$/);
});

test('a heartbeat older than a quarter of an hour does not count and is deleted', async () => {
  const { beat, take, event, pass, store } = beating();
  await beat();
  const early = event();
  const late = { ...early, receivedAt: NOON + 15 * MINUTE + 1 };
  expect(await take(CLUSTER, [late])).toEqual([late]);
  pass(16 * MINUTE);
  await beat();
  expect(await entriesOf(store, CLUSTER, stateKeys.heartbeat)).toHaveLength(1);
});

test.each([401, 429, 503])('the status %i is a failure, because the request may not be audited', async (status) => {
  const { beat, warned, sample } = beating({ get: async () => status });
  await beat();
  expect(String(warned[0]?.error)).toContain(String(status));
  expect((await sample('s_total')) ?? '').toMatch(/outcome="failed"} 1$/);
});

test('no answer is a failure', async () => {
  const away = beating({
    get: () => Promise.reject(new OperationalError('api_unavailable', 'no answer')),
  });
  await away.beat();
  expect(away.warned).toHaveLength(1);
});

test('without the store it sends nothing, and evaluates returned heartbeats like any event', async () => {
  const fault = () => {
    throw new OperationalError('store_unavailable', 'away');
  };
  const { beat, take, sent, event } = beating({ store: withFaults(evaluation([]).store, fault) });
  await beat();
  expect(sent).toEqual([]);
  const waiting = event({ requestURI: `/firstseen-heartbeat/${CLUSTER}?nonce=${'0'.repeat(32)}` });
  expect(await take(CLUSTER, [waiting])).toEqual([waiting]);
});
