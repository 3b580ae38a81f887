/** The certificates that Helm makes, in the hands of a live process: each test goes on where the one before it ended. */

import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { request as httpsRequest } from 'node:https';
import type { TLSSocket } from 'node:tls';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import type { ApiServer } from '../support/api-server.ts';
import { accountToken, CHART, NAMESPACE, startChartServer } from '../support/chart.ts';
import { fail } from '../support/fail.ts';
import { type Pod, startPod } from '../support/pod.ts';
import { freePort } from '../support/ports.ts';
import { waitFor } from '../support/wait.ts';

const DAY_MS = 86_400_000;
const EMPTY = '{"kind":"EventList","apiVersion":"audit.k8s.io/v1","items":[]}';
const PEM = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----\n/g;
/** The files are looked at so often here, instead of every 5 s. */
const QUICKLY = 'config.receiver.reloadMs=200';

type Data = Readonly<Record<string, string>>;

/** What is read of the kubeconfig. */
interface Kubeconfig {
  readonly clusters: readonly [
    {
      readonly cluster: {
        readonly server: string;
        readonly 'tls-server-name': string;
        readonly 'certificate-authority-data': string;
      };
    },
  ];
  readonly users: readonly [
    { readonly user: { readonly 'client-certificate-data': string; readonly 'client-key-data': string } },
  ];
}

let server: ApiServer;
let pod: Pod;
let port: number;

beforeAll(async () => {
  server = await startChartServer();
});
afterAll(async () => {
  await pod?.stop();
  await server?.stop();
});

function helm(verb: 'install' | 'upgrade', ...values: readonly string[]): Promise<string> {
  const set = [QUICKLY, ...values].flatMap((value) => ['--set', value]);
  return server.helm(verb, 'firstseen', CHART, '--namespace', NAMESPACE, ...set);
}

async function secret(part: 'ca' | 'tls' | 'webhook'): Promise<Data> {
  const { data } = JSON.parse(
    await server.kubectl('-n', NAMESPACE, 'get', 'secret', `firstseen-${part}`, '-o', 'json'),
  );
  return Object.fromEntries(
    Object.entries(data as Data).map(([key, text]) => [key, Buffer.from(text, 'base64').toString('utf8')]),
  );
}

async function secrets() {
  const [ca, tls, webhook] = await Promise.all([secret('ca'), secret('tls'), secret('webhook')]);
  return { ca, tls, webhook };
}

function certificate(pem: string | undefined): X509Certificate {
  return new X509Certificate(pem ?? fail('no certificate'));
}

function isSignedBy(pem: string | undefined, authority: string | undefined): boolean {
  return certificate(pem).verify(certificate(authority).publicKey);
}

function kubeconfigOf({ 'webhook.yaml': text = '' }: Data) {
  const { clusters, users } = parse(text) as Kubeconfig;
  const plain = (base64: string) => Buffer.from(base64, 'base64').toString('utf8');
  const [{ cluster }] = clusters;
  const [{ user }] = users;
  return {
    url: cluster.server,
    servername: cluster['tls-server-name'],
    ca: plain(cluster['certificate-authority-data']),
    cert: plain(user['client-certificate-data']),
    key: plain(user['client-key-data']),
  };
}

/** Sends a batch with a kubeconfig, as an API server does. Gives the status, and the certificate that the receiver showed. */
async function send(webhook: Data, credential: { readonly cert?: string; readonly key?: string } = {}) {
  const { servername, ca, cert, key } = kubeconfigOf(webhook);
  const call = httpsRequest({
    ...{ host: '127.0.0.1', port, path: '/audit', method: 'POST', agent: false, servername, ca, cert, key },
    ...credential,
    headers: { 'content-type': 'application/json', 'content-length': EMPTY.length },
  });
  call.end(EMPTY);
  const [response] = await once(call, 'response');
  response.resume();
  const shown = (response.socket as TLSSocket).getPeerCertificate().fingerprint256;
  return { status: response.statusCode as number, shown };
}

