/** The alerts on firstseen itself: one table, from which the rule files of Prometheus are written. */

export interface AlertRule {
  readonly alert: string;
  readonly severity: 'critical' | 'warning' | 'info';
  /** PromQL. Every metric and label in it has to exist in the code; a test holds it to that. */
  readonly expr: string;
  /** How long the expression must hold. */
  readonly for?: string;
  /** One line, in the templates of Prometheus. */
  readonly summary: string;
  /** What it means for detection. */
  readonly description: string;
}

export interface AlertGroup {
  readonly name: string;
  readonly rules: readonly AlertRule[];
}

const DAY = '86400';

/** A credential that is not accepted: no event of that sender is seen. */
const CREDENTIAL = 'unauthenticated|forbidden|tls_handshake|unknown_cluster|no_default_cluster';
/** A batch of a sender that was let in, and that is lost unless it is sent again and then taken. */
const BATCH =
  'too_large|in_flight|too_many_connections|request_timeout|length_required|content_type|content_encoding|aborted';

export const ALERT_GROUPS: readonly AlertGroup[] = [
  {
    name: 'firstseen-receiving',
    rules: [
      {
        alert: 'FirstseenAbsent',
        severity: 'critical',
        expr: 'absent(firstseen_build_info)',
        for: '2m',
        summary: 'No replica of firstseen is scraped.',
        description:
          'Either firstseen does not run, and no audit event is evaluated, or Prometheus does not reach it, and no other alert of this file can fire.',
      },
      {
        alert: 'FirstseenReplicaDown',
        severity: 'warning',
        expr: 'up{job="firstseen"} == 0',
        for: '5m',
        summary: 'The replica {{ $labels.instance }} does not answer.',
        description:
          'API servers that kept a connection to it have to find another replica; without one their events wait, and are lost after some minutes.',
      },
      {
        alert: 'FirstseenRestarting',
        severity: 'warning',
        expr: 'changes(process_start_time_seconds{job="firstseen"}[1h]) > 3',
        summary: 'firstseen on {{ $labels.instance }} has started {{ $value }} times in an hour.',
        description:
          'It ends again and again: by a bug, which its log names, or because it is short of memory. Batches are sent again in between, but not for long.',
      },
      {
        alert: 'FirstseenClusterSilent',
        severity: 'critical',
        expr: 'time() - max by (cluster) (firstseen_last_batch_timestamp_seconds) > 300',
        for: '2m',
        summary: 'No audit event from the cluster {{ $labels.cluster }} for 5 minutes.',
        description:
          'An API server always has something to record. Nothing that happens in this cluster is detected now.',
      },
      {
        alert: 'FirstseenSenderSilent',
        severity: 'warning',
        expr: 'time() - max by (cluster, sender) (firstseen_sender_last_batch_timestamp_seconds) > 300',
        for: '2m',
        summary: 'No audit event from {{ $labels.sender }} of the cluster {{ $labels.cluster }} for 5 minutes.',
        description:
          'One API server of the cluster has gone silent. What is done through it is not detected, though the others are heard. It also fires for up to an hour after a control-plane node was removed.',
      },
      {
        alert: 'FirstseenSendersRefused',
        severity: 'warning',
        expr: `sum by (reason) (increase(firstseen_requests_refused_total{reason=~"${CREDENTIAL}"}[5m])) > 0`,
        for: '10m',
        summary: 'Requests are refused for their credential: {{ $labels.reason }}.',
        description:
          'A sender shows no certificate or token that is accepted. If it is an API server, none of its events is detected; if it is not, someone tries the receiver.',
      },
      {
        alert: 'FirstseenBatchesRefused',
        severity: 'warning',
        expr: `sum by (reason) (increase(firstseen_requests_refused_total{reason=~"${BATCH}"}[5m])) > 0`,
        for: '10m',
        summary: 'Batches of audit events are turned away: {{ $labels.reason }}.',
        description:
          'The API server sends a batch up to five times, and then drops it. The events in it are not detected.',
      },
      {
        alert: 'FirstseenBatchesUnreadable',
        severity: 'warning',
        expr: 'sum by (cluster) (increase(firstseen_batches_total{code="400"}[10m])) > 0',
        for: '5m',
        summary: 'Batches from the cluster {{ $labels.cluster }} cannot be read.',
        description: 'They are no JSON, or no EventList of audit.k8s.io/v1. None of their events is detected.',
      },
      {
        alert: 'FirstseenAckSlow',
        severity: 'warning',
        expr: 'histogram_quantile(0.99, sum by (cluster, le) (rate(firstseen_ack_seconds_bucket[5m]))) > 5',
        for: '10m',
        summary: 'Batches from the cluster {{ $labels.cluster }} are answered after {{ $value | humanizeDuration }}.',
        description:
          'The API server waits for each answer before it sends the next batch, keeps so many events, and drops what comes beyond.',
      },
      {
        alert: 'FirstseenAckNearTimeout',
        severity: 'critical',
        expr: 'histogram_quantile(0.99, sum by (cluster, le) (rate(firstseen_ack_seconds_bucket[5m]))) > 20',
        for: '5m',
        summary:
          'Batches from the cluster {{ $labels.cluster }} are answered after {{ $value | humanizeDuration }}; the API server waits 30 s.',
        description:
          'Batches are about to time out. They are then sent again, which makes it worse, and dropped in the end: events are lost.',
      },
      {
        alert: 'FirstseenEventsLate',
        severity: 'warning',
        expr: 'sum by (cluster) (rate(firstseen_late_events_total[15m])) / sum by (cluster) (rate(firstseen_events_total{outcome="evaluated"}[15m])) > 0.01',
        for: '15m',
        summary: '{{ $value | humanizePercentage }} of the events of the cluster {{ $labels.cluster }} come late.',
        description:
          'They are evaluated, but too late to be counted in windows. An API server is held up, or its clock is behind.',
      },
      {
        alert: 'FirstseenClockSkew',
        severity: 'warning',
        expr: 'sum by (cluster) (increase(firstseen_skewed_events_total[10m])) > 0',
        for: '5m',
        summary: 'Events of the cluster {{ $labels.cluster }} come from more than 10 minutes ahead.',
        description:
          'The clock of an API server, or that of firstseen, is wrong. Such an event counts at the time of its receipt, so windows and the times on alerts are not exact.',
      },
      {
        alert: 'FirstseenEventsQuarantined',
        severity: 'warning',
        expr: 'sum by (cluster, reason) (increase(firstseen_quarantined_total[10m])) > 0',
        summary: 'Events of the cluster {{ $labels.cluster }} were set aside: {{ $labels.reason }}.',
        description:
          'An item of a batch could not be read, or a rule failed on an event. It was not detected, and may have been made so on purpose.',
      },
      {
        alert: 'FirstseenEventsTruncated',
        severity: 'info',
        expr: 'sum by (cluster) (increase(firstseen_truncated_events_total[1h])) > 0',
        summary: 'Events of the cluster {{ $labels.cluster }} come without their bodies.',
        description: 'They were too large. Rules that look into the body of a request do not see these.',
      },
      {
        alert: 'FirstseenHeartbeatLost',
        severity: 'critical',
        expr: 'time() - max by (cluster) (firstseen_heartbeat_last_seen_timestamp_seconds) > 300',
        for: '3m',
        summary: 'The heartbeat of the cluster {{ $labels.cluster }} has not come back for 5 minutes.',
        description:
          'firstseen makes a request of its own every so often, and that request does not arrive as an audit event. Other requests may be missing just so: nothing is to be relied on until it comes back.',
      },
    ],
  },
  {
    name: 'firstseen-detection',
    rules: [
      {
        alert: 'FirstseenNoRules',
        severity: 'critical',
        expr: 'max(firstseen_rules{state="ready"}) == 0',
        for: '2m',
        summary: 'No rule is in force.',
        description: 'Nothing is detected but changes of firstseen itself.',
      },
      {
        alert: 'FirstseenRuleBroken',
        severity: 'warning',
        expr: 'max(firstseen_rules{state="broken"}) > 0',
        for: '5m',
        summary: '{{ $value }} rules are broken.',
        description: 'A rule that cannot be loaded is left out; the others run. What it is for is not detected.',
      },
      {
        alert: 'FirstseenRuleErrors',
        severity: 'warning',
        expr: 'sum by (rule) (increase(firstseen_rule_errors_total[15m])) > 0',
        summary: 'The rule {{ $labels.rule }} fails on events.',
        description:
          'The rule did not see the events on which it failed; all other rules did. It is a bug of firstseen.',
      },
      {
        alert: 'FirstseenBudgetExceeded',
        severity: 'warning',
        expr: 'sum by (cluster, rule) (increase(firstseen_decisions_total{outcome="overflow"}[1h])) > 0',
        summary: 'The rule {{ $labels.rule }} is over its budget of alerts on the cluster {{ $labels.cluster }}.',
        description:
          'It would open more alerts in an hour than it may. The rest is counted on one overflow alert, and not told one by one. That is a noisy rule, or an attack with much noise.',
      },
      {
        alert: 'FirstseenTermsFull',
        severity: 'warning',
        expr: 'max by (cluster, rule) (firstseen_terms_held) > 90000',
        for: '15m',
        summary:
          'The rule {{ $labels.rule }} remembers {{ $value }} terms on the cluster {{ $labels.cluster }}; the limit is 100000.',
        description:
          'Beyond the limit the oldest sighting is forgotten, and may raise an alert again. Someone may be flooding it.',
      },
    ],
  },
  {
    name: 'firstseen-store',
    rules: [
      {
        alert: 'FirstseenStoreDown',
        severity: 'critical',
        expr: 'firstseen_store_up == 0',
        for: '1m',
        summary: 'The store does not answer firstseen on {{ $labels.instance }}.',
        description:
          'Batches in which a rule matches are answered 503, and the API server drops them after five attempts. What is detected now is not kept.',
      },
      {
        alert: 'FirstseenStoreErrors',
        severity: 'warning',
        expr: 'sum by (code) (increase(firstseen_store_errors_total[5m])) > 0',
        for: '5m',
        summary: 'The store refuses updates: {{ $labels.code }}.',
        description:
          'Batches in which a rule matches are answered 503 and sent again. If it lasts, the API server drops them, and what they held is not detected.',
      },
    ],
  },
  {
    name: 'firstseen-delivery',
    rules: [
      {
        alert: 'FirstseenDeliveryHeldUp',
        severity: 'warning',
        expr: 'max by (cluster, sink) (firstseen_due_oldest_seconds) > 300',
        for: '2m',
        summary:
          'The sink {{ $labels.sink }} has owed an alert of the cluster {{ $labels.cluster }} for {{ $value | humanizeDuration }}.',
        description:
          'Alerts are detected and kept, but do not get out there. They are delivered once the sink takes them.',
      },
      {
        alert: 'FirstseenDeadLetters',
        severity: 'warning',
        expr: 'max by (cluster, sink) (firstseen_dead) > 0',
        for: '5m',
        summary:
          'The sink {{ $labels.sink }} has refused {{ $value }} alerts of the cluster {{ $labels.cluster }} for good.',
        description: 'They are not delivered again by themselves. Other sinks have them, as far as there are any.',
      },
    ],
  },
  {
    name: 'firstseen-jobs',
    rules: [
      {
        alert: 'FirstseenNoLease',
        severity: 'warning',
        expr: 'max(firstseen_lease_held) == 0',
        for: '5m',
        summary: 'No replica does what one does for all.',
        description:
          'Alerts are detected and delivered. But a phase that a person sets, or a deletion, is not taken up, old alerts are not dropped, and no heartbeat is sent.',
      },
    ],
  },
  {
    name: 'firstseen-certificates',
    rules: [
      ...certificate('FirstseenCertificateExpires', {
        expr: 'min by (name) (firstseen_certificate_expiry_timestamp_seconds) - time()',
        summary: 'The certificate {{ $labels.name }} of the receiver expires in {{ $value | humanizeDuration }}.',
        description:
          'Once it has expired API servers do not connect any more (server, server_chain), or are not let in (client_ca), and nothing is detected.',
      }),
      ...certificate('FirstseenSenderCertificateExpires', {
        expr: 'min by (cluster, sender) (firstseen_sender_certificate_expiry_timestamp_seconds) - time()',
        summary:
          'The client certificate of {{ $labels.sender }} of the cluster {{ $labels.cluster }} expires in {{ $value | humanizeDuration }}.',
        description: 'Once it has expired this API server is not let in, and what is done through it is not detected.',
      }),
    ],
  },
  {
    name: 'firstseen-process',
    rules: [
      {
        alert: 'FirstseenEventLoopBlocked',
        severity: 'warning',
        expr: 'nodejs_eventloop_lag_p99_seconds{job="firstseen"} > 0.5',
        for: '10m',
        summary: 'firstseen on {{ $labels.instance }} lags by {{ $value | humanizeDuration }}.',
        description: 'It is short of CPU. Answers come late, and in the end API servers drop events.',
      },
    ],
  },
];

/** Two weeks before the end there is time to renew it in working hours; three days before there is none to lose. */
function certificate(
  alert: string,
  { expr, ...texts }: Pick<AlertRule, 'expr' | 'summary' | 'description'>,
): readonly AlertRule[] {
  return [
    { alert, severity: 'warning', expr: `${expr} < 14 * ${DAY}`, for: '10m', ...texts },
    { alert, severity: 'critical', expr: `${expr} < 3 * ${DAY}`, for: '10m', ...texts },
  ];
}
