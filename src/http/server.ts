import { createServer as createHttpServer, type RequestListener, type Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { SecureContextOptions } from 'node:tls';
import { refuseRaw } from './answer.ts';
import { hasToken, type ReceiverOptions } from './options.ts';
import type { RefusalReason } from './refusal.ts';
import type { RefusalLog } from './refusal-log.ts';

export interface ReceiverServer {
  readonly http: Server;
  /** Uses a certificate for new connections. */
  useCertificates(context: SecureContextOptions): void;
  /** Whether a connection uses the current certificates. If not, it should be closed after its answer. */
  isCurrent(socket: Duplex): boolean;
  /** Marks a connection as finished: nothing more is written to it, whatever arrives. */
  markAnswered(socket: Duplex): void;
}

/** How often Node looks for requests that exceed their time limit; its default is 30 s. */
const CHECK_INTERVAL_MS = 1_000;

/** The HTTP or HTTPS server with its limits, before any request is read. */
export function createServer(
  deps: { readonly refusals: RefusalLog; readonly app: RequestListener },
  options: ReceiverOptions,
): ReceiverServer {
  const { timeouts, tls, clusters } = options;
  const limits = {
    headersTimeout: timeouts.headersMs,
    requestTimeout: timeouts.requestMs,
    keepAliveTimeout: timeouts.keepAliveMs,
    connectionsCheckingInterval: Math.min(CHECK_INTERVAL_MS, timeouts.headersMs),
    insecureHTTPParser: false,
  };
  const answered = new WeakSet<Duplex>();
  let current = new WeakSet<Duplex>();

  function guard<S extends Server>(server: S): S {
    server.maxConnections = options.maxConnections;
    server.on('drop', (dropped) => deps.refusals.note('too_many_connections', { client: dropped?.remoteAddress }));
    server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
      const reason = reasonOf(error.code);
      if (reason === undefined || !socket.writable || answered.has(socket)) {
        socket.destroy();
        return;
      }
      deps.refusals.note(reason, { client: socket.remoteAddress });
      refuseRaw(socket, reason);
    });
    return server;
  }

  if (tls === undefined) {
    return {
      http: guard(createHttpServer(limits, deps.app)),
      useCertificates: () => undefined,
      isCurrent: () => true,
      markAnswered: (socket) => answered.add(socket),
    };
  }

  const asksForCertificate = tls.clientCAFile !== undefined;
  const server = guard(
    createHttpsServer(
      {
        ...limits,
        handshakeTimeout: timeouts.handshakeMs,
        requestCert: asksForCertificate,
        // With tokens configured, a sender without a certificate must reach HTTP to show its token.
        rejectUnauthorized: asksForCertificate && !clusters.some(hasToken),
      },
      deps.app,
    ),
  );
  server.on('secureConnection', (socket) => current.add(socket));
  server.on('tlsClientError', (error: NodeJS.ErrnoException, socket) => {
    // A certificate that fails verification looks like a connection that we reset; a reset by the sender is only noise.
    const verification: unknown = socket.authorizationError;
    if (error.code === 'ECONNRESET' && !verification) return;
    deps.refusals.note('tls_handshake', { client: socket.remoteAddress, detail: verification || error.code });
  });
  return {
    http: server,
    useCertificates(context) {
      server.setSecureContext(context);
      current = new WeakSet();
    },
    isCurrent: (socket) => current.has(socket),
    markAnswered: (socket) => answered.add(socket),
  };
}

/** Undefined for faults outside HTTP: of the connection or the TLS handshake. */
function reasonOf(code = ''): RefusalReason | undefined {
  if (code === 'HPE_HEADER_OVERFLOW') return 'header_overflow';
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return 'request_timeout';
  return code.startsWith('HPE_') || code.startsWith('ERR_HTTP_') ? 'malformed' : undefined;
}
