import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { OperationalError } from '../telemetry/operational-error.ts';
import { type KubeconfigSource, openApiAccess } from './open-api-access.ts';
import { readText } from './read-text.ts';

/** An answer of the API server, whatever its status. */
export interface ProbeAnswer {
  readonly status: number;
  /** Of the head, such as `Tue, 24 Nov 2026 11:00:00 GMT`. */
  readonly date: string | undefined;
  readonly text: string;
}

export interface ProbeCall {
  readonly path: string;
  readonly accept?: string;
  /** Sent as JSON with POST; GET without it. */
  readonly body?: unknown;
}

/** Asks one API server, and tells what it said: heads, statuses and texts that a client for objects hides. */
export interface ApiProbe {
  readonly server: string;
  /** @throws OperationalError `api_unavailable` if there is no answer */
  ask(call: ProbeCall): Promise<ProbeAnswer>;
}

export interface ApiProbeOptions extends KubeconfigSource {
  readonly userAgent: string;
  /** For a whole answer, in milliseconds. */
  readonly timeoutMs: number;
}

/** A schema of the largest group, or the metrics of a busy API server. */
const MAX_BODY_BYTES = 64 * 1024 * 1024;

/**
 * A connection for each call: `firstseen doctor` makes a few dozen, and has to see what a fresh one meets.
 * @throws Error if the kubeconfig, or the pod's service account, cannot be used
 */
export async function createApiProbe(options: ApiProbeOptions): Promise<ApiProbe> {
  const access = await openApiAccess(options);
  const { server } = access;

  async function send({ path, accept = 'application/json', body }: ProbeCall): Promise<ProbeAnswer> {
    const credentials = await access.credentials();
    const target = new URL(server + path);
    const text = body === undefined ? undefined : JSON.stringify(body);
    const request = (target.protocol === 'https:' ? httpsRequest : httpRequest)(target, {
      agent: false,
      ...credentials,
      method: text === undefined ? 'GET' : 'POST',
      signal: AbortSignal.timeout(options.timeoutMs),
      headers: {
        ...credentials.headers,
        accept,
        'user-agent': options.userAgent,
        ...(text === undefined
          ? {}
          : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
      },
    });
    request.end(text);
    const [response]: IncomingMessage[] = await once(request, 'response');
    request.on('error', () => {}); // what fails after the head is thrown by the reading of the body
    if (response === undefined) throw new Error('no response');
    return {
      status: response.statusCode ?? 0,
      date: response.headers.date,
      text: await readText(response, MAX_BODY_BYTES),
    };
  }

  return {
    server,
    async ask(call) {
      try {
        return await send(call);
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        throw new OperationalError('api_unavailable', `the API server at ${server} does not answer: ${reason}`, {
          cause: error,
        });
      }
    },
  };
}
