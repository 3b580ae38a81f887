import { z } from 'zod';
import type { Sink } from '../alerts/sink.ts';
import type { AlertRecord } from '../detect/alert.ts';
import { alertPath } from '../kubernetes/alert-resource.ts';
import type { ApiCall, KubernetesClient, RefusalReason } from '../kubernetes/client.ts';
import {
  alertReference,
  eventNamespace,
  eventResource,
  type ObjectReference,
  requestedObject,
} from '../kubernetes/event-resource.ts';
import { onFault } from '../telemetry/operational-error.ts';

export interface KubernetesEventSinkDeps {
  readonly client: Pick<KubernetesClient, 'call'>;
}

export interface KubernetesEventSinkOptions {
  /** The monitored cluster whose API server the client talks to. */
  readonly localCluster: string;
  /** Looks up the uid of the object if the audit event lacks it. */
  readonly lookUp: boolean;
  /** Name of the reporting pod or host. */
  readonly instance: string;
}

/** Requests only metadata, because the rest of the object is not needed. */
const METADATA_ONLY = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1';

const withUid = z.object({ metadata: z.object({ uid: z.string().min(1) }) });

/**
 * Creates a Kubernetes Event for each new alert of the local cluster: about the object of the request, in its
 * namespace, or else about the Alert. Later changes are only on the Alert.
 */
export function createKubernetesEventSink(
  { client }: KubernetesEventSinkDeps,
  { localCluster, lookUp, instance }: KubernetesEventSinkOptions,
): Sink {
  /** Undefined if the object does not exist or is not readable: an Event is not worth a failure. */
  async function uidAt(path: string, signal: AbortSignal): Promise<string | undefined> {
    const get: ApiCall = { method: 'GET', path, accept: METADATA_ONLY, expect: ['NotFound'] };
    const answer = await client.call(get, signal).catch(onFault(() => undefined));
    signal.throwIfAborted();
    const read = withUid.safeParse(answer?.kind === 'ok' ? answer.body : undefined);
    return read.success ? read.data.metadata.uid : undefined;
  }

  /** The object with its uid, without which `kubectl describe` does not show the Event. */
  async function objectOf(alert: AlertRecord, signal: AbortSignal): Promise<ObjectReference | undefined> {
    const object = requestedObject(alert.spec.request);
    if (object === undefined || object.reference.uid !== undefined) return object?.reference;
    if (!lookUp || object.path === undefined) return undefined;
    const uid = await uidAt(object.path, signal);
    return uid === undefined ? undefined : { ...object.reference, uid };
  }

  /** @returns false if the namespace does not accept Events because it is deleted or terminating */
  async function record(alert: AlertRecord, regarding: ObjectReference, signal: AbortSignal): Promise<boolean> {
    const namespace = eventNamespace(regarding);
    const expect: readonly RefusalReason[] =
      regarding.namespace === undefined ? ['AlreadyExists'] : ['AlreadyExists', 'NotFound', 'Forbidden'];
    const path = `/apis/events.k8s.io/v1/namespaces/${encodeURIComponent(namespace)}/events`;
    const call: ApiCall = { method: 'POST', path, body: eventResource(alert, regarding, instance), expect };
    const answer = await client.call(call, signal);
    return answer.kind === 'ok' || answer.reason === 'AlreadyExists';
  }

  return {
    name: 'kubernetes-event',
    openingsOnly: true,
    removes: false,
    coalesceMs: 0,
    async deliver(alert, _delivered, signal) {
      if (alert.cluster !== localCluster || alert.state.removed) return 'done';
      const object = await objectOf(alert, signal);
      if (object !== undefined && (await record(alert, object, signal))) return 'done';
      await record(alert, alertReference(alert, await uidAt(alertPath(alert.id), signal)), signal);
      return 'done';
    },
  };
}
