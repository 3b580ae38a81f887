import { readAlerts } from '../../src/alerts/records.ts';
import type { Store } from '../../src/alerts/store.ts';
import type { DecodedEvent } from '../../src/audit/event.ts';
import type { AlertRecord } from '../../src/detect/alert.ts';
import type { Decision, Outcome } from '../../src/detect/decision.ts';
import type { Detector } from '../../src/detect/detector.ts';
import type { Settled } from '../../src/detect/settle.ts';
import type { SinkSchedule } from '../../src/detect/settle-context.ts';
import { createEvaluator } from '../../src/ingest/create-evaluator.ts';
import { sha256Hashes } from '../../src/ingest/hashes.ts';
import type { IngestObserver } from '../../src/ingest/observer.ts';
import type { RuleDocument } from '../../src/rules/document.ts';
import { openSqliteState, type SqliteState } from '../../src/state/sqlite/sqlite-state.ts';
import { batchOf } from './events.ts';
import { detectorOf } from './rules.ts';

export const CLUSTER = 'local';

/** What ingest told of its work. */
export interface Told {
  readonly outcomes: Outcome[];
  readonly settled: Settled[];
  ownWrites: number;
  late: number;
  /** What it was told last. */
  learning: number;
}

/** An observer that notes down what it is told. */
export function noting(): { readonly told: Told; readonly observer: IngestObserver } {
  const told: Told = { outcomes: [], settled: [], ownWrites: 0, late: 0, learning: 0 };
  const observer: IngestObserver = {
    decoded() {},
    ownWrites(_cluster, count) {
      told.ownWrites += count;
    },
    late(_cluster, count) {
      told.late += count;
    },
    learning(_cluster, count) {
      told.learning = count;
    },
    detected() {},
    settled(_cluster: string, _decisions: readonly Decision[], settled: Settled) {
      told.outcomes.push(...settled.outcomes);
      told.settled.push(settled);
    },
  };
  return { told, observer };
}

export interface Evaluation {
  readonly store: SqliteState;
  /** Evaluates the events as one batch; what became of each decision, in the order of time. */
  send(...events: readonly DecodedEvent[]): Promise<readonly Outcome[]>;
  /** What the last `send` was told. */
  last(): Settled;
  alerts(): Promise<readonly AlertRecord[]>;
}

/** Rules at work on an empty store in memory, which ends with the process. */
export function evaluation(
  rules: Detector | readonly RuleDocument[],
  { sinks = [] }: { readonly sinks?: readonly SinkSchedule[] } = {},
): Evaluation {
  const store = openSqliteState({ kind: 'sqlite', path: ':memory:' });
  const detector = 'detect' in rules ? rules : detectorOf(...rules);
  const { told, observer } = noting();
  const evaluate = createEvaluator({
    store,
    detector: () => detector,
    hashes: sha256Hashes,
    sinks,
    own: undefined,
    observer,
  });
  return {
    store,
    async send(...events) {
      const before = told.outcomes.length;
      await evaluate(CLUSTER, batchOf(...events));
      return told.outcomes.slice(before);
    },
    last: () => told.settled.at(-1) ?? { outcomes: [], opened: [], fires: new Map(), termsHeld: new Map(), faults: [] },
    alerts: () => readAlerts(store, CLUSTER),
  };
}

/** The same store, with something done before each update; what that throws, the update throws. */
export function withFaults(store: Store, fault: () => Promise<void> | void, afterwards: () => void = () => {}): Store {
  return {
    ...store,
    async update(cluster, reads, step) {
      await fault();
      const result = await store.update(cluster, reads, step);
      afterwards();
      return result;
    },
  };
}
