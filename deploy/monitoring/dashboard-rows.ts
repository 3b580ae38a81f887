/** What the dashboard of Grafana shows: a table of rows and panels. */

type Unit = 'short' | 's' | 'bytes' | 'percentunit' | 'dateTimeFromNow';

interface Query {
  readonly expr: string;
  /** The name of a line, with labels in double braces. */
  readonly legend: string;
}

interface PanelBase {
  readonly title: string;
  /** What a person should read from it. */
  readonly description: string;
  readonly unit: Unit;
  readonly queries: readonly Query[];
}

export type Panel = PanelBase &
  (
    | { readonly kind: 'graph'; readonly stacked?: boolean }
    /** Red from `red` on: at or above it, or below it where less is worse. */
    | { readonly kind: 'stat'; readonly red?: number; readonly lessIsWorse?: boolean }
  );

export interface Row {
  readonly title: string;
  readonly panels: readonly Panel[];
}

/** What the variables of the dashboard select. */
const SELECTED = 'cluster=~"$cluster"';
const JOB = 'job=~"$job"';
const RATE = '$__rate_interval';

const ackQuantile = (quantile: string) =>
  `histogram_quantile(${quantile}, sum by (cluster, le) (rate(firstseen_ack_seconds_bucket{${SELECTED}}[${RATE}])))`;

