import type { Store } from './store.ts';

const INTERVAL_MS = 2_000;

/** Asks the store now and then whether it answers, for the readiness page. */
export function watchStore(store: Store): {
  check(): { readonly ok: boolean; readonly detail: string };
  stop(): void;
} {
  let failure: string | undefined;
  const look = () =>
    store.ping().then(
      () => {
        failure = undefined;
      },
      (error: unknown) => {
        failure = error instanceof Error ? error.message : String(error);
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
