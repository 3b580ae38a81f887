import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { createServer, request as httpsRequest } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { type CarriedOut, carriedOut } from '../../../src/audit/carried-out.ts';
import { decodeEvent } from '../../../src/audit/decode.ts';
import type { AuditEvent } from '../../../src/audit/event.ts';
import { type ApiServer, startApiServer } from '../../support/api-server.ts';
import { type CertificateAuthority, createCertificateAuthority } from '../../support/certificates.ts';
import { createTemporaryFolder } from '../../support/temporary-folder.ts';
import { waitFor } from '../../support/wait.ts';

export const MAPS = '/api/v1/namespaces/default/configmaps';
export const ADMISSION = '/apis/admissionregistration.k8s.io/v1';
const JSON_TYPE = 'application/json';
const as = (kind: string) => `application/json;as=${kind};g=meta.k8s.io;v=v1`;
/** What an Accept header can ask for beside the object itself. */
export const [TABLE, ONE, LIST] = [as('Table'), as('PartialObjectMetadata'), as('PartialObjectMetadataList')];
/** Added to one of them it lets an error be written out: else the audit log has no more of it than the code. */
export const FALLBACK = ',application/json';

let names = 0;

/** A name that no other object of the test file has. */
export function newName(): string {
  return `n${++names}`;
}

export function configMap(name: string, labels: object = {}) {
  return { metadata: { name, labels }, data: { a: 'b' } };
}

export interface Attempt {
  /** GET unless told. */
  readonly method?: string;
  readonly path: string;
  /** Sent as JSON; a text as it is. */
  readonly body?: object | string;
  /** The type of the body; JSON unless told. */
  readonly type?: string;
  /** JSON unless told. */
  readonly accept?: string;
  /** The admin's unless told. */
  readonly token?: string;
}

export interface Outcome {
  readonly status: number;
  readonly body: string;
  /** What the audit log says at the end of the request. */
  readonly event: AuditEvent;
  readonly carriedOut: CarriedOut;
}

/** What a request has come to. */
export interface Effect {
  readonly code: number | undefined;
  /** Whether something is other than before at the path that was looked at. */
  readonly stored: boolean;
  readonly carriedOut: CarriedOut;
  readonly event: AuditEvent;
}

/** What a backend does with the body and the URL of a request. */
export type BackendAnswer = (body: string, response: ServerResponse, url: string) => void;

/** An HTTPS server that a webhook configuration, or a service, can name. */
export interface Backend {
  readonly port: number;
  readonly url: string;
  /** Of the authority that signed its certificate, as configurations hold it. */
  readonly caBundle: string;
  stop(): void;
}

/** An API server that records every request with all bodies, and what becomes of requests to it. */
export interface Attempts {
  readonly server: ApiServer;
  /** Sends a request and waits for its audit event. */
  attempt(request: Attempt): Promise<Outcome>;
  /** The same, but the connection is cut so many ms after the request was sent. */
  attemptAndLeave(request: Attempt, afterMs: number): Promise<Outcome>;
  /** What is stored at a path: versions of the object, or of all objects of a list; undefined if there is nothing. */
  stored(path: string): Promise<string | undefined>;
  /** Sends a request and looks at a path before and after it. */
  effectOf(request: Attempt, at: string): Promise<Effect>;
  /** Creates what a test starts from. @throws Error with the answer if that fails */
  make(path: string, body: object): Promise<void>;
  /** Makes a config map and gives its path. */
  newMap(labels?: object): Promise<string>;
  /** @param host where it listens; 127.0.0.1 unless told */
  startBackend(answer: BackendAnswer, host?: string): Promise<Backend>;
  stop(): Promise<void>;
}

