/**
 * With cert-manager. It cannot be had here, so its part is played: the objects that the chart makes are read back, and the
 * Secrets that they name are filled with certificates for just the names that they ask for.
 */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { ApiServer } from '../support/api-server.ts';
import { type CertificatePair, createCertificateAuthority } from '../support/certificates.ts';
import { accountToken, CHART, NAMESPACE, startChartServer } from '../support/chart.ts';
import { runFirstseen } from '../support/command-line.ts';
import { fail } from '../support/fail.ts';
import { type Pod, startPod } from '../support/pod.ts';
import { freePort } from '../support/ports.ts';
import { createTemporaryFolder } from '../support/temporary-folder.ts';
import { waitFor } from '../support/wait.ts';

interface Certificate {
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly secretName: string;
    readonly commonName: string;
    readonly dnsNames?: readonly string[];
    readonly ipAddresses?: readonly string[];
    readonly usages?: readonly string[];
    readonly isCA?: boolean;
  };
}

let server: ApiServer;
let pod: Pod | undefined;

beforeAll(async () => {
  server = await startChartServer();
});
afterAll(async () => {
  await pod?.stop();
  await server?.stop();
});

/** A definition of cert-manager's that takes anything: what counts here is which objects the chart asks it for. */
function definition(kind: string, plural: string): object {
  const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.cert-manager.io` },
    spec: {
      group: 'cert-manager.io',
      scope: 'Namespaced',
      names: { kind, plural, singular: kind.toLowerCase(), listKind: `${kind}List` },
      versions: [{ name: 'v1', served: true, storage: true, schema }],
    },
  };
}

test('the Secrets that cert-manager is asked for are those that the receiver and the API server need', async () => {
  for (const [kind, plural] of [
    ['Certificate', 'certificates'],
    ['Issuer', 'issuers'],
  ] as const) {
    await server.apply(definition(kind, plural));
    await server.kubectl('wait', '--for=condition=Established', `crd/${plural}.cert-manager.io`);
  }
  const [port, ops] = [await freePort(), await freePort()];
  const mode = `tls.mode=certManager,mode=DaemonSet,daemonSet.singleNode=true,daemonSet.auditPort=${port},daemonSet.opsPort=${ops}`;
  const notes = await server.helm('install', 'firstseen', CHART, '--namespace', NAMESPACE, '--set', mode);
  expect(notes).toMatch(/get secret firstseen-client /);

  const shown = await server.kubectl('-n', NAMESPACE, 'get', 'certificates.cert-manager.io', '-o', 'json');
  const { items } = JSON.parse(shown) as { readonly items: readonly Certificate[] };
  const folder = createTemporaryFolder('cert-manager');
  const authority = await createCertificateAuthority(folder, 'ca');
  const issued = new Map<string, CertificatePair>();
  for (const { metadata, spec } of items.filter((item) => item.spec.isCA !== true)) {
    const { commonName, dnsNames = [], ipAddresses = [] } = spec;
    const pair = spec.usages?.includes('server auth')
      ? await authority.server(commonName, { dnsNames, ipAddresses })
      : await authority.client(commonName, { dnsNames });
    issued.set(metadata.name, pair);
    const files = [`tls.crt=${pair.certFile}`, `tls.key=${pair.keyFile}`, `ca.crt=${authority.certFile}`];
    await server.kubectl(
      ...['-n', NAMESPACE, 'create', 'secret', 'generic', spec.secretName],
      ...files.map((file) => `--from-file=${file}`),
    );
  }
  expect([...issued.keys()].sort()).toEqual(['firstseen-client', 'firstseen-server']);

  pod = await startPod(server, {
    workload: 'ds/firstseen',
    namespace: NAMESPACE,
    token: await accountToken(server),
    ops: `127.0.0.1:${ops}`,
  });
  // As the notes say, with the files that they take from the Secret.
  const client = issued.get('firstseen-client') ?? fail();
  const webhook = join(folder, 'webhook.yaml');
  const url = /--server "(\S+)"/.exec(notes)?.[1] ?? '';
  writeFileSync(webhook, await runFirstseen('webhook-config', '--ca-file', authority.certFile, '--server', url));
  await server.kubectl(
    ...['config', 'set-credentials', 'kube-apiserver', '--kubeconfig', webhook, '--embed-certs'],
    ...['--client-certificate', client.certFile, '--client-key', client.keyFile],
  );
  await server.restart({ auditPolicyFile: 'deploy/audit-policy.yaml', auditWebhookConfigFile: webhook });
  await server.anonymous('/version/', { userAgent: 'e2e-cert-manager/1' });
  await waitFor(async () => (await server.kubectl('get', 'alerts', '-o', 'wide')).includes('e2e-cert-manager/1'), {
    what: 'the alert',
    intervalMs: 250,
  });
});
