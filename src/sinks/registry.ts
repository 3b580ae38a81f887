import type { Sink } from '../alerts/sink.ts';
import type { KubernetesClient } from '../kubernetes/client.ts';
import type { KubernetesOptions } from '../kubernetes/options.ts';
import { createAlertSink } from './alert-sink.ts';
import { createKubernetesEventSink } from './kubernetes-event-sink.ts';
import { createLogSink } from './log-sink.ts';
import type { SinksOptions } from './options.ts';

export interface SinkDeps {
  /** Undefined if no Kubernetes API is to be written to. */
  readonly kubernetes: Pick<KubernetesClient, 'call'> | undefined;
  /** Takes the lines of the log sink. */
  readonly write: (line: string) => void;
  /** The pod or host that reports. */
  readonly instance: string;
}

export interface SinkOptions {
  readonly kubernetes: Pick<KubernetesOptions, 'localCluster' | 'alerts' | 'events'>;
  readonly sinks: SinksOptions;
}

/** The sinks that the configuration asks for. */
export function createSinks({ kubernetes: client, write, instance }: SinkDeps, options: SinkOptions): readonly Sink[] {
  const { localCluster, alerts, events } = options.kubernetes;
  const { log } = options.sinks;
  return [
    client && alerts.enabled && createAlertSink({ client }),
    client &&
      events.enabled &&
      createKubernetesEventSink({ client }, { localCluster, lookUp: events.lookUp, instance }),
    log.enabled && createLogSink({ write }),
  ].filter((sink) => sink !== undefined && sink !== false);
}
