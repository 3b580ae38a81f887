import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { REFUSALS, type Refusal, type RefusalReason } from './refusal.ts';

export interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * Seconds after which the sender should retry. With it the API server keeps a batch for about 230 s instead of 90.
 * Never 0: the API server would then retry 55 times at once.
 */
const RETRY_AFTER_SECONDS = '5';

/** How long a refused sender may keep sending before its connection is closed. */
const LINGER_MS = 2_000;

export function tryAgain(error: string, hint: string): Answer {
  return { status: 503, body: { error, hint }, headers: { 'retry-after': RETRY_AFTER_SECONDS } };
}

/** Answers a request whose body has been read. */
export function send(response: ServerResponse, answer: Answer, options: { readonly close: boolean }): void {
  response.writeHead(...head(answer, options.close)).end(JSON.stringify(answer.body));
}

/**
 * Answers a request whose body has not been read, and closes the connection. It sends the answer at once, then discards
 * input for a moment: closing with unread input resets the connection, and the sender would not see the answer.
 */
export function refuse(request: IncomingMessage, response: ServerResponse, refusal: Refusal): void {
  const answer: Answer = {
    status: refusal.status,
    body: { error: refusal.message, hint: refusal.hint },
    headers: headersOf(refusal.reason),
  };
  response.writeHead(...head(answer, true)).write(JSON.stringify(answer.body));
  const end = (): void => {
    clearTimeout(limit);
    response.end();
  };
  const limit = setTimeout(end, LINGER_MS);
  request.once('close', end).once('error', end).resume();
}

/** Answers an error of the HTTP parser, for which there is no request object. */
export function refuseRaw(socket: Duplex, reason: RefusalReason): void {
  const { status, error } = REFUSALS[reason];
  const body = JSON.stringify({ error });
  const lines = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'connection: close',
    'content-type: application/json',
    `content-length: ${body.length}`,
  ];
  socket.end(`${lines.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
}

function headersOf(reason: RefusalReason): Readonly<Record<string, string>> {
  if (REFUSALS[reason].status === 401) return { 'www-authenticate': 'Bearer realm="firstseen"' };
  if (REFUSALS[reason].status === 405) return { allow: 'POST' };
  return REFUSALS[reason].status === 503 ? { 'retry-after': RETRY_AFTER_SECONDS } : {};
}

function head({ status, body, headers }: Answer, close: boolean): [number, Record<string, string>] {
  return [
    status,
    {
      'content-type': 'application/json',
      'content-length': String(Buffer.byteLength(JSON.stringify(body))),
      'x-content-type-options': 'nosniff',
      ...(close ? { connection: 'close' } : {}),
      ...headers,
    },
  ];
}
