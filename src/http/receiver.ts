import { setTimeout as sleep } from 'node:timers/promises';
import express, { type NextFunction, type Request, type Response } from 'express';
import { excerpt } from '../audit/text.ts';
import { hasEvents } from '../ingest/intake.ts';
import type { ReadinessCheck } from '../ingest/readiness.ts';
import type { Intake, Source } from '../ingest/source.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { OPERATIONAL_ERRORS } from '../telemetry/operational-error.ts';
import { type Answer, refuse, send, tryAgain } from './answer.ts';
import { authenticate, readTokens, type TokenDigest } from './authenticate.ts';
import { acceptableLength, createByteBudget, readBody } from './body.ts';
import { certificateFiles, loadCertificates } from './certificates.ts';
import { createListener } from './listener.ts';
import {
  type Address,
  byteLimits,
  defaultCluster,
  type ReceiverOptions,
  receiverProblems,
  requiresCredential,
} from './options.ts';
import { Refusal } from './refusal.ts';
import { createRefusalLog } from './refusal-log.ts';
import { createSenders } from './senders.ts';
import { createServer } from './server.ts';
import { watchFiles } from './watched-files.ts';

export interface ReceiverDeps {
  readonly intake: Intake;
  readonly metrics: Metrics;
  readonly logger: Logger;
  /** Called with an error that is neither a refusal nor an operational fault; the process should end and restart. */
  readonly onBug: (error: unknown) => void;
}

export interface Receiver extends Source {
  /**
   * Loads certificates and tokens, then listens.
   * @returns the address, with the actual port if port 0 was configured
   * @throws Error that names the file or the address, and what was expected
   */
  start(): Promise<Address>;
  /**
   * Moves senders to another replica, in this order: it reports unready at once; for `lingerMs` it still accepts every
   * request, also on new connections, and each answer closes its connection; then it accepts no new connection, closes
   * idle ones and answers requests in progress; after `limitMs` more it cuts off the rest.
   *
   * It does not close idle connections at once, because a request may be on its way: Go's client does not retry a POST
   * when its connection ends without an answer (shouldRetryRequest of net/http), and the audit webhook retries only after its
   * backoff of 10 s. `Connection: close` on an answer has no such cost.
   */
  stop(limitMs: number, lingerMs?: number): Promise<void>;
}

const MAX_MESSAGE_BYTES = 1024;
const MS_PER_SECOND = 1_000;
const NAME = 'receiver';

/**
 * The audit webhook: `POST /audit` and `POST /audit/<cluster>` accept an EventList and answer 200 only when all of its
 * effects are committed. The API server always sends JSON with a Content-Length, uncompressed. It retries after any
 * other status, at most five times: 503 asks for more time, and 4xx says what is wrong.
 *
 * Sender: https://github.com/kubernetes/kubernetes/blob/v1.36.3/staging/src/k8s.io/apiserver/plugin/pkg/audit/webhook/webhook.go
 *
 * @throws Error if the options are not safe together (see receiverProblems)
 */
