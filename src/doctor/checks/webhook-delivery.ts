import type { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { isIP } from 'node:net';
import { type ConnectionOptions, connect } from 'node:tls';
import { z } from 'zod';
import { parseJson } from '../../audit/parse-json.ts';
import { excerpt } from '../../audit/text.ts';
import { namesOf, subjectOf, validity } from '../certificate.ts';
import type { Check } from '../check.ts';
import { CannotCheck, type Finding, failure, ok, warning } from '../finding.ts';
import { changeWebhook, newAuthority, newClientCertificate, newServerCertificate } from '../mend-certificates.ts';
import type { Subject } from '../subject.ts';
import { givenWebhook, pemOf, type WebhookKubeconfig } from '../webhook-kubeconfig.ts';

/** An empty EventList: an API server never sends one, and it changes nothing. */
const NO_EVENTS = JSON.stringify({ kind: 'EventList', apiVersion: 'audit.k8s.io/v1', metadata: {}, items: [] });
const POSTS = 20;
const CALL_LIMIT_MS = 5_000;
const SLOW_MS = 1_000;
const MAX_TEXT_BYTES = 300;
const MAX_BODY_BYTES = 64 * 1024;

/** Connects and sends as the API server does: connection, TLS, credential, answer, and time to an answer. */
export const webhookDeliveryCheck: Check = {
  name: 'webhook-delivery',
  async run(subject) {
    const webhook = givenWebhook(subject);
    const target = targetOf(webhook, subject);
    const findings: Finding[] = [];
    if (webhook.server.protocol === 'https:') {
      const peer = await handshake(webhook, target);
      if (peer.kind === 'failed') return [peer.finding];
      findings.push(...judge(webhook, peer, subject.now()));
      // The API server would stop here too.
      if (findings.some(({ severity }) => severity === 'error')) return findings;
    }
    return [...findings, ...(await deliver(webhook, target))];
  },
};

interface Target {
  readonly host: string;
  readonly port: number;
}

function targetOf({ server }: WebhookKubeconfig, { connect: instead }: Subject): Target {
  if (instead !== undefined) return instead;
  const port = Number(server.port) || (server.protocol === 'https:' ? 443 : 80);
  return { host: server.hostname.replace(/^\[|\]$/g, ''), port };
}

function tlsOptions({ ca, cert, key, serverName }: WebhookKubeconfig): ConnectionOptions {
  const [trusted, own, secret] = [pemOf(ca), pemOf(cert), pemOf(key)];
  return {
    ...(isIP(serverName) === 0 ? { servername: serverName } : {}), // SNI takes no IP addresses
    ...(trusted === undefined ? {} : { ca: trusted }),
    ...(own === undefined || secret === undefined ? {} : { cert: own, key: secret }),
    rejectUnauthorized: false, // `judge` explains what is wrong with the certificate
  };
}

type Peer =
  | { readonly kind: 'failed'; readonly finding: Finding }
  | { readonly kind: 'ok'; readonly certificate: X509Certificate; readonly distrust: string | undefined };

async function handshake(webhook: WebhookKubeconfig, target: Target): Promise<Peer> {
  const socket = connect({ ...tlsOptions(webhook), ...target });
  socket.setTimeout(CALL_LIMIT_MS, () => socket.destroy(Object.assign(new Error('no answer'), { code: 'ETIMEDOUT' })));
  try {
    await once(socket, 'secureConnect');
    const certificate = socket.getPeerX509Certificate();
    if (certificate === undefined) throw new Error('the receiver presents no certificate');
    const error: unknown = socket.authorizationError;
    return { kind: 'ok', certificate, distrust: error ? codeOf(error) : undefined };
  } catch (error) {
    return { kind: 'failed', finding: noConnection(error, webhook, target) };
  } finally {
    socket.on('error', () => {});
    socket.destroy();
  }
}

function judge(
  webhook: WebhookKubeconfig,
  { certificate, distrust }: Peer & { kind: 'ok' },
  now: number,
): readonly Finding[] {
  const findings: Finding[] = [];
  const { serverName } = webhook;
  const lasts = validity("the receiver's certificate", certificate, now, {
    why: 'from then on the API server sends nothing',
    mend: newServerCertificate(serverName),
  });
  findings.push(...lasts);
  const expired = lasts.some(({ severity }) => severity === 'error');
  if (distrust !== undefined && !expired && !webhook.insecure) {
    findings.push(
      failure(
        `the CA of the kubeconfig did not sign the receiver's certificate ${subjectOf(certificate)} (${distrust})`,
        {
          why: `the API server refuses to send: x509: certificate signed by unknown authority; it was signed by ${excerpt(certificate.issuer.replaceAll('\n', ', '), MAX_TEXT_BYTES)}`,
          mend: newAuthority(webhook),
        },
      ),
    );
  }
  const named =
    isIP(serverName) === 0 ? certificate.checkHost(serverName, { subject: 'never' }) : certificate.checkIP(serverName);
  if (named === undefined && !webhook.insecure) {
    findings.push(
      failure(
        `the receiver's certificate is not for ${excerpt(serverName, MAX_TEXT_BYTES)}; its names are: ${namesOf(certificate)}`,
        {
          why: 'the API server refuses to send: x509: certificate is not valid for that name',
          mend: `${changeWebhook(webhook, `--tls-server-name=${firstName(certificate)}`)}\n# or a certificate with that name:\n${newServerCertificate(serverName)}`,
        },
      ),
    );
  }
  return findings;
}

async function deliver(webhook: WebhookKubeconfig, target: Target): Promise<readonly Finding[]> {
  const secure = webhook.server.protocol === 'https:';
  const agent = secure
    ? new HttpsAgent({ keepAlive: true, maxSockets: 1 })
    : new HttpAgent({ keepAlive: true, maxSockets: 1 });
  const token = pemOf(webhook.token)?.trim();
  const times: number[] = [];
  try {
    for (let post = 0; post < POSTS; post++) {
      const start = performance.now();
      const answer = await send(webhook, target, agent, token);
      times.push(performance.now() - start);
      if (answer.status !== 200) return [refused(answer, webhook)];
    }
  } catch (error) {
    if (error instanceof TypeError) throw error;
    return [secure ? dropped(error, webhook) : noConnection(error, webhook, target)];
  } finally {
    agent.destroy();
  }
  // The first request includes the handshake, so it is not timed.
  const sorted = times.slice(1).sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.ceil(share * sorted.length) - 1] ?? 0;
  const told = `${POSTS} empty batches got 200: p50 ${at(0.5).toFixed(1)} ms, p99 ${at(0.99).toFixed(1)} ms`;
  if (at(0.99) <= SLOW_MS) return [ok(told)];
  return [
    warning(told, {
      why: 'the API server keeps a batch in memory until it is answered, and gives up after 30 s',
      mend: 'check firstseen_ack_seconds, firstseen_store_update_seconds, and the CPU limit of the pod',
    }),
  ];
}

