import type { Store } from '../alerts/store.ts';
import type { DecodedEvent } from '../audit/event.ts';
import type { Detector } from '../detect/detector.ts';
import { settle } from '../detect/settle.ts';
import type { SinkSchedule } from '../detect/settle-context.ts';
import type { CompiledRule } from '../rules/compiled-rule.ts';
import type { Hashes } from '../rules/hashes.ts';
import { LATENESS } from '../rules/limits.ts';
import { ruleFields, stateKeys } from '../rules/state-keys.ts';
import { onFault } from '../telemetry/operational-error.ts';
import type { Heartbeat } from './heartbeat.ts';
import { type NamespaceLabels, withNamespaceLabels } from './namespace-labels.ts';
import type { IngestObserver } from './observer.ts';
import type { OwnWrites } from './own-writes.ts';

export interface EvaluatorDeps {
  readonly store: Store;
  /** The rules in force. Called once a batch, so that one set of rules evaluates the whole batch. */
  readonly detector: () => Detector;
  readonly hashes: Hashes;
  readonly sinks: readonly SinkSchedule[];
  /** Undefined if no event can be our own. */
  readonly own: OwnWrites | undefined;
  /** Undefined if no namespace labels are known. */
  readonly namespaceLabels?: NamespaceLabels | undefined;
  readonly observer?: IngestObserver;
  /** Records who wrote the status of alerts, if the cluster that holds them sends its events here. */
  readonly review?: ((cluster: string, events: readonly DecodedEvent[]) => Promise<void>) | undefined;
  /** Takes heartbeats out of a batch, if they are enabled. */
  readonly heartbeat?: Pick<Heartbeat, 'take'> | undefined;
}

/**
 * Evaluates the events of one cluster: drops our own writes, matches the rest, and settles the decisions in the store.
 * Resolves when all effects of the events are committed.
 * @throws OperationalError (retryable) if they could not be committed
 */
export type Evaluator = (cluster: string, events: readonly DecodedEvent[]) => Promise<void>;

export function createEvaluator({
  store,
  detector,
  hashes,
  sinks,
  own,
  namespaceLabels,
  observer,
  review,
  heartbeat,
}: EvaluatorDeps): Evaluator {
  /** The latest event time of each cluster. */
  const highest = new Map<string, number>();

  /** When each learning rule first ran on each cluster (µs), by `cluster/memoryKey`. */
  const begun = new Map<string, number>();

  /** The learning time begins when a rule first runs on a cluster, whether or not an event matches. */
  async function noteStart(cluster: string, learners: readonly CompiledRule[], at: number): Promise<void> {
    const starting = learners.map(({ memoryKey }) => memoryKey).filter((key) => !begun.has(`${cluster}/${key}`));
    if (starting.length === 0) return;
    const keys = starting.map(stateKeys.rule);
    const reads = keys.map((key) => ({ kind: 'fields', key, fields: [ruleFields.since] }) as const);
    const writes = keys.map(
      (key) => ({ kind: 'setFields', key, mode: 'absent', fields: { [ruleFields.since]: String(at) } }) as const,
    );
    const noted = store.update(cluster, reads, (result) => ({ kind: 'commit', writes, result }));
    // A batch without decisions does not need the store. The next batch tries again.
    for (const [index, before] of (await noted.catch(onFault(() => []))).entries()) {
      const since = before.kind === 'fields' ? before.values[0] : undefined;
      begun.set(`${cluster}/${starting[index]}`, Number(since ?? at));
    }
  }

  async function learn(cluster: string, rules: readonly CompiledRule[], at: number): Promise<void> {
    if (at === 0) return;
    const learners = rules.filter((rule) => learningMicros(rule) > 0);
    await noteStart(cluster, learners, at);
    const ends = (rule: CompiledRule) => (begun.get(`${cluster}/${rule.memoryKey}`) ?? at) + learningMicros(rule);
    observer?.learning(cluster, learners.filter((rule) => at < ends(rule)).length);
  }

  return async (cluster, batch) => {
    const events = heartbeat === undefined ? batch : await heartbeat.take(cluster, batch);
    const foreign = own === undefined ? events : await own.foreign(cluster, events);
    observer?.ownWrites(cluster, events.length - foreign.length);

    await review?.(cluster, foreign);

    const before = highest.get(cluster) ?? 0;
    const hwm = reachedBy(foreign, before);
    highest.set(cluster, hwm);
    observer?.late(cluster, foreign.filter(({ at }) => at < hwm - LATENESS).length);

    const inForce = detector();
    await learn(cluster, inForce.rules, hwm);
    const labelled = namespaceLabels === undefined ? foreign : withNamespaceLabels(namespaceLabels, cluster, foreign);
    const detection = inForce.detect(cluster, labelled);
    observer?.detected(cluster, foreign.length, detection);

    // A batch without decisions does not need the store. If a later part of a batch fails, the parts before it stay
    // committed: when the batch comes again, their events are known as counted.
    let reached = before;
    let left = detection.decisions.length;
    for (const decisions of slices(detection.decisions, store.decisionsPerCommit)) {
      left -= decisions.length;
      // Later events of the batch must not expire yet what they are compared with.
      reached =
        left === 0
          ? hwm
          : reachedBy(
              decisions.map(({ event }) => event),
              reached,
            );
      const { reads, step } = settle(decisions, { cluster, hwm: reached, sinks, hashes });
      const settled = await store.update(cluster, reads, step);
      observer?.settled(cluster, decisions, settled);
    }
  };
}

function learningMicros({ document }: CompiledRule): number {
  return document.newTerms?.learningMicros ?? 0;
}

/** The latest event time of the cluster after these events, at most the time of their receipt. */
function reachedBy(events: readonly DecodedEvent[], before: number): number {
  return events.reduce((hwm, { at, receivedAt }) => Math.max(hwm, Math.min(at, receivedAt)), before);
}

function* slices<T>(items: readonly T[], size: number): Iterable<readonly T[]> {
  for (let start = 0; start < items.length; start += size) yield items.slice(start, start + size);
}
