import type { Sink } from '../alerts/sink.ts';
import type { AlertRecord } from '../detect/alert.ts';
import { ALERTS_PATH, alertPath, alertResource, alertStatusPatch } from '../kubernetes/alert-resource.ts';
import type { ApiAnswer, KubernetesClient } from '../kubernetes/client.ts';

/**
 * Keeps an Alert resource for each alert. It creates the resource once, then patches only its status, whatever the status
 * holds, and never the phase, which belongs to the user. It does not recreate an Alert that a user has deleted.
 */
export function createAlertSink({ client }: { readonly client: Pick<KubernetesClient, 'call'> }): Sink {
  async function create(alert: AlertRecord, signal: AbortSignal): Promise<void> {
    // AlreadyExists: the queue did not learn of an earlier delivery. The spec is immutable, so there is nothing to
    // apply.
    const call = { method: 'POST', path: ALERTS_PATH, body: alertResource(alert), expect: ['AlreadyExists'] } as const;
    await client.call(call, signal);
  }

  function patchStatus(alert: AlertRecord, signal: AbortSignal): Promise<ApiAnswer> {
    const call = {
      method: 'PATCH',
      path: `${alertPath(alert.id)}/status`,
      contentType: 'application/merge-patch+json',
      body: alertStatusPatch(alert.state),
      expect: ['NotFound'],
    } as const;
    return client.call(call, signal);
  }

  return {
    name: 'alert',
    openingsOnly: false,
    removes: true,
    coalesceMs: 10_000,
    async deliver(alert, delivered, signal) {
      if (alert.state.removed) {
        await client.call({ method: 'DELETE', path: alertPath(alert.id), expect: ['NotFound'] }, signal);
        return 'done';
      }
      if (delivered === undefined) await create(alert, signal);
      const answer = await patchStatus(alert, signal);
      return answer.kind === 'ok' ? 'done' : 'ended';
    },
  };
}