interface Answer {
  readonly status: number;
  readonly error: string;
  readonly hint: string;
}

const answerSchema = z.object({ error: z.string().default(''), hint: z.string().default('') });

/**
 * Sends as the API server does:
 * https://github.com/kubernetes/kubernetes/blob/v1.36.3/staging/src/k8s.io/apiserver/plugin/pkg/audit/webhook/webhook.go
 */
async function send(
  webhook: WebhookKubeconfig,
  target: Target,
  agent: HttpAgent,
  token: string | undefined,
): Promise<Answer> {
  const { server } = webhook;
  const request = (server.protocol === 'https:' ? httpsRequest : httpRequest)({
    ...(server.protocol === 'https:' ? tlsOptions(webhook) : {}),
    ...target,
    agent,
    path: `${server.pathname.replace(/\/$/, '')}?timeout=30s`,
    method: 'POST',
    signal: AbortSignal.timeout(CALL_LIMIT_MS),
    headers: {
      host: server.host,
      accept: 'application/json, */*',
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(NO_EVENTS),
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
  });
  request.end(NO_EVENTS);
  const [response]: IncomingMessage[] = await once(request, 'response');
  request.on('error', () => {});
  if (response === undefined) throw new Error('no response');
  let text = '';
  for await (const chunk of response.setEncoding('utf8')) if (text.length < MAX_BODY_BYTES) text += chunk;
  const said = answerSchema.safeParse(parseJson(text));
  return { status: response.statusCode ?? 0, error: '', hint: '', ...(said.success ? said.data : {}) };
}

function refused({ status, error, hint }: Answer, webhook: WebhookKubeconfig): Finding {
  const own =
    webhook.cert.kind === 'absent' ? 'the token of the kubeconfig' : 'the client certificate of the kubeconfig';
  const what = `POST ${excerpt(webhook.server.pathname, MAX_TEXT_BYTES)} got ${status}${error === '' ? '' : `: ${excerpt(error, MAX_TEXT_BYTES)}`}`;
  const why = 'the API server drops each batch after five tries';
  switch (status) {
    case 401:
      return failure(what, { why: `the receiver does not accept ${own}: ${why}`, mend: newClientCertificate(webhook) });
    case 403:
      return failure(what, {
        why: `${own} belongs to a cluster other than the one in the URL, or to none: ${why}`,
        mend: `in the configuration, under the cluster in the URL: add the certificate's name to receiver.clusters[].clientNames, or the token to its tokenFile\n# or remove the cluster from the URL:\n${changeWebhook(webhook, `--server=${webhook.server.origin}/audit`)}`,
      });
    case 404:
      return failure(what, {
        why,
        mend: `${excerpt(hint, MAX_TEXT_BYTES)}\n${changeWebhook(webhook, `--server=${webhook.server.origin}/audit`)}`,
      });
    case 503:
      return failure(what, {
        why: 'the API server sends the batch again, and drops it after about 90 s',
        mend: 'see the findings of store and server; kubectl -n firstseen logs deploy/firstseen --tail=50',
      });
    default:
      return failure(what, {
        why,
        mend: `${excerpt(hint, MAX_TEXT_BYTES) || 'check that firstseen listens at this address'}\n# docs/reference/status-codes.md`,
      });
  }
}

/** The handshake succeeded, then the connection ended: with TLS 1.3 a client certificate is refused that way. */
function dropped(error: unknown, webhook: WebhookKubeconfig): Finding {
  const shows =
    webhook.cert.kind === 'absent'
      ? 'the kubeconfig has no client certificate'
      : 'the receiver does not accept the client certificate';
  return failure(`the receiver closed the connection after the handshake (${codeOf(error)}): ${shows}`, {
    why: 'the API server drops each batch after five tries; firstseen_requests_refused_total{reason="tls_handshake"} counts it',
    mend: newClientCertificate(webhook),
  });
}

function noConnection(error: unknown, { server }: WebhookKubeconfig, { host, port }: Target): Finding {
  const code = codeOf(error);
  const at = `${excerpt(host, MAX_TEXT_BYTES)}:${port}`;
  const through =
    'kubectl -n firstseen port-forward deploy/firstseen 9443 &\n' +
    'firstseen doctor --connect 127.0.0.1:9443 …    # or in the pod: kubectl -n firstseen exec -i deploy/firstseen -- firstseen doctor --webhook-kubeconfig - < webhook.yaml';
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN')
    throw new CannotCheck(`${at} cannot be resolved from here (${code})`, through);
  if (['ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH', 'ABORT_ERR'].includes(code)) {
    throw new CannotCheck(
      `${at} cannot be reached from here (${code}); control-plane nodes may still reach it`,
      through,
    );
  }
  if (code === 'ECONNREFUSED') {
    return failure(`nothing listens at ${at}`, {
      why: 'no event arrives; the API server drops each batch after five tries',
      mend: 'kubectl -n firstseen get pods,endpointslices    # is it running and ready?',
    });
  }
  return failure(`TLS with ${at} fails: ${code}`, {
    why: `the API server cannot send to ${excerpt(server.origin, MAX_TEXT_BYTES)}`,
    mend: 'check that firstseen listens there with TLS (receiver.tls): openssl s_client -connect HOST:PORT',
  });
}

/** A name in the certificate that the API server can verify instead of the address. */
function firstName({ subjectAltName = '' }: X509Certificate): string {
  return excerpt(/DNS:([A-Za-z0-9.-]+)/.exec(subjectAltName)?.[1] ?? 'NAME', MAX_TEXT_BYTES);
}

function codeOf(error: unknown): string {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code;
  if (error instanceof Error && error.name === 'TimeoutError') return 'ETIMEDOUT';
  return excerpt(error instanceof Error ? error.message : String(error), MAX_TEXT_BYTES);
}
