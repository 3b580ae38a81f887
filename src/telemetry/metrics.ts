import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

/**
 * The labels of an instrument. Their values come from configuration and code only, never from an event; `sender` is the
 * address of a peer that was let in, of which few are kept.
 */
type Labels = Readonly<Record<string, string>>;
type None = Readonly<Record<never, string>>;

export interface Count<L extends Labels> {
  inc(labels: L, by?: number): void;
}

export interface Level<L extends Labels> {
  set(labels: L, value: number): void;
  /** Forgets one series, for example that of a rule that is gone. */
  remove(labels: L): void;
  /** Forgets every series. */
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
  /** The names of its labels, without `le` and `quantile`. */
  readonly labels: readonly string[];
}

/** Every instrument of firstseen. Times are in seconds, sizes in bytes. */
export interface Metrics {
  /** Batches that were read and handed to ingest, by the status code of the answer. */
  readonly batches: Count<{ readonly cluster: string; readonly code: string }>;
  readonly batchEvents: Distribution<InCluster>;
  readonly batchBytes: Distribution<InCluster>;
  /** From the last byte of a batch to its answer. */
  readonly ackSeconds: Distribution<InCluster>;
  readonly lastBatchTimestamp: Level<InCluster>;
  readonly senderLastBatchTimestamp: Level<OfSender>;
  readonly senderCertificateExpiry: Level<OfSender>;
  /** Requests answered, or cut off, without a look at their body. */
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

  /** 1 if the store answered when it was last asked, else 0. */
  readonly storeUp: Level<None>;
  readonly storeUpdateSeconds: Distribution<{ readonly outcome: 'committed' | 'failed' }>;
  readonly storeConflicts: Count<None>;
  readonly storeErrors: Count<{ readonly code: string }>;

  readonly due: Level<InSink>;
  readonly dueOldestSeconds: Level<InSink>;
  readonly dead: Level<InSink>;
  readonly delivered: Count<{ readonly sink: string }>;
  readonly deliveryFailures: Count<{ readonly sink: string; readonly code: string }>;

  /** 1 on the replica that does what one does for all. */
  readonly leaseHeld: Level<None>;
  readonly heartbeats: Count<{ readonly cluster: string; readonly outcome: 'sent' | 'failed' | 'seen' }>;
  readonly heartbeatLastSeen: Level<InCluster>;
  readonly heartbeatRoundTripSeconds: Level<InCluster>;

  /** Always 1; the labels say what runs. */
  readonly buildInfo: Level<{ readonly version: string; readonly node: string }>;

  /** Every instrument, with or without a series, those of the process among them. */
  describe(): readonly InstrumentDescription[];
  /** Every series in the text format of Prometheus, the process's own among them. */
  expose(): Promise<{ readonly contentType: string; readonly text: string }>;
}

const LATENCY_SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
/** As far as the API server waits. */
const ACK_SECONDS = [...LATENCY_SECONDS, 20, 30];
const BATCH_EVENTS = [1, 2, 5, 10, 25, 50, 100, 200, 400, 1_000, 5_000];
const TYPES = ['counter', 'gauge', 'histogram', 'summary'] as const;
const KIB = 1024;
const BATCH_BYTES = [1, 4, 16, 64, 256, 1_024, 4_096, 16_384, 65_536].map((kib) => kib * KIB);

