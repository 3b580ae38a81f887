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
  /** The rules in force: asked once for each batch, so that a batch is evaluated by one set. */
  readonly detector: () => Detector;
  readonly hashes: Hashes;
  readonly sinks: readonly SinkSchedule[];
  /** Undefined where nothing that comes can be ours. */
  readonly own: OwnWrites | undefined;
  /** Undefined where the labels of no namespace are known. */
  readonly namespaceLabels?: NamespaceLabels | undefined;
  readonly observer?: IngestObserver;
  /** Notes down who wrote the status of alerts, where they stand in a cluster that sends its events here. */
  readonly review?: ((cluster: string, events: readonly DecodedEvent[]) => Promise<void>) | undefined;
  /** Takes its own events out of a batch, where there are such. */
  readonly heartbeat?: Pick<Heartbeat, 'take'> | undefined;
}

/**
 * Evaluates the events of one cluster: drops our own writes, matches the rest, settles the decisions in the store.
 * Resolves when all that the events caused is committed.
 * @throws OperationalError (retryable) if it could not be
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
  /** The latest time that a cluster's events have reached. */
  const highest = new Map<string, number>();

  /** When each learning rule began on each cluster (µs), by `cluster/memoryKey`. */
  const begun = new Map<string, number>();

  /** Learning lasts from when a rule first runs on a cluster, whether an event matches it or not. */
  async function noteStart(cluster: string, learners: readonly CompiledRule[], at: number): Promise<void> {
    const starting = learners.map(({ memoryKey }) => memoryKey).filter((key) => !begun.has(`${cluster}/${key}`));
    if (starting.length === 0) return;
    const keys = starting.map(stateKeys.rule);
    const reads = keys.map((key) => ({ kind: 'fields', key, fields: [ruleFields.since] }) as const);
    const writes = keys.map(
      (key) => ({ kind: 'setFields', key, mode: 'absent', fields: { [ruleFields.since]: String(at) } }) as const,
    );
    const noted = store.update(cluster, reads, (result) => ({ kind: 'commit', writes, result }));
    // A batch without a decision needs no store; with the next one it is tried again.
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

    // A batch without a decision needs no store. A part of a batch that is committed stays so when a later part fails:
    // the batch comes again, and what was counted is then known as counted.
    let reached = before;
    let left = detection.decisions.length;
    for (const decisions of slices(detection.decisions, store.decisionsPerCommit)) {
      left -= decisions.length;
      // What only the rest of the batch has reached must not age yet what that rest is measured by.
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

/** The latest time that the cluster has reached with these events; none moves it beyond its own receipt. */
function reachedBy(events: readonly DecodedEvent[], before: number): number {
  return events.reduce((hwm, { at, receivedAt }) => Math.max(hwm, Math.min(at, receivedAt)), before);
}

function* slices<T>(items: readonly T[], size: number): Iterable<readonly T[]> {
  for (let start = 0; start < items.length; start += size) yield items.slice(start, start + size);
}
