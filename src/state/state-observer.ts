/** Receives a store's events, for metrics. */
export interface StateObserver {
  /**
   * An `update` has ended; the seconds include the wait for its turn. `empty` wrote nothing, `failed` has the error.
   */
  update(seconds: number, outcome: 'committed' | 'empty' | 'failed', error?: unknown): void;
  /** Another replica changed the cluster between the reads and the commit of an `update`, which runs again. */
  conflict(): void;
}

/** Times an update and reports its outcome; `update` returns whether it wrote anything. */
export async function observed<T>(
  observer: StateObserver | undefined,
  update: () => Promise<{ readonly result: T; readonly wrote: boolean }>,
): Promise<T> {
  const start = performance.now();
  const seconds = () => (performance.now() - start) / 1_000;
  try {
    const { result, wrote } = await update();
    observer?.update(seconds(), wrote ? 'committed' : 'empty');
    return result;
  } catch (error) {
    observer?.update(seconds(), 'failed', error);
    throw error;
  }
}