/** Brings the mounted files up to date, and waits until the receiver shows the certificate that is now in the Secret. */
async function takenUp(webhook: Data): Promise<void> {
  await pod.sync();
  const { fingerprint256 } = certificate((await secret('tls'))['tls.crt']);
  await waitFor(async () => (await send(webhook)).shown === fingerprint256, {
    what: 'the receiver to show the new certificate',
  });
}

test('Helm makes an authority, a certificate for each side, and a kubeconfig that fits', async () => {
  const notes = await helm(
    'install',
    'tls.chart.certificateDays=120',
    'tls.dnsNames={audit.example}',
    'tls.ipAddresses={192.0.2.7}',
  );
  expect(notes).toMatch(
    /get secret firstseen-webhook .* \| sed "s\/CLUSTER-IP\/\$\(kubectl -n firstseen get service firstseen /,
  );
  const { ca, tls, webhook } = await secrets();
  expect(certificate(ca['tls.crt']).ca).toBe(true);
  expect(tls['ca.crt']).toBe(ca['tls.crt']);
  expect(isSignedBy(tls['tls.crt'], ca['tls.crt'])).toBe(true);
  expect(isSignedBy(webhook['tls.crt'], ca['tls.crt'])).toBe(true);
  const names = certificate(tls['tls.crt']).subjectAltName ?? '';
  for (const name of [
    'DNS:firstseen.firstseen.svc',
    'DNS:localhost',
    'DNS:audit.example',
    'IP Address:127.0.0.1',
    'IP Address:192.0.2.7',
  ]) {
    expect(names).toContain(name);
  }
  const days = (certificate(tls['tls.crt']).validToDate.getTime() - Date.now()) / DAY_MS;
  expect(days).toBeGreaterThan(119);
  expect(days).toBeLessThan(121);
  expect(kubeconfigOf(webhook)).toMatchObject({
    url: 'https://CLUSTER-IP:443/audit',
    servername: 'firstseen.firstseen.svc',
    ca: ca['tls.crt'],
    cert: webhook['tls.crt'],
    key: webhook['tls.key'],
  });
  const workload = await server.kubectl('-n', NAMESPACE, 'get', 'deploy', 'firstseen', '-o', 'yaml');
  expect(workload).not.toMatch(/firstseen-ca|firstseen-webhook/); // no pod has the key of the authority
});

test('a process that runs with them takes the API server, and nobody else of the same authority', async () => {
  port = await freePort();
  const ops = `127.0.0.1:${await freePort()}`;
  pod = await startPod(server, {
    workload: 'deploy/firstseen',
    namespace: NAMESPACE,
    token: await accountToken(server),
    ops,
    env: { FIRSTSEEN_LISTEN: `127.0.0.1:${port}`, FIRSTSEEN_OPS_LISTEN: ops },
  });
  const { tls, webhook } = await secrets();
  const expected = { status: 200, shown: certificate(tls['tls.crt']).fingerprint256 };
  expect(await send(webhook)).toEqual(expected);
  const own = { cert: tls['tls.crt'] ?? '', key: tls['tls.key'] ?? '' };
  expect((await send(webhook, own)).status).not.toBe(200); // with the receiver's own certificate
});

test('an upgrade keeps them, and fills the address in', async () => {
  const { webhook, ...kept } = await secrets();
  const same = ['tls.chart.certificateDays=120', 'tls.dnsNames={audit.example}', 'tls.ipAddresses={192.0.2.7}'];
  await helm('upgrade', ...same);
  const { webhook: now, ...rest } = await secrets();
  expect(rest).toEqual(kept);
  expect(now['tls.crt']).toBe(webhook['tls.crt']);
  const address = await server.kubectl(
    '-n',
    NAMESPACE,
    'get',
    'service',
    'firstseen',
    '-o',
    'jsonpath={.spec.clusterIP}',
  );
  expect(kubeconfigOf(now).url).toBe(`https://${address}:443/audit`);
});

test('an upgrade to a Secret that the chart has made is refused: it would be deleted under the pods', async () => {
  await expect(helm('upgrade', 'tls.mode=existingSecret', 'tls.existingSecret=firstseen-tls')).rejects.toThrow(
    /copy it to another name/,
  );
});

