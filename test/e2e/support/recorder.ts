import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { waitFor } from '../../support/wait.ts';

/** As much of an audit event as the tests read. */
export interface AuditEvent {
  readonly auditID: string;
  readonly stage: string;
  readonly level: string;
  readonly verb: string;
  readonly requestURI: string;
  readonly userAgent?: string;
  readonly user: { readonly username?: string };
  readonly objectRef?: { readonly resource: string; readonly apiGroup?: string; readonly subresource?: string };
  readonly requestObject?: unknown;
  readonly responseObject?: unknown;
}

/** A webhook backend that keeps what the API server sends. */
export interface Recorder {
  /** Where to send to, in plain HTTP. */
  readonly url: string;
  /** All events so far. */
  events(): readonly AuditEvent[];
  /** Waits until there are `count` events of a user agent whose outcome is told, and gives them. */
  eventsOf(userAgent: string, count: number): Promise<readonly AuditEvent[]>;
  /** Hands every batch on, and answers as it was answered; until then every answer is 200. */
  forwardTo(post: (body: string) => Promise<number>): void;
  stop(): void;
}

export async function startRecorder(): Promise<Recorder> {
  const received: AuditEvent[] = [];
  let post: (body: string) => Promise<number> = async () => 200;
  const server = createServer(async (request, response) => {
    const body = await text(request);
    const status = await post(body).catch(() => 503);
    const { items } = JSON.parse(body) as { readonly items: readonly AuditEvent[] };
    if (status === 200) received.push(...items);
    response.writeHead(status).end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/audit`,
    events: () => received,
    eventsOf: (userAgent, count) =>
      waitFor(
        () => {
          const own = received.filter((event) => event.userAgent === userAgent && event.stage !== 'RequestReceived');
          return own.length >= count && own;
        },
        { what: `${count} events of ${userAgent}` },
      ),
    forwardTo(next) {
      post = next;
    },
    stop() {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** A batch in the form that the API server sends. */
export function eventList(items: readonly AuditEvent[]): string {
  return `${JSON.stringify({ kind: 'EventList', apiVersion: 'audit.k8s.io/v1', metadata: {}, items })}\n`;
}
