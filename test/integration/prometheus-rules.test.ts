import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from '@jest/globals';
import { stringify } from 'yaml';
import { ALERT_GROUPS } from '../../deploy/monitoring/alerts.ts';
import { ROWS } from '../../deploy/monitoring/dashboard-rows.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import { runProcess } from '../support/child-process.ts';
import { createTemporaryFolder } from '../support/temporary-folder.ts';
import { ensureTool } from '../support/tools.ts';

const RULES = 'deploy/prometheus-rules.yaml';
const folder = createTemporaryFolder('promtool');

/** Two hours of samples, one a minute. Time begins at 0, so what is seen just now grows by 60. */
const MINUTES = 120;
const steady = (value: number) => `${value}x${MINUTES}`;
const growing = (by: number) => `0+${by}x${MINUTES}`;
const NOW = growing(60);
const NEVER = steady(0);
/** At 0 for an hour and a half, then up by one a minute. */
const LATELY = `0x90 1+1x${MINUTES - 90}`;
const DAY = 86_400;
const target = 'job="firstseen",instance="a"';

/** What a firstseen exposes that is well. */
const HEALTHY: Readonly<Record<string, string>> = {
  [`up{${target}}`]: steady(1),
  [`firstseen_build_info{version="1",${target}}`]: steady(1),
  [`process_start_time_seconds{${target}}`]: steady(0),
  [`nodejs_eventloop_lag_p99_seconds{${target}}`]: steady(0.01),
  'firstseen_last_batch_timestamp_seconds{cluster="local",instance="a"}': NOW,
  'firstseen_last_batch_timestamp_seconds{cluster="local",instance="b"}': NEVER,
  'firstseen_sender_last_batch_timestamp_seconds{cluster="local",sender="10.0.0.1"}': NOW,
  'firstseen_sender_last_batch_timestamp_seconds{cluster="local",sender="10.0.0.2"}': NOW,
  'firstseen_heartbeat_last_seen_timestamp_seconds{cluster="local",instance="a"}': NOW,
  'firstseen_heartbeat_last_seen_timestamp_seconds{cluster="local",instance="b"}': NEVER,
  'firstseen_requests_refused_total{reason="unauthenticated"}': NEVER,
  'firstseen_requests_refused_total{reason="too_large"}': NEVER,
  'firstseen_requests_refused_total{reason="not_found"}': growing(1),
  'firstseen_batches_total{cluster="local",code="200"}': growing(60),
  'firstseen_batches_total{cluster="local",code="400"}': NEVER,
  ...answeredWithin(0.01),
  'firstseen_events_total{cluster="local",outcome="evaluated"}': growing(6_000),
  'firstseen_late_events_total{cluster="local"}': growing(6),
  'firstseen_skewed_events_total{cluster="local"}': NEVER,
  'firstseen_truncated_events_total{cluster="local"}': NEVER,
  'firstseen_quarantined_total{cluster="local",reason="malformed"}': NEVER,
  'firstseen_rules{state="ready"}': steady(4),
  'firstseen_rules{state="broken"}': NEVER,
  'firstseen_rule_errors_total{rule="r"}': NEVER,
  'firstseen_decisions_total{cluster="local",rule="r",outcome="opened"}': growing(1),
  'firstseen_decisions_total{cluster="local",rule="r",outcome="overflow"}': NEVER,
  'firstseen_terms_held{cluster="local",rule="r"}': growing(10),
  'firstseen_store_up{instance="a"}': steady(1),
  'firstseen_lease_held{instance="a"}': steady(1),
  'firstseen_lease_held{instance="b"}': NEVER,
  'firstseen_store_errors_total{code="store_unavailable"}': NEVER,
  'firstseen_due_oldest_seconds{cluster="local",sink="alert"}': steady(2),
  'firstseen_dead{cluster="local",sink="alert"}': NEVER,
  'firstseen_certificate_expiry_timestamp_seconds{name="server"}': steady(15 * DAY),
  'firstseen_certificate_expiry_timestamp_seconds{name="client_ca"}': steady(1_000 * DAY),
  'firstseen_sender_certificate_expiry_timestamp_seconds{cluster="local",sender="10.0.0.1"}': steady(15 * DAY),
};

