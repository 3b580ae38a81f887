import { Writable } from 'node:stream';
import { expect, test } from '@jest/globals';
import { subjectOf } from '../../../test/support/doctor-subject.ts';
import { onTestEnd } from '../../../test/support/on-test-end.ts';
import { configSchema } from '../../config/schema.ts';
import { createOpsServer } from '../../http/ops.ts';
import { opsOptionsSchema } from '../../http/options.ts';
import { createLogger } from '../../telemetry/logger.ts';
import { createMetrics, type Metrics } from '../../telemetry/metrics.ts';
import { serverCheck } from './server.ts';

const MINUTE_MS = 60_000;
const config = configSchema.parse({});

/** What doctor says of an ops server with these metrics, so many minutes after the start of this process. */
async function findings(fill: (metrics: Metrics) => void, minutes = 0, storeOk = true, more = '') {
  const metrics = createMetrics();
  metrics.buildInfo.set({ version: '0.0.0-test', node: '26' }, 1);
  fill(metrics);
  const logger = createLogger({ level: 'error', format: 'json', stream: new Writable() });
  const expose = async () => {
    const exposed = await metrics.expose();
    return { ...exposed, text: exposed.text + more };
  };
  const readiness = () => [
    { name: 'receiver', ok: true, required: true, detail: '' },
    { name: 'store', ok: storeOk, required: false, detail: storeOk ? 'flushed' : 'Redis is away' },
  ];
  const ops = createOpsServer(
    { metrics: { expose }, readiness, quarantine: () => [], logger },
    opsOptionsSchema.parse({ listen: '127.0.0.1:0' }),
  );
  const { port } = await ops.start();
  onTestEnd(() => ops.stop(0));
  const subject = subjectOf({
    configuration: { kind: 'ok', config, from: 'test' },
    ops: `http://127.0.0.1:${port}`,
    now: () => Date.now() + minutes * MINUTE_MS,
  });
  return (await serverCheck.run(subject)).map(({ severity, what }) => `${severity}: ${what}`);
}

const lastBatch = (metrics: Metrics) => metrics.lastBatchTimestamp.set({ cluster: 'local' }, Date.now() / 1_000);

test('a server that is well', async () => {
  const found = await findings(lastBatch);
  expect(found).toHaveLength(3);
  expect(found.filter((line) => !line.startsWith('ok: '))).toEqual([]);
  expect(found[0]).toBe('ok: store: flushed');
  expect(found[2] ?? '').toMatch(/^ok: the API server of local sent its last batch \d+ seconds? ago$/);
});

test('no batch: at first it may come yet, then it is an error; 0 is never, and not 1970', async () => {
  const never = /^(\w+): the API server of local has sent no batch in the .* that this firstseen runs/;
  expect(never.exec((await findings(() => {})).at(-1) ?? '')?.[1]).toBe('warning');
  expect(never.exec((await findings(() => {}, 10)).at(-1) ?? '')?.[1]).toBe('error');
  const zero = (metrics: Metrics) => metrics.lastBatchTimestamp.set({ cluster: 'local' }, 0);
  expect(never.exec((await findings(zero, 10)).at(-1) ?? '')?.[1]).toBe('error');
});

test('a batch that is long ago', async () => {
  const found = await findings(lastBatch, 10);
  expect(found.at(-1)).toBe('error: the API server of local sent its last batch 10 minutes ago');
});

test('what was refused, set aside, given up or is owed', async () => {
  const found = await findings(
    (metrics) => {
      lastBatch(metrics);
      metrics.requestsRefused.inc({ reason: 'unauthenticated' }, 3);
      metrics.quarantined.inc({ cluster: 'local', reason: 'shape' }, 2);
      metrics.ruleErrors.inc({ rule: 'r' });
      metrics.rules.set({ state: 'broken' }, 1);
      metrics.storeErrors.inc({ code: 'store_full' }, 4);
      metrics.dead.set({ cluster: 'local', sink: 'alert' }, 5);
      metrics.due.set({ cluster: 'local', sink: 'alert' }, 6);
      metrics.dueOldestSeconds.set({ cluster: 'local', sink: 'alert' }, 600);
      metrics.deliveryFailures.inc({ sink: 'alert', code: 'api_unavailable' });
    },
    0,
    false,
  );
  expect(found.filter((line) => !line.startsWith('ok: '))).toEqual([
    'error: not ready: store: Redis is away',
    'warning: 3 requests were refused: unauthenticated',
    'warning: 1 problems in its rules: those rules do not run',
    'warning: rules failed on 1 events',
    'warning: 2 events could not be read and were set aside',
    'warning: the store did not take 4 updates',
    'error: 5 alerts were refused by a sink for good',
    'error: 6 alerts are not delivered, the oldest for 10 minutes (alert: api_unavailable)',
  ]);
});

test('one silent API server of several, and a heartbeat that does not come back', async () => {
  const at = (minutesAgo: number) => Date.now() / 1_000 - minutesAgo * 60;
  const more = [
    `firstseen_sender_last_batch_timestamp_seconds{cluster="local",sender="10.0.0.1"} ${at(0)}`,
    `firstseen_sender_last_batch_timestamp_seconds{cluster="local",sender="10.0.0.2"} ${at(30)}`,
    `firstseen_heartbeat_last_seen_timestamp_seconds{cluster="local"} ${at(20)}`,
    '',
  ].join('\n');
  const found = await findings(lastBatch, 0, true, more);
  expect(found.filter((line) => !line.startsWith('ok: '))).toEqual([
    'warning: the API server at 10.0.0.2 sent its last batch 30 minutes ago, and others still send',
    'error: the last heartbeat of local came back 20 minutes ago',
  ]);
});