export const ROWS: readonly Row[] = [
  {
    title: 'Is it working?',
    panels: [
      {
        kind: 'stat',
        title: 'Last batch',
        description: 'Time since the last batch of each cluster. Red after 5 minutes: nothing in it is detected.',
        unit: 's',
        red: 300,
        queries: [
          {
            expr: `time() - max by (cluster) (firstseen_last_batch_timestamp_seconds{${SELECTED}})`,
            legend: '{{cluster}}',
          },
        ],
      },
      {
        kind: 'stat',
        title: 'Last batch of each sender',
        description: 'The same for each API server that has an address of its own.',
        unit: 's',
        red: 300,
        queries: [
          {
            expr: `time() - max by (cluster, sender) (firstseen_sender_last_batch_timestamp_seconds{${SELECTED}})`,
            legend: '{{cluster}} {{sender}}',
          },
        ],
      },
      {
        kind: 'stat',
        title: 'Heartbeat',
        description: 'Time since a request of firstseen came back as an audit event. Empty if the heartbeat is off.',
        unit: 's',
        red: 300,
        queries: [
          {
            expr: `time() - max by (cluster) (firstseen_heartbeat_last_seen_timestamp_seconds{${SELECTED}})`,
            legend: '{{cluster}}',
          },
        ],
      },
      {
        kind: 'stat',
        title: 'First certificate to expire',
        description: 'Time left on the certificates of the receiver and its senders. Red below 14 days.',
        unit: 's',
        red: 14 * 86_400,
        lessIsWorse: true,
        queries: [
          { expr: 'min by (name) (firstseen_certificate_expiry_timestamp_seconds) - time()', legend: '{{name}}' },
          {
            expr: `min by (cluster) (firstseen_sender_certificate_expiry_timestamp_seconds{${SELECTED}}) - time()`,
            legend: 'senders of {{cluster}}',
          },
        ],
      },
      {
        kind: 'graph',
        title: 'Events per second',
        description: 'Audit events evaluated, by cluster.',
        unit: 'short',
        stacked: true,
        queries: [
          {
            expr: `sum by (cluster) (rate(firstseen_events_total{outcome="evaluated",${SELECTED}}[${RATE}]))`,
            legend: '{{cluster}}',
          },
        ],
      },
      {
        kind: 'graph',
        title: 'Time to the answer of a batch',
        description: 'From its last byte to the answer. The API server gives up at 30 s.',
        unit: 's',
        queries: [
          { expr: ackQuantile('0.5'), legend: 'p50 {{cluster}}' },
          { expr: ackQuantile('0.99'), legend: 'p99 {{cluster}}' },
        ],
      },
      {
        kind: 'graph',
        title: 'Refused and not committed',
        description:
          'Refused requests by reason, and batches with an answer other than 200. Their events are lost unless they are sent again.',
        unit: 'short',
        queries: [
          { expr: `sum by (reason) (rate(firstseen_requests_refused_total[${RATE}])) > 0`, legend: '{{reason}}' },
          {
            expr: `sum by (cluster, code) (rate(firstseen_batches_total{code!="200",${SELECTED}}[${RATE}])) > 0`,
            legend: '{{cluster}} {{code}}',
          },
        ],
      },
      {
        kind: 'graph',
        title: 'Events with something wrong',
        description: 'Quarantined, late, ahead of time, or without bodies.',
        unit: 'short',
        queries: [
          {
            expr: `sum by (cluster, reason) (rate(firstseen_quarantined_total{${SELECTED}}[${RATE}]))`,
            legend: 'quarantined {{cluster}} {{reason}}',
          },
          {
            expr: `sum by (cluster) (rate(firstseen_late_events_total{${SELECTED}}[${RATE}]))`,
            legend: 'late {{cluster}}',
          },
          {
            expr: `sum by (cluster) (rate(firstseen_skewed_events_total{${SELECTED}}[${RATE}]))`,
            legend: 'skewed {{cluster}}',
          },
          {
            expr: `sum by (cluster) (rate(firstseen_truncated_events_total{${SELECTED}}[${RATE}]))`,
            legend: 'truncated {{cluster}}',
          },
        ],
      },
    ],
  },
  {
    title: 'Detection',
    panels: [
      {
        kind: 'stat',
        title: 'Rules',
        description: 'In force, broken, switched off.',
        unit: 'short',
        queries: [{ expr: 'max by (state) (firstseen_rules)', legend: '{{state}}' }],
      },
      {
        kind: 'stat',
        title: 'Rules that learn',
        description: 'They store new terms without an alert.',
        unit: 'short',
        queries: [{ expr: `max by (cluster) (firstseen_rules_learning{${SELECTED}})`, legend: '{{cluster}}' }],
      },
      {
        kind: 'graph',
        title: 'Alerts opened in an hour',
        description: 'By severity.',
        unit: 'short',
        stacked: true,
        queries: [
          {
            expr: `sum by (severity) (increase(firstseen_alerts_opened_total{${SELECTED}}[1h]))`,
            legend: '{{severity}}',
          },
        ],
      },
      {
        kind: 'graph',
        title: 'Decisions by outcome',
        description:
          'What matches became: opened, attached to an open alert, known, learning, over the budget (overflow), duplicate, late.',
        unit: 'short',
        stacked: true,
        queries: [
          {
            expr: `sum by (outcome) (rate(firstseen_decisions_total{${SELECTED}}[${RATE}]))`,
            legend: '{{outcome}}',
          },
        ],
      },
      {
        kind: 'graph',
        title: 'Matches of the busiest rules',
        description: 'The ten rules that match most.',
        unit: 'short',
        queries: [
          { expr: `topk(10, sum by (rule) (rate(firstseen_matches_total{${SELECTED}}[${RATE}])))`, legend: '{{rule}}' },
        ],
      },
      {
        kind: 'graph',
        title: 'Over the budget, and failed',
        description: 'Matches over the budget and failed evaluations, an hour, by rule.',
        unit: 'short',
        queries: [
          {
            expr: `sum by (rule) (increase(firstseen_decisions_total{outcome="overflow",${SELECTED}}[1h])) > 0`,
            legend: 'overflow {{rule}}',
          },
          { expr: 'sum by (rule) (increase(firstseen_rule_errors_total[1h])) > 0', legend: 'failed {{rule}}' },
        ],
      },
      {
        kind: 'graph',
        title: 'Terms held',
        description: 'By rule; the limit is 100,000.',
        unit: 'short',
        queries: [
          {
            expr: `topk(10, max by (cluster, rule) (firstseen_terms_held{${SELECTED}}))`,
            legend: '{{cluster}} {{rule}}',
          },
        ],
      },
    ],
  },
  {
    title: 'Store',
    panels: [
      {
        kind: 'stat',
        title: 'Store answers',
        description: '1 if it does, for each replica.',
        unit: 'short',
        red: 1,
        lessIsWorse: true,
        queries: [{ expr: `min by (instance) (firstseen_store_up{${JOB}})`, legend: '{{instance}}' }],
      },
      {
        kind: 'graph',
        title: 'Time of an update',
        description: 'One atomic commit, retries included.',
        unit: 's',
        queries: ['0.5', '0.99'].map((quantile) => ({
          expr: `histogram_quantile(${quantile}, sum by (le) (rate(firstseen_store_update_seconds_bucket[${RATE}])))`,
          legend: `p${100 * Number(quantile)}`,
        })),
      },
      {
        kind: 'graph',
        title: 'Conflicts and errors',
        description: 'Updates retried because another replica committed first, and updates that failed.',
        unit: 'short',
        queries: [
          { expr: `sum(rate(firstseen_store_conflicts_total[${RATE}]))`, legend: 'conflicts' },
          { expr: `sum by (code) (rate(firstseen_store_errors_total[${RATE}]))`, legend: '{{code}}' },
        ],
      },
    ],
  },
  {
    title: 'Delivery',
    panels: [
      {
        kind: 'stat',
        title: 'Rejected by a sink',
        description: 'Alerts that a sink rejected. firstseen does not try them again.',
        unit: 'short',
        red: 1,
        queries: [{ expr: `max by (cluster, sink) (firstseen_dead{${SELECTED}})`, legend: '{{cluster}} {{sink}}' }],
      },
      {
        kind: 'graph',
        title: 'Waiting for delivery',
        description: 'Alerts that wait for each sink.',
        unit: 'short',
        queries: [{ expr: `max by (cluster, sink) (firstseen_due{${SELECTED}})`, legend: '{{cluster}} {{sink}}' }],
      },
      {
        kind: 'graph',
        title: 'Longest wait for delivery',
        description: 'How long the oldest waiting alert of each sink has waited.',
        unit: 's',
        queries: [
          {
            expr: `max by (cluster, sink) (firstseen_due_oldest_seconds{${SELECTED}})`,
            legend: '{{cluster}} {{sink}}',
          },
        ],
      },
      {
        kind: 'graph',
        title: 'Deliveries',
        description: 'Delivered, and failed by code.',
        unit: 'short',
        queries: [
          { expr: `sum by (sink) (rate(firstseen_delivered_total[${RATE}]))`, legend: '{{sink}} delivered' },
          {
            expr: `sum by (sink, code) (rate(firstseen_delivery_failures_total[${RATE}]))`,
            legend: '{{sink}} {{code}}',
          },
        ],
      },
    ],
  },
  {
    title: 'Process',
    panels: [
      {
        kind: 'graph',
        title: 'Memory',
        description: 'Resident memory of each replica, and request bodies in flight.',
        unit: 'bytes',
        queries: [
          { expr: `process_resident_memory_bytes{${JOB}}`, legend: '{{instance}}' },
          { expr: `firstseen_bytes_in_flight{${JOB}}`, legend: '{{instance}} in flight' },
        ],
      },
      {
        kind: 'graph',
        title: 'CPU',
        description: 'Of one core.',
        unit: 'percentunit',
        queries: [{ expr: `rate(process_cpu_seconds_total{${JOB}}[${RATE}])`, legend: '{{instance}}' }],
      },
      {
        kind: 'graph',
        title: 'Lag of the event loop',
        description: 'How late Node runs timers (p99). Above 0.5 s, answers are late.',
        unit: 's',
        queries: [{ expr: `nodejs_eventloop_lag_p99_seconds{${JOB}}`, legend: '{{instance}}' }],
      },
    ],
  },
];
