import type { QuarantinedItem } from '../audit/decode.ts';
import type { DecodedEvent } from '../audit/event.ts';
import type { Decision } from '../detect/decision.ts';
import type { Detection } from '../detect/detector.ts';
import type { Settled } from '../detect/settle.ts';

/** Receives the work of ingest, for metrics, logs and the demo. Calls are synchronous and must not throw. */
export interface IngestObserver {
  decoded(cluster: string, events: readonly DecodedEvent[], quarantined: readonly QuarantinedItem[]): void;
  ownWrites(cluster: string, count: number): void;
  /** Events later than windows allow. */
  late(cluster: string, count: number): void;
  /** The number of rules that are still learning on the cluster. */
  learning(cluster: string, count: number): void;
  /** @param evaluated the number of events that rules saw */
  detected(cluster: string, evaluated: number, detection: Detection): void;
  settled(cluster: string, decisions: readonly Decision[], settled: Settled): void;
}
