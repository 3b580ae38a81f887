import { createPrivateKey, type KeyObject, type X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { excerpt } from '../../audit/text.ts';
import { hasToken, isLoopback, requiresCredential } from '../../http/options.ts';
import { commonName, subjectOf, validity } from '../certificate.ts';
import type { Check } from '../check.ts';
import { type Finding, failure, ok, unchecked } from '../finding.ts';
import { changeWebhook, newAuthority, newClientCertificate } from '../mend-certificates.ts';
import type { Subject } from '../subject.ts';
import {
  certificatesOf,
  givenWebhook,
  parseWebhookKubeconfig,
  pemOf,
  type WebhookKubeconfig,
} from '../webhook-kubeconfig.ts';

const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2';
const MAX_TEXT_BYTES = 200;
const THE_SERVICE = "https://$(kubectl -n firstseen get service firstseen -o jsonpath='{.spec.clusterIP}'):443/audit";

/** Whether the file alone, without a connection, points an API server at the receiver with a valid credential. */
export const webhookKubeconfigCheck: Check = {
  name: 'webhook-kubeconfig',
  async run(subject) {
    const given = subject.webhookKubeconfig;
    const parsed = given === undefined ? undefined : parseWebhookKubeconfig(given);
    if (parsed?.kind === 'invalid') {
      return [
        failure(excerpt(parsed.problem, 2 * MAX_TEXT_BYTES), {
          why: 'kube-apiserver does not start with it',
          mend: 'firstseen webhook-config --help    # creates a new one',
        }),
      ];
    }
    const webhook = givenWebhook(subject);
    const findings = [...address(webhook, subject), ...trust(webhook, subject), ...credential(webhook, subject)];
    return findings.length > 0
      ? findings
      : [ok(`${excerpt(webhook.file, MAX_TEXT_BYTES)} points to ${excerpt(webhook.server.href, MAX_TEXT_BYTES)}`)];
  },
};

function address(webhook: WebhookKubeconfig, subject: Subject): readonly Finding[] {
  const { server } = webhook;
  const findings: Finding[] = [];
  const host = server.hostname.replace(/^\[|\]$/g, '');
  if (server.protocol === 'http:' && !isLoopback({ host, port: 0 })) {
    findings.push(
      failure(`the URL ${excerpt(server.href, MAX_TEXT_BYTES)} is not https`, {
        why: 'audit events and the credential cross the network unencrypted',
        mend: changeWebhook(webhook, `--server=https://${server.host}${server.pathname}`),
      }),
    );
  }
  if (isClusterName(host)) {
    findings.push(
      failure(
        `the URL names ${excerpt(host, MAX_TEXT_BYTES)}, which looks like a Service: kube-apiserver cannot resolve it`,
        {
          why: "kube-apiserver uses the DNS of its node, not the cluster's, so it never sends anything",
          mend: changeWebhook(webhook, `--server="${THE_SERVICE}"`, `--tls-server-name=${host}`),
        },
      ),
    );
  }
  const clusters = subject.known('receiver')?.clusters.map(({ name }) => name);
  const path = server.pathname.replace(/\/$/, '');
  const [, cluster] = /^\/audit(?:\/([^/]+))?$/.exec(path) ?? [];
  const known = /^\/audit(\/[^/]+)?$/.test(path) && (cluster === undefined || (clusters?.includes(cluster) ?? true));
  if (!known) {
    const paths = ['/audit', ...(clusters ?? ['<cluster>']).map((name) => `/audit/${name}`)].join(', ');
    findings.push(
      failure(`the URL has the path ${excerpt(server.pathname, MAX_TEXT_BYTES)}; expected one of ${paths}`, {
        why: 'the receiver answers 404, and the API server drops each batch after five tries',
        mend: changeWebhook(webhook, `--server=${server.origin}/audit`),
      }),
    );
  }
  return findings;
}

/** Names that only cluster DNS resolves: names of Services, and names without a dot, which need search domains. */
function isClusterName(host: string): boolean {
  if (isIP(host) !== 0 || host === 'localhost') return false;
  return !host.includes('.') || /\.svc(\.|$)|\.cluster\.local$/.test(host);
}

function trust(webhook: WebhookKubeconfig, subject: Subject): readonly Finding[] {
  const { ca, insecure, server } = webhook;
  if (server.protocol === 'http:') return [];
  if (insecure) {
    return [
      failure('insecure-skip-tls-verify is set', {
        why: 'any server at that address gets every audit event and the credential',
        mend: newAuthority(webhook, '--insecure-skip-tls-verify=false'),
      }),
    ];
  }
  if (ca.kind === 'unread') return [unread('the CA', ca.file, ca.reason)];
  if (ca.kind === 'absent') return [];
  const authorities = certificatesOf(ca.pem);
  const advice = {
    why: 'the API server does not trust the receiver and sends nothing',
    mend: newAuthority(webhook),
  };
  if (authorities === undefined) return [failure('the CA is not PEM with certificates', advice)];
  return authorities.flatMap((authority) =>
    validity(`the CA ${subjectOf(authority)}`, authority, subject.now(), advice),
  );
}

function credential(webhook: WebhookKubeconfig, subject: Subject): readonly Finding[] {
  const { cert, key, token } = webhook;
  for (const material of [cert, key, token]) {
    if (material.kind === 'unread') return [unread('the credential', material.file, material.reason)];
  }
  const pem = pemOf(cert);
  if (pem === undefined) return token.kind === 'absent' ? none(webhook, subject) : [];
  const advice = {
    why: 'the receiver closes the connection, and the API server drops each batch after five tries',
    mend: newClientCertificate(webhook),
  };
  const [certificate] = certificatesOf(pem) ?? [];
  if (certificate === undefined) return [failure('the client certificate is not PEM', advice)];
  const name = `the client certificate ${subjectOf(certificate)}`;
  const privateKey = keyOf(pemOf(key) ?? '');
  if (privateKey === undefined || !certificate.checkPrivateKey(privateKey))
    return [failure(`${name} and the key do not match`, advice)];
  if (certificate.keyUsage !== undefined && !certificate.keyUsage.includes(CLIENT_AUTH))
    return [failure(`${name} is not for TLS clients (extendedKeyUsage clientAuth)`, advice)];
  const lasts = validity(name, certificate, subject.now(), advice);
  return [...lasts, ...signer(name, certificate, webhook, subject), ...binding(name, certificate, webhook, subject)];
}

/** A missing credential is fine only if the receiver requires none. */
function none(webhook: WebhookKubeconfig, subject: Subject): readonly Finding[] {
  const receiver = subject.known('receiver');
  if (receiver === undefined || !requiresCredential(receiver)) return [];
  return [
    failure('the kubeconfig has neither a client certificate nor a token', {
      why: 'the receiver requires a credential (receiver.tls.clientCAFile, receiver.clusters[].tokenFile)',
      mend: newClientCertificate(webhook),
    }),
  ];
}

function signer(
  name: string,
  certificate: X509Certificate,
  webhook: WebhookKubeconfig,
  subject: Subject,
): readonly Finding[] {
  const file = subject.known('receiver')?.tls?.clientCAFile;
  if (file === undefined) return [];
  let authorities: readonly X509Certificate[];
  try {
    authorities = certificatesOf(readFileSync(file, 'utf8')) ?? [];
  } catch {
    return []; // the check receiver-credentials reports it
  }
  if (authorities.some((authority) => certificate.checkIssued(authority) && certificate.verify(authority.publicKey)))
    return [];
  return [
    failure(
      `${name} is not signed by ${file} but by ${excerpt(certificate.issuer.replaceAll('\n', ', '), MAX_TEXT_BYTES)}`,
      {
        why: 'the receiver closes the connection, and the API server drops each batch after five tries',
        mend: newClientCertificate(webhook),
      },
    ),
  ];
}

/** With several clusters, or with clientNames, a certificate belongs to the cluster whose clientNames list it. */
function binding(
  name: string,
  certificate: X509Certificate,
  { server }: WebhookKubeconfig,
  subject: Subject,
): readonly Finding[] {
  const receiver = subject.known('receiver');
  if (receiver === undefined) return [];
  const { clusters, tls } = receiver;
  const [only, second] = clusters;
  if (tls?.clientCAFile === undefined || (only?.clientNames === undefined && second === undefined)) return [];
  const common = commonName(certificate);
  const bears = (wanted: string) =>
    wanted === common || certificate.checkHost(wanted, { subject: 'never', wildcards: false }) !== undefined;
  const stands = clusters.find(({ clientNames }) => clientNames?.some(bears));
  const [, wanted] = /^\/audit\/([^/]+)/.exec(server.pathname) ?? [];
  if (stands !== undefined && (wanted === undefined || wanted === stands.name)) return [];
  if (stands === undefined && clusters.every(hasToken)) return [];
  const meant = wanted ?? '<cluster>';
  return [
    failure(
      stands === undefined
        ? `${name} belongs to none of the clusters ${clusters.map((cluster) => cluster.name).join(', ')}`
        : `${name} belongs to the cluster ${stands.name}, but the URL names ${excerpt(meant, MAX_TEXT_BYTES)}`,
      {
        why: 'the receiver answers 403, and the API server drops each batch after five tries',
        mend: `in the configuration: receiver.clusters: [{name: ${excerpt(meant, MAX_TEXT_BYTES)}, clientNames: [${excerpt(common ?? 'NAME', MAX_TEXT_BYTES)}]}]; or give this API server the certificate of its own cluster`,
      },
    ),
  ];
}

function unread(what: string, file: string, reason: string): Finding {
  return unchecked(
    `${what} is in ${excerpt(file, MAX_TEXT_BYTES)}: ${reason}`,
    'run doctor on a control-plane node, or embed the file: kubectl config … --embed-certs',
  );
}

function keyOf(pem: string): KeyObject | undefined {
  try {
    return createPrivateKey(pem);
  } catch {
    return undefined;
  }
}
