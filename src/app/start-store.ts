import type { AlertQueue } from '../alerts/queue.ts';
import type { Store } from '../alerts/store.ts';
import { watchStore } from '../alerts/watch-store.ts';
import type { Config } from '../config/schema.ts';
import type { ReadinessCheck } from '../ingest/readiness.ts';
import type { Traced } from '../ingest/traced.ts';
import { openState } from '../state/open-state.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { OPERATIONAL_ERRORS, OperationalError } from '../telemetry/operational-error.ts';
import type { Undo } from './unwind.ts';

export interface StoreDeps {
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly traced: Traced;
}

export interface StartedStore {
  readonly store: Store & AlertQueue;
  readonly readiness: () => ReadinessCheck;
}

/** Opens the state and monitors whether it answers. */
export async function startStore(
  config: Config,
  { logger, metrics, traced }: StoreDeps,
  undo: Undo[],
): Promise<StartedStore> {
  for (const code of Object.keys(OPERATIONAL_ERRORS)) {
    if (code.startsWith('store_')) metrics.storeErrors.inc({ code }, 0);
  }
  const opened = await openState(config.state, {
    update: (seconds, outcome, error) => {
      metrics.storeUpdateSeconds.observe({ outcome: outcome === 'failed' ? 'failed' : 'committed' }, seconds);
      if (error instanceof OperationalError) metrics.storeErrors.inc({ code: error.code });
    },
    conflict: () => metrics.storeConflicts.inc({}),
  });
  const store = traced.store(opened);
  undo.push(() => store.close());
  logger.info('state opened', { store: store.kind, durability: store.durability });
  const health = watchStore(store, metrics);
  undo.push(() => health.stop());
  const readiness = (): ReadinessCheck => ({ name: 'store', required: false, ...health.check() });
  return { store, readiness };
}