function answeredWithin(seconds: number): Readonly<Record<string, string>> {
  const buckets = [0.01, 10, 20, 30].map((le) => [String(le), le >= seconds] as const);
  return Object.fromEntries(
    [...buckets, ['+Inf', true] as const].map(([le, holds]) => [
      `firstseen_ack_seconds_bucket{cluster="local",le="${le}"}`,
      holds ? growing(60) : NEVER,
    ]),
  );
}

/** What differs from a healthy one, and all that fires two hours later. Undefined takes a series away. */
interface Scenario {
  readonly changes: Readonly<Record<string, string | undefined>>;
  readonly firing: readonly string[];
}

const scenarios: Readonly<Record<string, Scenario>> = {
  'all is well': { changes: {}, firing: [] },
  'nothing is scraped': {
    changes: Object.fromEntries(Object.keys(HEALTHY).map((series) => [series, undefined])),
    firing: ['FirstseenAbsent'],
  },
  'a replica is gone': { changes: { [`up{${target}}`]: NEVER }, firing: ['FirstseenReplicaDown'] },
  'it restarts again and again': {
    changes: { [`process_start_time_seconds{${target}}`]: growing(10) },
    firing: ['FirstseenRestarting'],
  },
  'it was updated': { changes: { [`process_start_time_seconds{${target}}`]: `0x100 6000x20` }, firing: [] },
  'a cluster is silent, and so are its senders': {
    changes: {
      'firstseen_last_batch_timestamp_seconds{cluster="local",instance="a"}': steady(60),
      'firstseen_sender_last_batch_timestamp_seconds{cluster="local",sender="10.0.0.1"}': steady(60),
    },
    firing: ['FirstseenClusterSilent', 'FirstseenSenderSilent'],
  },
  'a cluster was never heard': {
    changes: { 'firstseen_last_batch_timestamp_seconds{cluster="other",instance="a"}': NEVER },
    firing: ['FirstseenClusterSilent'],
  },
  'one of two API servers is silent': {
    changes: { 'firstseen_sender_last_batch_timestamp_seconds{cluster="local",sender="10.0.0.2"}': steady(60) },
    firing: ['FirstseenSenderSilent'],
  },
  'an API server has no valid certificate': {
    changes: { 'firstseen_requests_refused_total{reason="unauthenticated"}': LATELY },
    firing: ['FirstseenSendersRefused'],
  },
  'a stranger has tried the port once': {
    changes: { 'firstseen_requests_refused_total{reason="unauthenticated"}': '0x110 1x10' },
    firing: [],
  },
  'batches are too large': {
    changes: { 'firstseen_requests_refused_total{reason="too_large"}': LATELY },
    firing: ['FirstseenBatchesRefused'],
  },
  'batches cannot be read': {
    changes: { 'firstseen_batches_total{cluster="local",code="400"}': LATELY },
    firing: ['FirstseenBatchesUnreadable'],
  },
  'answers take up to 10 s': { changes: answeredWithin(10), firing: ['FirstseenAckSlow'] },
  'answers take up to 30 s': { changes: answeredWithin(30), firing: ['FirstseenAckNearTimeout', 'FirstseenAckSlow'] },
  'two in a hundred events are late': {
    changes: { 'firstseen_late_events_total{cluster="local"}': growing(120) },
    firing: ['FirstseenEventsLate'],
  },
  'a clock is ahead': {
    changes: { 'firstseen_skewed_events_total{cluster="local"}': LATELY },
    firing: ['FirstseenClockSkew'],
  },
  'events are set aside': {
    changes: { 'firstseen_quarantined_total{cluster="local",reason="malformed"}': LATELY },
    firing: ['FirstseenEventsQuarantined'],
  },
  'events have lost their bodies': {
    changes: { 'firstseen_truncated_events_total{cluster="local"}': LATELY },
    firing: ['FirstseenEventsTruncated'],
  },
  'the heartbeat does not come back': {
    changes: { 'firstseen_heartbeat_last_seen_timestamp_seconds{cluster="local",instance="a"}': steady(60) },
    firing: ['FirstseenHeartbeatLost'],
  },
  'the heartbeat is not enabled': {
    changes: {
      'firstseen_heartbeat_last_seen_timestamp_seconds{cluster="local",instance="a"}': undefined,
      'firstseen_heartbeat_last_seen_timestamp_seconds{cluster="local",instance="b"}': undefined,
    },
    firing: [],
  },
  'no rule is in force, one is broken': {
    changes: { 'firstseen_rules{state="ready"}': NEVER, 'firstseen_rules{state="broken"}': steady(1) },
    firing: ['FirstseenNoRules', 'FirstseenRuleBroken'],
  },
  'a rule fails': { changes: { 'firstseen_rule_errors_total{rule="r"}': LATELY }, firing: ['FirstseenRuleErrors'] },
  'a rule is over its budget': {
    changes: { 'firstseen_decisions_total{cluster="local",rule="r",outcome="overflow"}': LATELY },
    firing: ['FirstseenBudgetExceeded'],
  },
  'the terms of a rule are flooded': {
    changes: { 'firstseen_terms_held{cluster="local",rule="r"}': steady(100_000) },
    firing: ['FirstseenTermsFull'],
  },
  'the store is away': {
    changes: {
      'firstseen_store_up{instance="a"}': NEVER,
      'firstseen_store_errors_total{code="store_unavailable"}': LATELY,
    },
    firing: ['FirstseenStoreDown', 'FirstseenStoreErrors'],
  },
  'a sink takes nothing': {
    changes: { 'firstseen_due_oldest_seconds{cluster="local",sink="alert"}': NOW },
    firing: ['FirstseenDeliveryHeldUp'],
  },
  'a sink refuses an alert': {
    changes: { 'firstseen_dead{cluster="local",sink="alert"}': steady(1) },
    firing: ['FirstseenDeadLetters'],
  },
  'no replica has the lease': {
    changes: { 'firstseen_lease_held{instance="a"}': NEVER },
    firing: ['FirstseenNoLease'],
  },
  'a certificate has 13 days': {
    changes: { 'firstseen_certificate_expiry_timestamp_seconds{name="server"}': steady(13 * DAY) },
    firing: ['FirstseenCertificateExpires/warning'],
  },
  'a certificate has 2 days': {
    changes: { 'firstseen_certificate_expiry_timestamp_seconds{name="client_ca"}': steady(2 * DAY) },
    firing: ['FirstseenCertificateExpires/critical', 'FirstseenCertificateExpires/warning'],
  },
  'the certificate of a sender has 2 days': {
    changes: {
      'firstseen_sender_certificate_expiry_timestamp_seconds{cluster="local",sender="10.0.0.1"}': steady(2 * DAY),
    },
    firing: ['FirstseenSenderCertificateExpires/critical', 'FirstseenSenderCertificateExpires/warning'],
  },
  'it is short of CPU': {
    changes: { [`nodejs_eventloop_lag_p99_seconds{${target}}`]: steady(1) },
    firing: ['FirstseenEventLoopBlocked'],
  },
};

