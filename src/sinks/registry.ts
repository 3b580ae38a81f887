import type { Sink } from '../alerts/sink.ts';
import type { KubernetesClient } from '../kubernetes/client.ts';
import type { KubernetesOptions } from '../kubernetes/options.ts';
import { createAlertSink } from './alert-sink.ts';
import { createKubernetesEventSink } from './kubernetes-event-sink.ts';
import { createLogSink } from './log-sink.ts';
import type { SinksOptions } from './options.ts';

export interface SinkDeps {
  /** Undefined if no Kubernetes API is used. */
  readonly kubernetes: Pick<KubernetesClient, 'call'> | undefined;
  /** Receives the lines of the log sink. */
  readonly write: (line: string) => void;
  /** Name of the reporting pod or host. */
  readonly instance: string;
}

export interface SinkOptions {
  readonly kubernetes: Pick<KubernetesOptions, 'localCluster' | 'alerts' | 'events'>;
  readonly sinks: SinksOptions;
}

/** Creates the configured sinks. */
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
