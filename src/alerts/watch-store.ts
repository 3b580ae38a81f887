import type { Metrics } from '../telemetry/metrics.ts';
import type { Store } from './store.ts';

const INTERVAL_MS = 2_000;

/** Pings the store regularly, for readiness and metrics. */
export function watchStore(
  store: Store,
  metrics: Pick<Metrics, 'storeUp'>,
): {
  check(): { readonly ok: boolean; readonly detail: string };
  stop(): void;
} {
  let failure: string | undefined;
  const look = () =>
    store.ping().then(
      () => {
        failure = undefined;
        metrics.storeUp.set({}, 1);
      },
      (error: unknown) => {
        failure = error instanceof Error ? error.message : String(error);
        metrics.storeUp.set({}, 0);
      },
    );
  void look();
  const timer = setInterval(look, INTERVAL_MS);
  timer.unref();
  return {
    check: () => ({ ok: failure === undefined, detail: failure ?? store.durability }),
    stop: () => clearInterval(timer),
  };
}
