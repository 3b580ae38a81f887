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

/** The sender's credential is refused, so none of its events arrives. */
const CREDENTIAL = 'unauthenticated|forbidden|tls_handshake|unknown_cluster|no_default_cluster';
/** Batches of an accepted sender: lost unless the sender tries again and succeeds. */
const BATCH =
  'too_large|in_flight|cluster_in_flight|too_many_connections|request_timeout|length_required|content_type|content_encoding|aborted';

export const ALERT_GROUPS: readonly AlertGroup[] = [
  {
    name: 'firstseen-receiving',
    rules: [
      {
        alert: 'FirstseenAbsent',
        severity: 'critical',
        expr: 'absent(firstseen_build_info)',
        for: '2m',
        summary: 'Prometheus scrapes no replica of firstseen.',
        description:
          'Either firstseen is down and no audit event is evaluated, or Prometheus cannot reach it and its other alerts cannot fire.',
      },
      {
        alert: 'FirstseenReplicaDown',
        severity: 'warning',
        expr: 'up{job="firstseen"} == 0',
        for: '5m',
        summary: 'The replica {{ $labels.instance }} does not answer.',
        description:
          'Its API servers must connect to another replica. If there is none, their events are lost after some minutes.',
      },
      {
        alert: 'FirstseenRestarting',
        severity: 'warning',
        expr: 'changes(process_start_time_seconds{job="firstseen"}[1h]) > 3',
        summary: 'firstseen on {{ $labels.instance }} has started {{ $value }} times in an hour.',
        description:
          'A bug ends it, which its log names, or it runs out of memory. API servers send batches again, but not for long.',
      },
      {
        alert: 'FirstseenClusterSilent',
        severity: 'critical',
        expr: 'time() - max by (cluster) (firstseen_last_batch_timestamp_seconds) > 300',
        for: '2m',
        summary: 'No audit event from the cluster {{ $labels.cluster }} for 5 minutes.',
        description: 'An API server always has something to record. Nothing in this cluster is detected now.',
      },
      {
        alert: 'FirstseenSenderSilent',
        severity: 'warning',
        expr: 'time() - max by (cluster, sender) (firstseen_sender_last_batch_timestamp_seconds) > 300',
        for: '2m',
        summary: 'No audit event from {{ $labels.sender }} of the cluster {{ $labels.cluster }} for 5 minutes.',
        description:
          'This API server no longer sends. Requests through it are not detected; those through others are. Also fires for up to an hour after a control-plane node was removed.',
      },
      {
        alert: 'FirstseenSendersRefused',
        severity: 'warning',
        expr: `sum by (reason) (increase(firstseen_requests_refused_total{reason=~"${CREDENTIAL}"}[5m])) > 0`,
        for: '10m',
        summary: 'Requests are refused for their credential: {{ $labels.reason }}.',
        description:
          'A sender has no valid certificate or token for its cluster. If it is an API server, none of its events is detected. If not, someone is probing the receiver.',
      },
      {
        alert: 'FirstseenBatchesRefused',
        severity: 'warning',
        expr: `sum by (reason) (increase(firstseen_requests_refused_total{reason=~"${BATCH}"}[5m])) > 0`,
        for: '10m',
        summary: 'Batches of audit events are refused: {{ $labels.reason }}.',
        description: 'The API server tries a batch up to five times, then drops it. Its events are not detected.',
      },
      {
        alert: 'FirstseenBatchesUnreadable',
        severity: 'warning',
        expr: 'sum by (cluster) (increase(firstseen_batches_total{code="400"}[10m])) > 0',
        for: '5m',
        summary: 'Batches from the cluster {{ $labels.cluster }} cannot be read.',
        description: 'They are not JSON, or not an EventList of audit.k8s.io/v1. None of their events is detected.',
      },
      {
        alert: 'FirstseenAckSlow',
        severity: 'warning',
        expr: 'histogram_quantile(0.99, sum by (cluster, le) (rate(firstseen_ack_seconds_bucket[5m]))) > 5',
        for: '10m',
        summary: 'Batches from the cluster {{ $labels.cluster }} are answered after {{ $value | humanizeDuration }}.',
        description:
          'The API server waits for each answer before it sends the next batch. Its buffer fills meanwhile, and it drops events that do not fit.',
      },
      {
        alert: 'FirstseenAckNearTimeout',
        severity: 'critical',
        expr: 'histogram_quantile(0.99, sum by (cluster, le) (rate(firstseen_ack_seconds_bucket[5m]))) > 20',
        for: '5m',
        summary:
          'Batches from the cluster {{ $labels.cluster }} are answered after {{ $value | humanizeDuration }}; the API server waits 30 s.',
        description:
          'Batches are about to time out. The API server then sends them again, which adds load, and finally drops them: events are lost.',
      },
      {
        alert: 'FirstseenEventsLate',
        severity: 'warning',
        expr: 'sum by (cluster) (rate(firstseen_late_events_total[15m])) / sum by (cluster) (rate(firstseen_events_total{outcome="evaluated"}[15m])) > 0.01',
        for: '15m',
        summary: '{{ $value | humanizePercentage }} of the events of the cluster {{ $labels.cluster }} arrive late.',
        description:
          'They are evaluated, but too late to count in windows. An API server is delayed, or its clock is behind.',
      },
      {
        alert: 'FirstseenClockSkew',
        severity: 'warning',
        expr: 'sum by (cluster) (increase(firstseen_skewed_events_total[10m])) > 0',
        for: '5m',
        summary: 'Events of the cluster {{ $labels.cluster }} have times more than 10 minutes ahead.',
        description:
          'The clock of an API server or of firstseen is wrong. Such events get their time of receipt, so windows and alert times are not exact.',
      },
      {
        alert: 'FirstseenEventsQuarantined',
        severity: 'warning',
        expr: 'sum by (cluster, reason) (increase(firstseen_quarantined_total[10m])) > 0',
        summary: 'Events of the cluster {{ $labels.cluster }} were quarantined: {{ $labels.reason }}.',
        description:
          'An item of a batch could not be read, or a rule failed on an event. It was not detected. Someone may have made it so on purpose.',
      },
      {
        alert: 'FirstseenEventsTruncated',
        severity: 'info',
        expr: 'sum by (cluster) (increase(firstseen_truncated_events_total[1h])) > 0',
        summary: 'Events of the cluster {{ $labels.cluster }} arrive without bodies.',
        description: 'They were too large. Rules that read request bodies cannot match them.',
      },
      {
        alert: 'FirstseenHeartbeatLost',
        severity: 'critical',
        expr: 'time() - max by (cluster) (firstseen_heartbeat_last_seen_timestamp_seconds) > 300',
        for: '3m',
        summary: 'The heartbeat of the cluster {{ $labels.cluster }} has not come back for 5 minutes.',
        description:
          'A request that firstseen makes regularly does not come back as an audit event. Other audit events may be missing too: do not rely on detection until it returns.',
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
        description: 'Only changes of firstseen itself are detected.',
      },
      {
        alert: 'FirstseenRuleBroken',
        severity: 'warning',
        expr: 'max(firstseen_rules{state="broken"}) > 0',
        for: '5m',
        summary: '{{ $value }} rules are broken.',
        description: 'A broken rule does not run; the others do. What it looks for is not detected.',
      },
      {
        alert: 'FirstseenRuleErrors',
        severity: 'warning',
        expr: 'sum by (rule) (increase(firstseen_rule_errors_total[15m])) > 0',
        summary: 'The rule {{ $labels.rule }} fails on events.',
        description:
          'It was not evaluated on those events; all other rules were. This is a bug in firstseen, or an event too large for the expressions of the rule.',
      },
      {
        alert: 'FirstseenBudgetExceeded',
        severity: 'warning',
        expr: 'sum by (cluster, rule) (increase(firstseen_decisions_total{outcome="overflow"}[1h])) > 0',
        summary: 'The rule {{ $labels.rule }} is over its budget of alerts on the cluster {{ $labels.cluster }}.',
        description:
          'It would open more alerts in an hour than its budget allows. One overflow alert counts the rest. The rule is noisy, or an attack is.',
      },
      {
        alert: 'FirstseenTermsFull',
        severity: 'warning',
        expr: 'max by (cluster, rule) (firstseen_terms_held) > 90000',
        for: '15m',
        summary:
          'The rule {{ $labels.rule }} holds {{ $value }} terms for the cluster {{ $labels.cluster }}; the limit is 100000.',
        description: 'Beyond the limit it forgets the oldest term, which may alert again. Someone may be flooding it.',
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
          'Batches with a match are answered 503, and the API server drops them after five attempts. What they hold is not detected.',
      },
      {
        alert: 'FirstseenStoreErrors',
        severity: 'warning',
        expr: 'sum by (code) (increase(firstseen_store_errors_total[5m])) > 0',
        for: '5m',
        summary: 'The store refuses updates: {{ $labels.code }}.',
        description:
          'Batches with a match are answered 503 and sent again. If this lasts, the API server drops them, and what they hold is not detected.',
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
          'An alert of the cluster {{ $labels.cluster }} has waited {{ $value | humanizeDuration }} for the sink {{ $labels.sink }}.',
        description: 'Alerts are stored, but the sink does not accept them. They are delivered once it does.',
      },
      {
        alert: 'FirstseenDeadLetters',
        severity: 'warning',
        expr: 'max by (cluster, sink) (firstseen_dead) > 0',
        for: '5m',
        summary: 'The sink {{ $labels.sink }} has rejected {{ $value }} alerts of the cluster {{ $labels.cluster }}.',
        description: 'firstseen does not try them again. Other sinks still get them.',
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
        summary: 'No replica holds the lease.',
        description:
          'Alerts are detected and delivered. But firstseen does not follow phases and deletions, drop old alerts, or send a heartbeat.',
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
          'Once it has expired, API servers do not connect (server, server_chain) or are refused (client_ca), and nothing is detected.',
      }),
      ...certificate('FirstseenSenderCertificateExpires', {
        expr: 'min by (cluster, sender) (firstseen_sender_certificate_expiry_timestamp_seconds) - time()',
        summary:
          'The client certificate of {{ $labels.sender }} of the cluster {{ $labels.cluster }} expires in {{ $value | humanizeDuration }}.',
        description: 'Once it has expired, this API server is refused, and requests through it are not detected.',
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
        summary: 'The event loop of firstseen on {{ $labels.instance }} lags by {{ $value | humanizeDuration }}.',
        description: 'It lacks CPU. Answers are late, and API servers finally drop events.',
      },
    ],
  },
];

/** Two weeks leave time to renew it in working hours; three days do not. */
function certificate(
  alert: string,
  { expr, ...texts }: Pick<AlertRule, 'expr' | 'summary' | 'description'>,
): readonly AlertRule[] {
  return [
    { alert, severity: 'warning', expr: `${expr} < 14 * ${DAY}`, for: '10m', ...texts },
    { alert, severity: 'critical', expr: `${expr} < 3 * ${DAY}`, for: '10m', ...texts },
  ];
}
