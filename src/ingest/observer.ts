import type { QuarantinedItem } from '../audit/decode.ts';
import type { DecodedEvent } from '../audit/event.ts';
import type { Decision } from '../detect/decision.ts';
import type { Detection } from '../detect/detector.ts';
import type { Settled } from '../detect/settle.ts';

/** What ingest tells of its work, for metrics, logs and the demo. Calls are synchronous and must not throw. */
export interface IngestObserver {
  decoded(cluster: string, events: readonly DecodedEvent[], quarantined: readonly QuarantinedItem[]): void;
  ownWrites(cluster: string, count: number): void;
  /** Events that are older than the lateness that windows allow for. */
  late(cluster: string, count: number): void;
  /** How many rules still learn on the cluster. */
  learning(cluster: string, count: number): void;
  /** @param evaluated how many events the rules were shown */
  detected(cluster: string, evaluated: number, detection: Detection): void;
  settled(cluster: string, decisions: readonly Decision[], settled: Settled): void;
}
