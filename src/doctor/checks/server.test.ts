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

/** Findings about an ops server with these metrics, `minutes` after the start of its process. */
async function findings(fill: (metrics: Metrics) => void, minutes = 0, storeOk = true, more = '') {
  const started = Date.now() / 1_000;
  const metrics = createMetrics();
  metrics.buildInfo.set({ version: '0.0.0-test', node: '26' }, 1);
  fill(metrics);
  const logger = createLogger({ level: 'error', format: 'json', stream: new Writable() });
  const expose = async () => {
    const exposed = await metrics.expose();
    // The tests of many files run in this process: it may be old.
    const text = exposed.text.replace(/^process_start_time_seconds .*/m, `process_start_time_seconds ${started}`);
    return { ...exposed, text: text + more };
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

test('a healthy server', async () => {
  const found = await findings(lastBatch);
  expect(found).toHaveLength(3);
  expect(found.filter((line) => !line.startsWith('ok: '))).toEqual([]);
  expect(found[0]).toBe('ok: store: flushed');
  expect(found[2] ?? '').toMatch(/^ok: the API server of local sent its last batch \d+ seconds? ago$/);
});

test('no batch is a warning just after the start, then an error; a timestamp of 0 means never', async () => {
  const never = 'the API server of local has sent no batch since firstseen started .* ago';
  expect((await findings(() => {})).at(-1)).toMatch(new RegExp(`^warning: ${never}`));
  expect((await findings(() => {}, 10)).at(-1)).toMatch(new RegExp(`^error: ${never}`));
  const zero = (metrics: Metrics) => metrics.lastBatchTimestamp.set({ cluster: 'local' }, 0);
  expect((await findings(zero, 10)).at(-1)).toMatch(new RegExp(`^error: ${never}`));
});

test('a last batch of 10 minutes ago is an error', async () => {
  const found = await findings(lastBatch, 10);
  expect(found.at(-1)).toBe('error: the API server of local sent its last batch 10 minutes ago');
});

test('refused requests, quarantined events, failures and undelivered alerts', async () => {
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
    'warning: 1 problems in its rules; those rules do not run',
    'warning: rules failed on 1 events',
    'warning: 2 events could not be read and are in quarantine',
    'warning: 4 updates of the store failed',
    'error: 5 alerts were rejected by a sink for good',
    'error: 6 alerts are not delivered, the oldest for 10 minutes (alert: api_unavailable)',
  ]);
});

test('one of several API servers is silent, and the heartbeat does not come back', async () => {
  const at = (minutesAgo: number) => Date.now() / 1_000 - minutesAgo * 60;
  const more = [
    `firstseen_sender_last_batch_timestamp_seconds{cluster="local",sender="10.0.0.1"} ${at(0)}`,
    `firstseen_sender_last_batch_timestamp_seconds{cluster="local",sender="10.0.0.2"} ${at(30)}`,
    `firstseen_heartbeat_last_seen_timestamp_seconds{cluster="local"} ${at(20)}`,
    '',
  ].join('\n');
  const found = await findings(lastBatch, 0, true, more);
  expect(found.filter((line) => !line.startsWith('ok: '))).toEqual([
    'warning: the API server at 10.0.0.2 sent its last batch 30 minutes ago; others still send',
    'error: the last heartbeat of local came back 20 minutes ago',
  ]);
});