export function createReceiver(deps: ReceiverDeps, options: ReceiverOptions): Receiver {
  const [problem] = receiverProblems(options);
  if (problem !== undefined) throw new Error(`${problem.path.join('.')}: ${problem.message}`);

  const { intake, metrics, logger } = deps;
  const { clusters, tls } = options;
  const credentialRequired = requiresCredential(options);
  const names = clusters.map(({ name }) => name);
  const refusals = createRefusalLog(deps);
  const senders = createSenders(metrics, { node: options.nodeName, cluster: defaultCluster(clusters) });
  for (const cluster of names) {
    for (const code of ['200', '400', '503']) metrics.batches.inc({ cluster, code }, 0);
  }
  const budget = createByteBudget(byteLimits(options), (bytes) => metrics.bytesInFlight.set({}, bytes));
  let tokens: readonly TokenDigest[] = [];
  let serverExpiry: Date | undefined;
  let state: 'starting' | 'listening' | 'draining' = 'starting';
  const isDraining = (): boolean => state === 'draining';

  /** The cluster of a request: the one in the path, if the sender's credential allows it, else the sender's own. */
  function clusterOf(request: Request<{ cluster?: string }>): string {
    const named = request.params.cluster;
    const own = credentialRequired
      ? authenticate(request, { clusters, certificates: tls?.clientCAFile !== undefined, tokens })
      : undefined;
    if (named !== undefined && !names.includes(named)) {
      throw new Refusal('unknown_cluster', { hint: `POST to /audit/${own ?? names.join(' or /audit/')}` });
    }
    if (named !== undefined && own !== undefined && named !== own) throw new Refusal('forbidden');
    const cluster = named ?? own ?? defaultCluster(clusters);
    if (cluster === undefined) throw new Refusal('no_default_cluster');
    return cluster;
  }

  async function receive(request: Request<{ cluster?: string }>, response: Response): Promise<void> {
    const cluster = clusterOf(request);
    const length = acceptableLength(request, options.maxBodyBytes);
    const release = budget.reserve(cluster, length);
    try {
      const body = await readBody(request, length);
      const start = performance.now();
      const answer = await evaluate(cluster, body, request);
      send(response, answer, { close: isDraining() || !server.isCurrent(request.socket) });
      metrics.batches.inc({ cluster, code: String(answer.status) });
      const seconds = (performance.now() - start) / MS_PER_SECOND;
      metrics.ackSeconds.observe({ cluster }, seconds);
      const client = request.socket.remoteAddress;
      logger.debug('batch answered', { cluster, client, status: answer.status, bytes: length, seconds });
    } finally {
      release();
    }
  }

  async function evaluate(cluster: string, body: Buffer, request: Request): Promise<Answer> {
    try {
      const outcome = await intake.take(cluster, body);
      switch (outcome.kind) {
        case 'accepted':
          if (hasEvents(outcome)) senders.heard(cluster, request);
          return { status: 200, body: { events: outcome.events, quarantined: outcome.quarantined } };
        case 'rejected': {
          const error = excerpt(outcome.message, MAX_MESSAGE_BYTES);
          return { status: 400, body: { error, hint: 'send an audit.k8s.io/v1 EventList' } };
        }
        case 'uncommitted':
          return tryAgain(OPERATIONAL_ERRORS[outcome.error.code].doc, 'send it again later');
      }
    } catch (error) {
      return bug(error);
    }
  }

  function bug(error: unknown): Answer {
    logger.error('bug in the receiver', { error });
    setImmediate(deps.onBug, error);
    return { status: 500, body: { error: 'internal error', hint: 'see the log of firstseen' } };
  }

  function handleError(error: unknown, request: Request, response: Response, _next: NextFunction): void {
    const fields = { client: request.socket.remoteAddress };
    if (request.destroyed && !request.complete) {
      refusals.note('aborted', fields);
      response.destroy();
    } else if (error instanceof Refusal) {
      refusals.note(error.reason, { ...fields, detail: error.detail });
      server.markAnswered(request.socket);
      refuse(request, response, error);
    } else if (response.headersSent) {
      bug(error);
      response.destroy();
    } else {
      send(response, bug(error), { close: true });
    }
  }

  const app = express();
  app.disable('x-powered-by').disable('etag').enable('strict routing').enable('case sensitive routing');
  app.set('query parser', false);
  app.post(['/audit', '/audit/:cluster'], receive);
  app.all(['/audit', '/audit/:cluster'], () => {
    throw new Refusal('method');
  });
  app.use(() => {
    throw new Refusal('not_found');
  });
  app.use((error: unknown, request: Request, response: Response, next: NextFunction) => {
    // The router's own error for a path parameter with broken percent-encoding.
    handleError(error instanceof URIError ? new Refusal('not_found') : error, request, response, next);
  });

  const server = createServer({ refusals, app }, options);
  const listener = createListener(server.http, options.listen);
  // Watched separately, so that a broken certificate does not delay a new token.
  const certificates = watchFiles(deps, {
    files: tls === undefined ? [] : certificateFiles(tls),
    intervalMs: options.reloadMs,
    apply(contents) {
      if (tls === undefined) return;
      const { context, expiry } = loadCertificates(tls, contents);
      server.useCertificates(context);
      serverExpiry = expiry.find(({ name }) => name === 'server')?.at;
      metrics.certificateExpiry.reset();
      for (const { name, at } of expiry) metrics.certificateExpiry.set({ name }, at.getTime() / MS_PER_SECOND);
    },
  });
  const tokenFiles = watchFiles(deps, {
    files: clusters.flatMap(({ tokenFile }) => tokenFile ?? []),
    intervalMs: options.reloadMs,
    apply(contents) {
      tokens = readTokens(clusters, contents);
    },
  });

  function stopWatching(): void {
    certificates.stop();
    tokenFiles.stop();
  }

  return {
    name: NAME,
    async start() {
      let address: Address;
      try {
        await certificates.start();
        await tokenFiles.start();
        address = await listener.start();
      } catch (error) {
        stopWatching();
        throw error;
      }
      state = 'listening';
      logger.info('receiver listening', { ...address, tls: tls !== undefined, clusters: names });
      if (!credentialRequired) logger.warn('receiver accepts audit events without a credential', { ...address });
      return address;
    },
    async stop(limitMs, lingerMs = 0) {
      const lingers = state === 'listening' && lingerMs > 0;
      state = 'draining';
      stopWatching();
      if (lingers) await sleep(lingerMs);
      await listener.stop(limitMs);
    },
    readiness: () => [
      {
        name: NAME,
        ok: state === 'listening',
        required: true,
        detail: state === 'listening' ? `listens on port ${options.listen.port}` : state,
      },
      ...(tls === undefined ? [] : [certificateCheck(serverExpiry)]),
    ],
  };
}

function certificateCheck(expiry: Date | undefined): ReadinessCheck {
  const ok = expiry !== undefined && expiry.getTime() > Date.now();
  const verb = ok ? 'expires' : 'expired';
  return {
    name: 'tls',
    ok,
    required: true,
    detail: expiry === undefined ? 'no certificate is loaded yet' : `the certificate ${verb} ${expiry.toISOString()}`,
  };
}