export async function startAttempts(): Promise<Attempts> {
  const folder = createTemporaryFolder('attempts');
  const auditLog = join(folder, 'audit.log');
  const auditPolicyFile = join(folder, 'policy.yaml');
  writeFileSync(
    auditPolicyFile,
    'apiVersion: audit.k8s.io/v1\nkind: Policy\nomitStages: [RequestReceived]\nrules:\n  - level: RequestResponse\n',
  );
  const authority = await createCertificateAuthority(folder, 'ca');
  const server = await startApiServer({
    auditPolicyFile,
    extraFlags: [`--audit-log-path=${auditLog}`, '--audit-log-mode=blocking'],
  });
  const backends: Backend[] = [];

  function headersOf({ body, type = JSON_TYPE, accept = JSON_TYPE }: Attempt, auditId: string) {
    return { accept, 'audit-id': auditId, ...(body === undefined ? {} : { 'content-type': type }) };
  }

  async function eventOf(auditId: string): Promise<AuditEvent> {
    return waitFor(
      () => {
        const lines = existsSync(auditLog) ? readFileSync(auditLog, 'utf8').split('\n') : [];
        const events = lines.filter((line) => line.includes(auditId)).map((line) => JSON.parse(line) as AuditEvent);
        // A request whose authentication or timeout is wrong has no other stage.
        return events.findLast(({ stage, annotations }) => stage !== 'ResponseStarted' || annotations === undefined);
      },
      { what: `the audit event ${auditId}` },
    );
  }

  async function outcomeOf(
    auditId: string,
    answer: { readonly status: number; readonly body: string },
  ): Promise<Outcome> {
    const event = await eventOf(auditId);
    const item = decodeEvent(event, 0, 0);
    if (!('event' in item)) throw new Error(JSON.stringify(item));
    return { status: answer.status, body: answer.body, event, carriedOut: carriedOut(item) };
  }

  async function attempt(request: Attempt): Promise<Outcome> {
    const { method = 'GET', path, body, token = server.adminToken } = request;
    const auditId = randomUUID();
    const headers = headersOf(request, auditId);
    const content = body === undefined ? {} : { body: textOf(body) };
    const answer = await server.request(path, { method, token, headers, ...content });
    return outcomeOf(auditId, answer);
  }

  async function stored(path: string): Promise<string | undefined> {
    const { status, body } = await server.request(path, { token: server.adminToken });
    if (status !== 200) return undefined;
    const { metadata, items } = JSON.parse(body) as Stored;
    if (items === undefined) return `${metadata.uid} ${metadata.resourceVersion}`;
    return items.map((item) => `${item.metadata.uid} ${item.metadata.resourceVersion}`).join();
  }

  async function make(path: string, body: object): Promise<void> {
    const { status, body: answer } = await attempt({ method: 'POST', path, body });
    if (status !== 201) throw new Error(`${path} ${status} ${answer}`);
  }

  return {
    server,
    attempt,
    stored,
    make,
    async attemptAndLeave(request, afterMs) {
      const { method = 'GET', path, body = '', token = server.adminToken } = request;
      const auditId = randomUUID();
      const headers = { ...headersOf(request, auditId), authorization: `Bearer ${token}` };
      const call = httpsRequest(`${server.url}${path}`, {
        method,
        headers,
        agent: false,
        ca: readFileSync(server.caFile),
      });
      call.on('error', () => {}); // it was cut
      let leaving: NodeJS.Timeout | undefined;
      call.end(textOf(body), () => {
        leaving = setTimeout(() => call.destroy(), afterMs);
      });
      call.on('response', (response) => response.on('error', () => {}).resume());
      await new Promise((closed) => call.once('close', closed));
      clearTimeout(leaving);
      return outcomeOf(auditId, { status: 0, body: '' });
    },
    async effectOf(request, at) {
      const before = await stored(at);
      const { event, carriedOut: what } = await attempt(request);
      return { code: event.responseStatus?.code, stored: (await stored(at)) !== before, carriedOut: what, event };
    },
    async newMap(labels = {}) {
      const name = newName();
      await make(MAPS, configMap(name, labels));
      return `${MAPS}/${name}`;
    },
    async startBackend(answer, host) {
      const backend = await startBackend(authority, answer, host);
      backends.push(backend);
      return backend;
    },
    async stop() {
      await server.stop();
      for (const backend of backends) backend.stop();
    },
  };
}

/** Starts an HTTPS server with a certificate of the authority. @param host where it listens */
export async function startBackend(
  authority: CertificateAuthority,
  answer: BackendAnswer,
  host = '127.0.0.1',
): Promise<Backend> {
  const { cert, key } = await authority.server('backend');
  const backend = createServer({ cert, key }, async (request, response) => {
    answer(await text(request), response, request.url ?? '');
  }).listen(0, host);
  await once(backend, 'listening');
  const { port } = backend.address() as AddressInfo;
  return {
    port,
    url: `https://${host}:${port}/`,
    caBundle: Buffer.from(authority.cert).toString('base64'),
    stop() {
      backend.closeAllConnections();
      backend.close();
    },
  };
}

interface Stored {
  readonly metadata: { readonly uid: string; readonly resourceVersion: string };
  readonly items?: readonly Pick<Stored, 'metadata'>[];
}

function textOf(body: object | string): string {
  return typeof body === 'string' ? body : JSON.stringify(body);
}
