import type { ReceiverOptions } from '../http/options.ts';
import { createReceiver } from '../http/receiver.ts';
import { createIntake, type IntakeDeps } from '../ingest/intake.ts';
import type { Source } from '../ingest/source.ts';
import type { Metrics } from '../telemetry/metrics.ts';

export interface SourceDeps extends IntakeDeps {
  readonly metrics: Metrics;
  /** Told of a throw that no source can mend; the process should end and start anew. */
  readonly onBug: (error: unknown) => void;
}

export interface SourceOptions {
  readonly receiver: ReceiverOptions;
}

/** The sources that the configuration asks for, each with an intake of its own. */
export function createSources(deps: SourceDeps, { receiver }: SourceOptions): readonly Source[] {
  const clusters = receiver.clusters.map(({ name }) => name);
  const intake = () => createIntake(deps, clusters);
  return [createReceiver({ ...deps, intake: intake() }, receiver)];
}
