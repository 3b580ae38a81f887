import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { OperationalError } from '../telemetry/operational-error.ts';
import { type KubeconfigSource, openApiAccess } from './open-api-access.ts';
import { readText } from './read-text.ts';

/** An answer of the API server, whatever its status. */
export interface ProbeAnswer {
  readonly status: number;
  /** The Date header, such as `Tue, 24 Nov 2026 11:00:00 GMT`. */
  readonly date: string | undefined;
  readonly text: string;
}

export interface ProbeCall {
  readonly path: string;
  readonly accept?: string;
  /** Sent as JSON with POST; without it the method is GET. */
  readonly body?: unknown;
}

/** Calls an API server and returns the raw answer with its headers, which the other client hides. */
export interface ApiProbe {
  readonly server: string;
  /** @throws OperationalError `api_unavailable` without an answer */
  ask(call: ProbeCall): Promise<ProbeAnswer>;
}

export interface ApiProbeOptions extends KubeconfigSource {
  readonly userAgent: string;
  /** Time limit of a whole answer, in milliseconds. */
  readonly timeoutMs: number;
}

/** Fits the schema of the largest API group, and the metrics of a busy API server. */
const MAX_BODY_BYTES = 64 * 1024 * 1024;

/**
 * Opens a connection for each call: `firstseen doctor` makes a few dozen, and must see what a new connection meets.
 * @throws Error if the kubeconfig or the pod's service account is not usable
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
    request.on('error', () => {}); // reading the body throws later errors
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
