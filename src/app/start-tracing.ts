import type { Config } from '../config/schema.ts';
import { createTraced, type Traced, UNTRACED } from '../ingest/traced.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Undo } from './unwind.ts';

export interface TracingDeps {
  readonly logger: Logger;
  readonly version: string;
  readonly instance: string;
}

/** How long a stop waits for the collector to accept the last spans. */
const TRACES_LEFT_MS = 2_000;

/** Starts tracing, if it is enabled. */
export async function startTracing(
  { tracing: { endpoint, sampleRatio } }: Config,
  { logger, version, instance }: TracingDeps,
  undo: Undo[],
): Promise<Traced> {
  if (endpoint === undefined) return UNTRACED;
  const { startOtlpTracing } = await import('../telemetry/otlp-tracing.ts');
  const tracing = startOtlpTracing({ endpoint, sampleRatio, version, instance }, logger);
  undo.push(() => tracing.stop(TRACES_LEFT_MS));
  logger.info('traces are sent', { endpoint, sampleRatio });
  return createTraced(tracing);
}