test('an upgrade makes anew what is missing, what ends soon and what has other names; the authority stays', async () => {
  const first = await secrets();
  let previous = first.tls['tls.crt'];
  const renewed = async () => {
    const { ca, tls } = await secrets();
    expect(ca).toEqual(first.ca);
    expect(tls['tls.crt']).not.toBe(previous);
    previous = tls['tls.crt'];
    await takenUp(first.webhook); // with the kubeconfig that the API server has had from the beginning
  };

  await server.kubectl('-n', NAMESPACE, 'delete', 'secret', 'firstseen-tls');
  await helm('upgrade', 'tls.chart.certificateDays=120');
  await renewed(); // missing, and with other names
  expect((await secret('webhook'))['tls.crt']).toBe(first.webhook['tls.crt']);

  await helm('upgrade', 'tls.chart.renewBeforeDays=121');
  await renewed(); // ends soon
  expect((await secret('webhook'))['tls.crt']).not.toBe(first.webhook['tls.crt']);
  expect((await send(await secret('webhook'))).status).toBe(200);

  await helm('upgrade', 'tls.dnsNames={other.example}');
  await renewed(); // other names
  expect(certificate(previous).subjectAltName ?? '').toMatch(/other\.example/);
});

test('the authority is changed without a gap', async () => {
  const before = await secrets();
  const values = 'tls.dnsNames={other.example}';
  const notes = await helm('upgrade', values, 'tls.chart.rotation=begin');
  expect(notes).toMatch(/only then set tls\.chart\.rotation=finish/);
  const during = await secrets();
  expect(during.tls['tls.crt']).toBe(before.tls['tls.crt']); // API servers with the old file do not know the new authority
  expect(during.ca['tls.crt']).toBe(before.ca['tls.crt']);
  expect(isSignedBy(during.webhook['tls.crt'], during.ca['next.crt'])).toBe(true);
  expect(during.tls['ca.crt']?.match(PEM)).toEqual([during.ca['tls.crt'], during.ca['next.crt']]);
  expect(kubeconfigOf(during.webhook).ca).toBe(during.tls['ca.crt']);
  await pod.sync();
  await waitFor(async () => (await send(during.webhook)).status === 200, { what: 'the receiver to trust both' });
  expect((await send(before.webhook)).status).toBe(200); // an API server that has not been restarted yet

  await helm('upgrade', values);
  expect(await secrets()).toEqual(during); // an upgrade in the middle changes nothing

  await helm('upgrade', values, 'tls.chart.rotation=finish');
  const done = await secrets();
  expect(Object.keys(done.ca).sort()).toEqual(['tls.crt', 'tls.key']);
  expect(done.ca['tls.crt']).toBe(during.ca['next.crt']);
  expect(done.tls['ca.crt']).toBe(during.ca['next.crt']);
  expect(isSignedBy(done.tls['tls.crt'], done.ca['tls.crt'])).toBe(true);
  expect(done.webhook['tls.crt']).toBe(during.webhook['tls.crt']);
  await takenUp(during.webhook);
  await expect(send(before.webhook)).rejects.toThrow(); // what was signed by the old authority counts no more
  const metrics = await (await fetch(`${pod.opsUrl}/metrics`)).text();
  const shown = Number(/^firstseen_certificate_expiry_timestamp_seconds\{.*"server".*\} (\S+)$/m.exec(metrics)?.[1]);
  expect(shown).toBe(certificate(done.tls['tls.crt']).validToDate.getTime() / 1_000);
});

test('the authority and the kubeconfig outlive the release, and a reinstall takes them up', async () => {
  const kept = await secrets();
  await server.helm('uninstall', 'firstseen', '--namespace', NAMESPACE);
  await expect(secret('tls')).rejects.toThrow(/NotFound/);
  await helm('install');
  const { ca, tls, webhook } = await secrets();
  expect(ca).toEqual(kept.ca);
  expect(webhook['tls.crt']).toBe(kept.webhook['tls.crt']);
  expect(tls['tls.crt']).not.toBe(kept.tls['tls.crt']);
  await takenUp(kept.webhook);
});