/** Makes the instruments in a registry of their own, so that a process (or a test) may hold several sets. */
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
      'Batches read and evaluated, by cluster and status code. 200: all that the batch caused is committed; 503: the API server will send it again.',
      'cluster',
      'code',
    ),
    batchEvents: distribution('batch_events', 'Audit events in an accepted batch.', BATCH_EVENTS, 'cluster'),
    batchBytes: distribution('batch_bytes', 'Size of the body of a batch, in bytes.', BATCH_BYTES, 'cluster'),
    ackSeconds: distribution(
      'ack_seconds',
      'Time from the last byte of a batch to its answer, in seconds. The API server gives up at 30.',
      ACK_SECONDS,
      'cluster',
    ),
    lastBatchTimestamp: level(
      'last_batch_timestamp_seconds',
      'Unix time at which the last batch of a cluster was accepted; 0 if none was since the start. One that stands still means that nothing is detected.',
      'cluster',
    ),
    senderLastBatchTimestamp: level(
      'sender_last_batch_timestamp_seconds',
      'Unix time at which the last batch from one address was accepted: an API server, or what stands between. At most 32 a cluster, forgotten after an hour.',
      'cluster',
      'sender',
    ),
    senderCertificateExpiry: level(
      'sender_certificate_expiry_timestamp_seconds',
      'Unix time at which the client certificate expires that a sender has shown last.',
      'cluster',
      'sender',
    ),
    requestsRefused: count(
      'requests_refused_total',
      'Requests refused before their body was evaluated, by reason. None of their events was seen.',
      'reason',
    ),
    bytesInFlight: level('bytes_in_flight', 'Bytes of request bodies now held in memory.'),
    certificateExpiry: level(
      'certificate_expiry_timestamp_seconds',
      'Unix time at which a certificate in use expires, the first to expire of each kind: server, server_chain (what stands behind it in its file), client_ca.',
      'name',
    ),

    events: count(
      'events_total',
      'Audit events, by what became of them: evaluated, own_write (dropped) or quarantined.',
      'cluster',
      'outcome',
    ),
    quarantined: count('quarantined_total', 'Audit events that could not be read, by reason.', 'cluster', 'reason'),
    ownWritesDropped: count(
      'own_writes_dropped_total',
      "Audit events of firstseen's own writes, which are not evaluated.",
      'cluster',
    ),
    truncatedEvents: count(
      'truncated_events_total',
      'Audit events that arrived or were read without their bodies because they were too large.',
      'cluster',
    ),
    skewedEvents: count(
      'skewed_events_total',
      'Audit events with a time more than 10 minutes ahead of their receipt. The clocks differ.',
      'cluster',
    ),
    lateEvents: count(
      'late_events_total',
      'Audit events that came too late to be counted in a window or sequence.',
      'cluster',
    ),

    rules: level('rules', 'Rules, by state.', 'state'),
    rulesLearning: level(
      'rules_learning',
      'Rules of a cluster that still learn: what is new to them is remembered and opens no alert.',
      'cluster',
    ),
    ruleErrors: count(
      'rule_errors_total',
      'Evaluations of a rule that failed, so that it did not see the event, or were given up in part because they cost too much.',
      'rule',
    ),
    matches: count('matches_total', 'Events that matched a rule.', 'cluster', 'rule'),
    exceptedMatches: count('excepted_matches_total', 'Events that an exception kept from a rule.', 'cluster', 'rule'),
    decisions: count(
      'decisions_total',
      'Decisions of a rule, by outcome: duplicate, attached, opened, overflow, learning, known, held or late.',
      'cluster',
      'rule',
      'outcome',
    ),
    termsHeld: level('terms_held', 'Terms that a rule remembers, or groups of events.', 'cluster', 'rule'),
    alertsOpened: count('alerts_opened_total', 'Alerts opened, by severity.', 'cluster', 'severity'),

    storeUp: level('store_up', 'Whether the store answered when it was last asked, every 2 s: 1 or 0.'),
    storeUpdateSeconds: distribution(
      'store_update_seconds',
      'Time of one atomic update of the store, retries included, in seconds.',
      LATENCY_SECONDS,
      'outcome',
    ),
    storeConflicts: count('store_conflicts_total', 'Updates begun again because another replica came first.'),
    storeErrors: count('store_errors_total', 'Updates that the store did not take, by code.', 'code'),

    due: level('due', 'Alerts that a sink has still to deliver.', 'cluster', 'sink'),
    dueOldestSeconds: level(
      'due_oldest_seconds',
      'Age of the alert that a sink has owed longest, in seconds.',
      'cluster',
      'sink',
    ),
    dead: level('dead', 'Alerts that a sink refused for good. They are not delivered again.', 'cluster', 'sink'),
    delivered: count('delivered_total', 'Deliveries that a sink took.', 'sink'),
    deliveryFailures: count('delivery_failures_total', 'Deliveries that failed, by code.', 'sink', 'code'),

    leaseHeld: level(
      'lease_held',
      'Whether this replica does what one does for all: carry phases and deletions back, retention, the heartbeat. 1 or 0.',
    ),
    heartbeats: count(
      'heartbeats_total',
      'Heartbeats through the API server: sent, failed (could not be sent), or seen (it came back as an audit event).',
      'cluster',
      'outcome',
    ),
    heartbeatLastSeen: level(
      'heartbeat_last_seen_timestamp_seconds',
      'Unix time at which a heartbeat came back as an audit event; 0 if none has since the start, no series if it is not enabled.',
      'cluster',
    ),
    heartbeatRoundTripSeconds: level(
      'heartbeat_round_trip_seconds',
      'Time from sending the last heartbeat that came back to its receipt as an audit event, in seconds.',
      'cluster',
    ),

    buildInfo: level('build_info', 'Always 1; the labels say which version runs on which Node.', 'version', 'node'),

    describe: () => registry.getMetricsAsArray().map(describe),

    async expose() {
      return { contentType: registry.contentType, text: await registry.metrics() };
    },
  };
}

/** What prom-client has under `labelNames` is missing from its types; a collector of its own may have none. */
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
