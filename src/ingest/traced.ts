import type { Sink } from '../alerts/sink.ts';
import type { Store } from '../alerts/store.ts';
import type { Detector } from '../detect/detector.ts';
import type { TraceLink, Tracing } from '../telemetry/tracing.ts';
import type { Ingest } from './ingest.ts';
import type { IngestObserver } from './observer.ts';

/** Adds spans to the steps of the pipeline from outside; without tracing the steps are unchanged. */
export interface Traced {
  ingest(ingest: Ingest): Ingest;
  observer(observer: IngestObserver): IngestObserver;
  detector(detector: Detector): Detector;
  store<S extends Store>(store: S): S;
  sinks(sinks: readonly Sink[]): readonly Sink[];
}

export const UNTRACED: Traced = {
  ingest: (ingest) => ingest,
  observer: (observer) => observer,
  detector: (detector) => detector,
  store: (store) => store,
  sinks: (sinks) => sinks,
};

/** How many alerts are remembered with their batch, to link their deliveries to it. The oldest go first. */
const MOST_LINKS = 1_000;

/**
 * One trace for each batch: `batch` with the children `decode`, `detect` and `store.update`. A delivery has its own
 * trace, because it may come much later and be retried; its `sink.deliver` links to the batch that opened the alert, if
 * this replica had it.
 */
export function createTraced(tracing: Tracing): Traced {
  const openedIn = new Map<string, TraceLink>();

  function remember(alerts: readonly string[]): void {
    const link = tracing.link();
    if (link === undefined) return;
    for (const alert of alerts) openedIn.set(alert, link);
    for (const alert of openedIn.keys()) {
      if (openedIn.size <= MOST_LINKS) break;
      openedIn.delete(alert);
    }
  }

  return {
    ingest: ({ ingest }) => ({
      ingest: (cluster, body) =>
        tracing.trace('batch', { cluster, bytes: body.length }, [], () => ingest(cluster, body)),
    }),

    observer: (observer) => ({
      ...observer,
      decoded(cluster, events, quarantined) {
        tracing.since('decode', { events: events.length, quarantined: quarantined.length });
        observer.decoded(cluster, events, quarantined);
      },
      settled(cluster, decisions, settled) {
        remember(settled.opened);
        observer.settled(cluster, decisions, settled);
      },
    }),

    detector: (detector) => ({
      rules: detector.rules,
      detect: (cluster, events) =>
        tracing.span('detect', { events: events.length, rules: detector.rules.length }, () =>
          detector.detect(cluster, events),
        ),
    }),

    store: (store) => ({
      ...store,
      update: (cluster, reads, step) =>
        tracing.span('store.update', { cluster, store: store.kind }, () => store.update(cluster, reads, step)),
    }),

    sinks: (sinks) =>
      sinks.map((sink) => ({
        ...sink,
        deliver(alert, delivered, signal) {
          const link = openedIn.get(alert.id);
          const attributes = { sink: sink.name, alert: alert.id, version: alert.version };
          return tracing.trace('sink.deliver', attributes, link === undefined ? [] : [link], () =>
            sink.deliver(alert, delivered, signal),
          );
        },
      })),
  };
}