const severities = new Map(
  ALERT_GROUPS.flatMap(({ rules }) => rules).map(({ alert, severity }) => [alert, severity] as const),
);

function testCase(name: string, { changes, firing }: Scenario): object {
  const series = Object.entries({ ...HEALTHY, ...changes }).filter(([, values]) => values !== undefined);
  return {
    name,
    interval: '1m',
    input_series: series.map(([labels, values]) => ({ series: labels, values })),
    promql_expr_test: [
      {
        expr: 'max by (alertname, severity) (ALERTS{alertstate="firing"})',
        eval_time: '118m',
        exp_samples: firing.map((entry) => {
          const [alert = '', severity = severities.get(alert)] = entry.split('/');
          return { labels: `{alertname="${alert}", severity="${severity}"}`, value: 1 };
        }),
      },
    ],
  };
}

async function promtool(...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await runProcess(await ensureTool('promtool'), args);
  return code === 0 ? 'SUCCESS' : `${stdout}${stderr}`;
}

function testFile(name: string, tests: readonly object[]): string {
  const file = join(folder, name);
  writeFileSync(file, stringify({ rule_files: [resolve(RULES)], evaluation_interval: '1m', tests }));
  return file;
}

test('promtool takes the rules', async () => {
  expect(await promtool('check', 'rules', RULES)).toBe('SUCCESS');
});

