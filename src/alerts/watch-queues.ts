import type { Metrics } from '../telemetry/metrics.ts';
import type { AlertQueue } from './queue.ts';

const INTERVAL_MS = 5_000;

/** Updates the gauges of undelivered alerts for each sink. */
export function watchQueues(
  queue: AlertQueue,
  metrics: Pick<Metrics, 'due' | 'dueOldestSeconds' | 'dead'>,
  clusters: readonly string[],
  sinks: readonly string[],
): { stop(): void } {
  async function look(): Promise<void> {
    for (const cluster of clusters) {
      for (const sink of sinks) {
        const { due, oldestMs, dead } = await queue.depth(cluster, sink);
        metrics.due.set({ cluster, sink }, due);
        metrics.dueOldestSeconds.set({ cluster, sink }, oldestMs / 1_000);
        metrics.dead.set({ cluster, sink }, dead);
      }
    }
  }
  // Other checks and counters report an unavailable store.
  const timer = setInterval(() => look().catch(() => {}), INTERVAL_MS);
  timer.unref();
  return { stop: () => clearInterval(timer) };
}
