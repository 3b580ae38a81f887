import type { ReceiverOptions } from '../http/options.ts';
import { createReceiver } from '../http/receiver.ts';
import { createIntake, type IntakeDeps } from '../ingest/intake.ts';
import type { Source } from '../ingest/source.ts';
import type { Metrics } from '../telemetry/metrics.ts';

export interface SourceDeps extends IntakeDeps {
  readonly metrics: Metrics;
  /** Called with an error that no source can recover from; the process should end and restart. */
  readonly onBug: (error: unknown) => void;
}

export interface SourceOptions {
  readonly receiver: ReceiverOptions;
}

/** Creates the configured sources, each with its own intake. */
export function createSources(deps: SourceDeps, { receiver }: SourceOptions): readonly Source[] {
  const clusters = receiver.clusters.map(({ name }) => name);
  const intake = () => createIntake(deps, clusters);
  return [createReceiver({ ...deps, intake: intake() }, receiver)];
}