for (const [name, scenario] of Object.entries(scenarios)) {
  test(`${name}: ${scenario.firing.join(', ') || 'silence'}`, async () => {
    const file = testFile(`${name.replaceAll(/\W+/g, '-')}.yaml`, [testCase(name, scenario)]);
    expect(await promtool('test', 'rules', file)).toBe('SUCCESS');
  });
}

test('every alert fires in one of these scenarios', () => {
  const fired = new Set(Object.values(scenarios).flatMap(({ firing }) => firing.map((entry) => entry.split('/')[0])));
  expect([...fired].sort()).toEqual([...severities.keys()].sort());
});

test('what an alert says is rendered with its labels and its value', async () => {
  const description = 'Once it has expired, this API server is refused, and requests through it are not detected.';
  const [summary, runbook_url] = [
    'The client certificate of 10.0.0.1 of the cluster local expires in 12d 22h 2m 0s.',
    'docs/guides/monitoring.md#firstseensendercertificateexpires',
  ];
  const series = 'firstseen_sender_certificate_expiry_timestamp_seconds{cluster="local",sender="10.0.0.1"}';
  const file = testFile('rendered.yaml', [
    {
      interval: '1m',
      input_series: [{ series, values: steady(13 * DAY) }],
      alert_rule_test: [
        {
          eval_time: '118m',
          alertname: 'FirstseenSenderCertificateExpires',
          exp_alerts: [
            {
              exp_labels: { severity: 'warning', cluster: 'local', sender: '10.0.0.1' },
              exp_annotations: { summary, description, runbook_url },
            },
          ],
        },
      ],
    },
  ]);
  expect(await promtool('test', 'rules', file)).toBe('SUCCESS');
});

test('every expression of the dashboard is PromQL', async () => {
  const expressions = ROWS.flatMap(({ panels }) => panels).flatMap(({ queries }) => queries.map(({ expr }) => expr));
  const rules = expressions.map((expr, index) => ({
    record: `panel:${index}`,
    expr: expr.replaceAll('$__rate_interval', '5m').replaceAll(/\$(cluster|job)/g, '.*'),
  }));
  const file = join(folder, 'panels.yaml');
  writeFileSync(file, stringify({ groups: [{ name: 'panels', rules }] }));
  expect(await promtool('check', 'rules', file)).toBe('SUCCESS');
});

test('the names and help texts of our metrics are as promtool wants them', async () => {
  const { text } = await createMetrics().expose();
  const own = text.split('\n').filter((line) => /^(# (HELP|TYPE) )?firstseen_/.test(line));
  expect(own.length).toBeGreaterThan(60);
  const { stdout, stderr } = await runProcess(await ensureTool('promtool'), ['check', 'metrics'], {
    input: `${own.join('\n')}\n`,
  });
  expect(stdout + stderr).toBe('');
});
