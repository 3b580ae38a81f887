import { createServer } from 'node:http';
import express, { type NextFunction, type Request, type Response } from 'express';
import { excerpt } from '../audit/text.ts';
import type { Readiness, ReadinessCheck } from '../ingest/readiness.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { createListener, type Listener } from './listener.ts';
import type { OpsOptions } from './options.ts';

export interface OpsDeps {
  readonly metrics: Pick<Metrics, 'expose'>;
  readonly readiness: Readiness;
  /** What was set aside of late, as JSON values without text of a request: whoever reaches the port may read them. */
  readonly quarantine: () => readonly object[];
  readonly logger: Logger;
}

const MAX_DETAIL_BYTES = 512;
const MAX_CONNECTIONS = 100;
const TIMEOUTS = { headersTimeout: 5_000, requestTimeout: 10_000, connectionsCheckingInterval: 1_000 };

/**
 * Health and metrics in plain HTTP, on a port of their own: `/livez` (the process answers), `/readyz` (200 or 503; with
 * `?verbose`, or when it fails, one line a check as kube-apiserver prints them), `/metrics`, and `/quarantine`: the last
 * items that could not be evaluated, and why. It asks for no credential, so nothing of it has text of a request.
 */
export function createOpsServer(deps: OpsDeps, options: OpsOptions): Listener {
  const app = express();
  app.disable('x-powered-by').disable('etag').enable('strict routing').enable('case sensitive routing');
  app.set('query parser', 'simple');
  app.use((_request, response, next) => {
    response.set({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
    next();
  });

  app.get('/livez', (_request, response) => {
    response.type('text/plain').send('ok\n');
  });
  app.get('/readyz', (request, response) => {
    const checks = deps.readiness();
    const ready = checks.every(({ ok, required }) => ok || !required);
    const verbose = !ready || 'verbose' in request.query;
    response
      .status(ready ? 200 : 503)
      .type('text/plain')
      .send(verbose ? describe(checks, ready) : 'ok\n');
  });
  app.get('/metrics', async (_request, response) => {
    const { contentType, text } = await deps.metrics.expose();
    response.set('content-type', contentType).send(text);
  });

  app.get('/quarantine', (_request, response) => {
    response.json(deps.quarantine());
  });

  app.all(['/livez', '/readyz', '/metrics', '/quarantine'], (_request, response) => {
    response.status(405).set('allow', 'GET, HEAD').type('text/plain').send('only GET is allowed here\n');
  });
  app.use((_request, response) => {
    response.status(404).type('text/plain').send('no such path; there are /livez, /readyz, /metrics and /quarantine\n');
  });
  app.use((error: unknown, _request: Request, response: Response, _next: NextFunction) => {
    deps.logger.error('bug in the ops server', { error });
    response.status(500).type('text/plain').send('internal error; see the log of firstseen\n');
  });

  const server = createServer(TIMEOUTS, app);
  server.maxConnections = MAX_CONNECTIONS;
  const listener = createListener(server, options.listen);
  return {
    ...listener,
    async start() {
      const address = await listener.start();
      deps.logger.info('health and metrics listening', { ...address });
      return address;
    },
  };
}

function describe(checks: readonly ReadinessCheck[], ready: boolean): string {
  const lines = checks.map(({ name, ok, required, detail }) => {
    const verdict = ok ? `[+]${name} ok` : `[-]${name} failed${required ? '' : ' (not required)'}`;
    return detail === '' ? verdict : `${verdict}: ${excerpt(detail, MAX_DETAIL_BYTES)}`;
  });
  return `${[...lines, `readyz check ${ready ? 'passed' : 'failed'}`].join('\n')}\n`;
}
