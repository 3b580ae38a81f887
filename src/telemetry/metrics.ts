import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

/**
 * The labels of an instrument. Their values come from configuration and code only, never from an event; `sender` is
 * the address of an authenticated peer, and few of those are kept.
 */
type Labels = Readonly<Record<string, string>>;
type None = Readonly<Record<never, string>>;

export interface Count<L extends Labels> {
  inc(labels: L, by?: number): void;
}

export interface Level<L extends Labels> {
  set(labels: L, value: number): void;
  /** Removes one series, for example that of a deleted rule. */
  remove(labels: L): void;
  /** Removes every series. */
  reset(): void;
}

export interface Distribution<L extends Labels> {
  observe(labels: L, value: number): void;
}

type InCluster = { readonly cluster: string };
type InSink = { readonly cluster: string; readonly sink: string };
type OfRule = { readonly cluster: string; readonly rule: string };

type OfSender = { readonly cluster: string; readonly sender: string };

export type DecisionOutcome = 'duplicate' | 'attached' | 'opened' | 'overflow' | 'learning' | 'known' | 'held' | 'late';

export interface InstrumentDescription {
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram' | 'summary';
  readonly help: string;
  /** Label names without `le` and `quantile`. */
  readonly labels: readonly string[];
}

/** Every instrument of firstseen. Times are in seconds, sizes in bytes. */
export interface Metrics {
  /** Batches that were read and handed to ingest, by status code. */
  readonly batches: Count<{ readonly cluster: string; readonly code: string }>;
  readonly batchEvents: Distribution<InCluster>;
  readonly batchBytes: Distribution<InCluster>;
  /** From the last byte of a batch to its answer. */
  readonly ackSeconds: Distribution<InCluster>;
  readonly lastBatchTimestamp: Level<InCluster>;
  readonly senderLastBatchTimestamp: Level<OfSender>;
  readonly senderCertificateExpiry: Level<OfSender>;
  /** Requests refused or cut off before their body was read. */
  readonly requestsRefused: Count<{ readonly reason: string }>;
  readonly bytesInFlight: Level<None>;
  readonly certificateExpiry: Level<{ readonly name: string }>;

  readonly events: Count<{ readonly cluster: string; readonly outcome: 'evaluated' | 'own_write' | 'quarantined' }>;
  readonly quarantined: Count<{ readonly cluster: string; readonly reason: string }>;
  readonly ownWritesDropped: Count<InCluster>;
  readonly truncatedEvents: Count<InCluster>;
  readonly skewedEvents: Count<InCluster>;
  readonly lateEvents: Count<InCluster>;

  readonly rules: Level<{ readonly state: string }>;
  readonly rulesLearning: Level<InCluster>;
  readonly ruleErrors: Count<{ readonly rule: string }>;
  readonly matches: Count<OfRule>;
  readonly exceptedMatches: Count<OfRule>;
  readonly decisions: Count<{ readonly cluster: string; readonly rule: string; readonly outcome: DecisionOutcome }>;
  readonly termsHeld: Level<OfRule>;
  readonly alertsOpened: Count<{ readonly cluster: string; readonly severity: string }>;

  /** 1 if the store answered the last ping, else 0. */
  readonly storeUp: Level<None>;
  readonly storeUpdateSeconds: Distribution<{ readonly outcome: 'committed' | 'failed' }>;
  readonly storeConflicts: Count<None>;
  readonly storeErrors: Count<{ readonly code: string }>;

  readonly due: Level<InSink>;
  readonly dueOldestSeconds: Level<InSink>;
  readonly dead: Level<InSink>;
  readonly delivered: Count<{ readonly sink: string }>;
  readonly deliveryFailures: Count<{ readonly sink: string; readonly code: string }>;

  /** 1 on the replica that holds the lease for shared jobs. */
  readonly leaseHeld: Level<None>;
  readonly heartbeats: Count<{ readonly cluster: string; readonly outcome: 'sent' | 'failed' | 'seen' }>;
  readonly heartbeatLastSeen: Level<InCluster>;
  readonly heartbeatRoundTripSeconds: Level<InCluster>;

