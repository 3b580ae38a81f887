import { once } from 'node:events';
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { OperationalError } from '../telemetry/operational-error.ts';
import { type ApiStatus, errorOf, parseStatus } from './api-status.ts';
import { type KubeconfigSource, openApiAccess } from './open-api-access.ts';
import { readText } from './read-text.ts';
import { type WatchEvent, watchEvents } from './watch-events.ts';

/** The reason of a rejection: a `metav1.StatusReason` of k8s.io/apimachinery. */
export type RefusalReason = 'AlreadyExists' | 'Conflict' | 'Expired' | 'Forbidden' | 'Invalid' | 'NotFound';

export interface ApiCall {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** The path with its query, each part encoded. */
  readonly path: string;
  readonly body?: unknown;
  /** `application/merge-patch+json` for a PATCH by default. */
  readonly contentType?: string;
  readonly accept?: string;
  /** The Audit-ID of the call; by default the API server chooses one. */
  readonly auditID?: string;
  /** Rejections that count as an answer to this call instead of a fault. */
  readonly expect?: readonly RefusalReason[];
}

export type ApiAnswer =
  | { readonly kind: 'ok'; readonly body: unknown }
  | { readonly kind: 'refused'; readonly reason: RefusalReason; readonly message: string };

/** A Kubernetes API server. */
export interface KubernetesClient {
  /**
   * @throws OperationalError `api_unavailable` if a retry can help (no answer, 401, 403, 429, 5xx, a kind that is not
   * served), else `api_rejected`; the message has the server's answer, sanitised and bounded.
   */
  call(call: ApiCall, signal?: AbortSignal): Promise<ApiAnswer>;
  /**
   * Sends a GET and returns its status code, whatever it is.
   * @throws OperationalError `api_unavailable` without an answer
   */
  statusOf(path: string): Promise<number>;
  /**
   * Watches until the server ends the watch, as it does after some minutes.
   *
   * @param path the path of the collection with its query, without `watch`
   * @throws OperationalError as `call` does
   */
  watch(path: string, signal: AbortSignal): AsyncIterable<WatchEvent>;
  /** Closes idle connections. */
  close(): void;
}

export interface KubernetesClientOptions extends KubeconfigSource {
  /** firstseen's version, for the user agent. */
  readonly version: string;
  /** Time limit of a call, in milliseconds. */
  readonly timeoutMs?: number;
  /** How long a watch may be silent, in milliseconds. Bookmarks come about once a minute. */
  readonly watchSilenceMs?: number;
}

/** Far more than a page of alerts. */
const MAX_BODY_BYTES = 32 * 1024 * 1024;

/**
 * A client for firstseen's few calls to the Kubernetes API: on custom resources, events and metadata.
 *
 * It keeps connections open, because client-node 2.0 opens a new TLS connection for each call, and its watch ends by
 * itself after 30 silent seconds and swallows errors in its callback.
 *
 * @throws Error if the kubeconfig or the pod's service account is not usable
 */
export async function createKubernetesClient(options: KubernetesClientOptions): Promise<KubernetesClient> {
  const access = await openApiAccess(options);
  const { timeoutMs = 15_000, watchSilenceMs = 150_000 } = options;
  const secure = access.server.startsWith('https:');
  // https.Agent keeps connections with different credentials apart, so rotated credentials open new connections.
  const kept = { keepAlive: true, timeout: 60_000, maxSockets: 32 };
  const agent = secure ? new HttpsAgent(kept) : new HttpAgent(kept);
  const userAgent = `firstseen/${options.version}`;

  /** Sends the request and resolves with its response headers. */
  async function send(call: ApiCall, signal: AbortSignal): Promise<IncomingMessage> {
    const credentials = await access.credentials();
    const body = call.body === undefined ? undefined : JSON.stringify(call.body);
    const target = new URL(access.server + call.path);
    const request = (secure ? httpsRequest : httpRequest)(target, {
      agent,
      ...credentials,
      method: call.method,
      signal,
      headers: {
        ...credentials.headers,
        accept: call.accept ?? 'application/json',
        'user-agent': userAgent,
        ...(call.auditID === undefined ? {} : { 'audit-id': call.auditID }),
        ...(body === undefined
          ? {}
          : { 'content-type': call.contentType ?? 'application/json', 'content-length': Buffer.byteLength(body) }),
      },
    });
    request.end(body);
    const [response]: IncomingMessage[] = await once(request, 'response');
    // Reading the body throws later errors.
    request.on('error', () => {});
    if (response === undefined) throw new Error('no response');
    return response;
  }

  /** Sends the request and reads the whole answer within the time limit of a call. */
  async function exchange(call: ApiCall, signal?: AbortSignal): Promise<{ readonly status: number; text: string }> {
    const deadline = new AbortController();
    const timer = setTimeout(() => deadline.abort(new Error(`no answer in ${timeoutMs} ms`)), timeoutMs);
    const abort = () => deadline.abort(signal?.reason);
    signal?.addEventListener('abort', abort, { once: true });
    try {
      signal?.throwIfAborted();
      const response = await send(call, deadline.signal);
      return { text: await readText(response, MAX_BODY_BYTES), status: response.statusCode ?? 0 };
    } catch (error) {
      throw unavailable(call, deadline.signal.aborted ? deadline.signal.reason : error);
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
    }
  }

  return {
    async call(call, signal) {
      const { status, text } = await exchange(call, signal);
      if (status < 200 || status >= 300) return refusal(call, parseStatus(status, text));
      try {
        return { kind: 'ok', body: JSON.parse(text) };
      } catch (error) {
        throw unavailable(call, error);
      }
    },

    statusOf: async (path) => (await exchange({ method: 'GET', path })).status,

    async *watch(path, signal) {
      const call: ApiCall = { method: 'GET', path: `${path}${path.includes('?') ? '&' : '?'}watch=true` };
      const silence = new AbortController();
      const abort = () => silence.abort(signal.reason);
      signal.addEventListener('abort', abort, { once: true });
      const timer = setTimeout(() => silence.abort(new Error(`silent for ${watchSilenceMs} ms`)), watchSilenceMs);
      try {
        signal.throwIfAborted();
        const response = await send(call, silence.signal);
        const status = response.statusCode ?? 0;
        if (status !== 200)
          throw errorOf(call.method, call.path, parseStatus(status, await readText(response, MAX_BODY_BYTES)));
        yield* watchEvents(response, () => timer.refresh());
      } catch (error) {
        throw unavailable(call, silence.signal.aborted ? silence.signal.reason : error);
      } finally {
        clearTimeout(timer);
        signal.removeEventListener('abort', abort);
        // The loop over the watch ended early: the connection cannot be reused.
        silence.abort();
      }
    },

    close() {
      agent.destroy();
    },
  };
}

function refusal(call: ApiCall, status: ApiStatus): ApiAnswer {
  const reason = call.expect?.find((expected) => expected === status.reason);
  // A 404 that names no object is about the path: the kind is not served (yet).
  if (reason === undefined || (reason === 'NotFound' && !status.namesObject))
    throw errorOf(call.method, call.path, status);
  return { kind: 'refused', reason, message: status.message };
}

function unavailable(call: ApiCall, error: unknown): OperationalError {
  if (error instanceof OperationalError) return error;
  const text = error instanceof Error ? error.message : String(error);
  return new OperationalError('api_unavailable', `${call.method} ${pathOf(call.path)}: ${text}`, { cause: error });
}

function pathOf(path: string): string {
  return path.split('?', 1)[0] ?? path;
}
