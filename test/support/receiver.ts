import { once } from 'node:events';
import { request as httpRequest, type IncomingHttpHeaders, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect } from 'node:net';
import { Writable } from 'node:stream';
import type { z } from 'zod';
import { type ReceiverOptions, receiverOptionsSchema } from '../../src/http/options.ts';
import { createReceiver, type Receiver } from '../../src/http/receiver.ts';
import type { Ingest, IngestOutcome } from '../../src/ingest/ingest.ts';
import { createIntake } from '../../src/ingest/intake.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { createMetrics, type Metrics } from '../../src/telemetry/metrics.ts';
import { onTestEnd } from './on-test-end.ts';

export type ReceiverInput = z.input<typeof receiverOptionsSchema>;

export interface RunningReceiver {
  readonly receiver: Receiver;
  readonly port: number;
  readonly metrics: Metrics;
  /** What ingest was given. */
  readonly batches: readonly { readonly cluster: string; readonly body: Buffer }[];
  readonly bugs: readonly unknown[];
  readonly log: readonly string[];
}

export const accepted: IngestOutcome = { kind: 'accepted', events: 1, quarantined: 0 };

export function receiverOptions(input: ReceiverInput = {}): ReceiverOptions {
  return receiverOptionsSchema.parse({ listen: '127.0.0.1:0', ...input });
}

/** A receiver on a free loopback port that stops with the test. Its ingest accepts everything unless told. */
export async function startReceiver(
  input: ReceiverInput = {},
  ingest: Ingest['ingest'] = async () => accepted,
): Promise<RunningReceiver> {
  const batches: { cluster: string; body: Buffer }[] = [];
  const bugs: unknown[] = [];
  const log: string[] = [];
  const metrics = createMetrics();
  const stream = new Writable({
    write(chunk, _encoding, done) {
      log.push(String(chunk));
      done();
    },
  });
  const logger = createLogger({ level: 'info', format: 'json', stream });
  const options = receiverOptions(input);
  const noted: Ingest = {
    ingest(cluster, body) {
      batches.push({ cluster, body });
      return ingest(cluster, body);
    },
  };
  const intake = createIntake(
    { ingest: noted, metrics, logger },
    options.clusters.map(({ name }) => name),
  );
  const receiver = createReceiver({ intake, metrics, logger, onBug: (error) => bugs.push(error) }, options);
  const { port } = await receiver.start();
  onTestEnd(() => receiver.stop(0));
  return { receiver, port, metrics, batches, bugs, log };
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

export interface Sending extends RequestOptions {
  readonly body?: string | Buffer;
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

const JSON_HEADERS = { 'content-type': 'application/json' };

/** POSTs a body (an empty EventList unless told) as the API server would. HTTPS if there is a `ca`. */
export async function post(port: number, path: string, sending: Sending = {}): Promise<HttpAnswer> {
  const { body = '{"kind":"EventList","items":[]}', headers, ...rest } = sending;
  const request = (rest.ca === undefined ? httpRequest : httpsRequest)({
    host: '127.0.0.1',
    port,
    path,
    method: 'POST',
    headers: { ...JSON_HEADERS, 'content-length': Buffer.byteLength(body), ...headers },
    ...(rest.agent === undefined ? { agent: false } : {}),
    ...rest,
  });
  request.end(body);
  const [response] = await once(request, 'response');
  let text = '';
  for await (const chunk of response.setEncoding('utf8')) text += chunk;
  return { status: response.statusCode, headers: response.headers, text };
}

/** Writes these bytes to a plain connection and answers all that comes back until it is closed. */
export async function exchange(port: number, ...parts: readonly string[]): Promise<string> {
  const socket = connect(port, '127.0.0.1').setEncoding('utf8');
  let received = '';
  socket.on('data', (chunk) => {
    received += chunk;
  });
  socket.on('error', () => undefined);
  for (const part of parts) socket.write(part);
  await once(socket, 'close');
  return received;
}