  /** Always 1; the labels name the version. */
  readonly buildInfo: Level<{ readonly version: string; readonly node: string }>;

  /** Every instrument, with or without a series, including those of the process. */
  describe(): readonly InstrumentDescription[];
  /** Every series in the Prometheus text format, including those of the process. */
  expose(): Promise<{ readonly contentType: string; readonly text: string }>;
}

const LATENCY_SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
/** Up to the time after which the API server gives up. */
const ACK_SECONDS = [...LATENCY_SECONDS, 20, 30];
const BATCH_EVENTS = [1, 2, 5, 10, 25, 50, 100, 200, 400, 1_000, 5_000];
const TYPES = ['counter', 'gauge', 'histogram', 'summary'] as const;
const KIB = 1024;
const BATCH_BYTES = [1, 4, 16, 64, 256, 1_024, 4_096, 16_384, 65_536].map((kib) => kib * KIB);

/** Creates the instruments in their own registry, so that a process or a test can have several sets. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });

  const named = (name: string, help: string, labelNames: string[]) => ({
    name: `firstseen_${name}`,
    help,
    labelNames,
    registers,
  });
  const count = (name: string, help: string, ...labels: string[]) => new Counter(named(name, help, labels));
  const level = (name: string, help: string, ...labels: string[]) => new Gauge(named(name, help, labels));
  const distribution = (name: string, help: string, buckets: number[], ...labels: string[]) =>
    new Histogram({ ...named(name, help, labels), buckets });

  return {
    batches: count(
      'batches_total',
      'Batches read, by cluster and status code. 200: all effects of the batch are committed; 503: the API server will send it again.',
      'cluster',
      'code',
    ),
    batchEvents: distribution('batch_events', 'Audit events in an accepted batch.', BATCH_EVENTS, 'cluster'),
    batchBytes: distribution('batch_bytes', 'Size of the body of a batch, in bytes.', BATCH_BYTES, 'cluster'),
    ackSeconds: distribution(
      'ack_seconds',
      'Time from the last byte of a batch to its answer, in seconds. The API server gives up after 30.',
      ACK_SECONDS,
      'cluster',
    ),
    lastBatchTimestamp: level(
      'last_batch_timestamp_seconds',
      'Unix time of the last accepted batch of a cluster; 0 if there was none since the start. If it stops growing, nothing is detected.',
      'cluster',
    ),
    senderLastBatchTimestamp: level(
      'sender_last_batch_timestamp_seconds',
      'Unix time of the last accepted batch from one address: an API server or a proxy. At most 32 addresses a cluster, each kept for an hour.',
      'cluster',
      'sender',
    ),
    senderCertificateExpiry: level(
      'sender_certificate_expiry_timestamp_seconds',
      'Unix time at which the latest client certificate of a sender expires.',
      'cluster',
      'sender',
    ),
    requestsRefused: count(
      'requests_refused_total',
      'Requests refused before their body was read, by reason. Rules saw none of their events.',
      'reason',
    ),
    bytesInFlight: level('bytes_in_flight', 'Bytes of request bodies in memory.'),
    certificateExpiry: level(
      'certificate_expiry_timestamp_seconds',
      'Unix time at which a certificate in use expires, the earliest of each kind: server, server_chain (the other certificates in its file), client_ca.',
      'name',
    ),

    events: count(
      'events_total',
      'Audit events, by outcome: evaluated, own_write (dropped) or quarantined.',
      'cluster',
      'outcome',
    ),
    quarantined: count(
      'quarantined_total',
      'Audit events that could not be evaluated, by reason.',
      'cluster',
      'reason',
    ),
    ownWritesDropped: count(
      'own_writes_dropped_total',
      "Audit events of firstseen's own writes, which rules do not see.",
      'cluster',
    ),
    truncatedEvents: count(
      'truncated_events_total',
      'Audit events without their bodies, because they were too large.',
      'cluster',
    ),
    skewedEvents: count(
      'skewed_events_total',
      'Audit events with a time more than 10 minutes ahead of their receipt: the clocks differ.',
      'cluster',
    ),
    lateEvents: count(
      'late_events_total',
      'Audit events that arrived too late to count in a window or sequence.',
      'cluster',
    ),

    rules: level('rules', 'Rules, by state.', 'state'),
    rulesLearning: level(
      'rules_learning',
      'Rules of a cluster that are still learning: they remember new terms and open no alert.',
      'cluster',
    ),
    ruleErrors: count(
      'rule_errors_total',
      'Evaluations of a rule that failed, so that the rule missed the event, or that exceeded a limit in part.',
      'rule',
    ),
    matches: count('matches_total', 'Events that matched a rule.', 'cluster', 'rule'),
    exceptedMatches: count(
      'excepted_matches_total',
      'Matches of a rule that an exception silenced.',
      'cluster',
      'rule',
    ),
    decisions: count(
      'decisions_total',
      'Decisions of a rule, by outcome: duplicate, attached, opened, overflow, learning, known, held or late.',
      'cluster',
      'rule',
      'outcome',
    ),
    termsHeld: level('terms_held', 'Terms, or groups of events, that a rule remembers.', 'cluster', 'rule'),
    alertsOpened: count('alerts_opened_total', 'Alerts opened, by severity.', 'cluster', 'severity'),

    storeUp: level('store_up', 'Whether the store answered the last ping: 1 or 0. A ping is sent every 2 s.'),
    storeUpdateSeconds: distribution(
      'store_update_seconds',
      'Time of one atomic update of the store, retries included, in seconds.',
      LATENCY_SECONDS,
      'outcome',
    ),
    storeConflicts: count('store_conflicts_total', 'Updates retried because another replica committed first.'),
    storeErrors: count('store_errors_total', 'Updates of the store that failed, by code.', 'code'),

    due: level('due', 'Alerts that a sink has yet to deliver.', 'cluster', 'sink'),
    dueOldestSeconds: level(
      'due_oldest_seconds',
      'Age of the oldest alert that a sink has yet to deliver, in seconds.',
      'cluster',
      'sink',
    ),
    dead: level('dead', 'Alerts that a sink rejected for good. Delivery is not retried.', 'cluster', 'sink'),
    delivered: count('delivered_total', 'Deliveries that a sink accepted.', 'sink'),
    deliveryFailures: count('delivery_failures_total', 'Deliveries that failed, by code.', 'sink', 'code'),

    leaseHeld: level(
      'lease_held',
      'Whether this replica runs the shared jobs: syncing phases and deletions, retention, heartbeat. 1 or 0.',
    ),
    heartbeats: count(
      'heartbeats_total',
      'Heartbeats through the API server: sent, failed (could not be sent), or seen (came back as an audit event).',
      'cluster',
      'outcome',
    ),
    heartbeatLastSeen: level(
      'heartbeat_last_seen_timestamp_seconds',
      'Unix time at which a heartbeat last came back as an audit event; 0 if none has since the start, no series if it is off.',
      'cluster',
    ),
    heartbeatRoundTripSeconds: level(
      'heartbeat_round_trip_seconds',
      'Time from sending a heartbeat to its receipt as an audit event, in seconds, for the latest one that came back.',
      'cluster',
    ),

    buildInfo: level('build_info', 'Always 1; the labels name the versions of firstseen and Node.', 'version', 'node'),

    describe: () => registry.getMetricsAsArray().map(describe),

    async expose() {
      return { contentType: registry.contentType, text: await registry.metrics() };
    },
  };
}

/** prom-client's types lack `labelNames`; a custom collector may have none. */
function describe(metric: { readonly name: string; readonly help: string; readonly type: unknown }) {
  const { name, help, type } = metric;
  const labels: unknown = 'labelNames' in metric ? metric.labelNames : [];
  return {
    name,
    help,
    type: TYPES.find((known) => known === type) ?? 'gauge',
    labels: Array.isArray(labels) ? labels.map(String) : [],
  };
}
