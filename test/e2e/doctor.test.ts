/** `firstseen doctor` on a real API server, Redis and firstseen: a healthy installation, and then one fault after another. */
import assert from 'node:assert/strict';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { parse, stringify } from 'yaml';
import { createCertificateAuthority } from '../support/certificates.ts';
import { outputOf, type StartedProcess, startProcess } from '../support/child-process.ts';
import { type Cluster, redisState, startCluster } from '../support/cluster.ts';
import {
  assertFine,
  changedFile,
  type DoctorFinding,
  type DoctorRun,
  newFile,
  runDoctor,
  theFault,
  wrongIn,
} from '../support/doctor.ts';
import { type Firstseen, runFirstseen } from '../support/firstseen.ts';
import { freePort } from '../support/ports.ts';
import { type RedisServer, startRedis } from '../support/redis-server.ts';
import { createTemporaryFolder } from '../support/temporary-folder.ts';
import { ensureTool } from '../support/tools.ts';
import { waitFor } from '../support/wait.ts';

const MAIN = join(import.meta.dirname, '..', '..', 'src', 'main.ts');
const PACK = join(import.meta.dirname, '..', '..', 'rules');
const HOUR_MS = 3_600_000;

let cluster: Cluster;
let redis: RedisServer;
let firstseen: Firstseen;
/** Where openssl and kubectl find the files that the commands of a mend name. */
const folder = createTemporaryFolder('mend');
const webhook = join(folder, 'webhook.yaml');
let server: string;

before(async () => {
  [cluster, redis] = await Promise.all([startCluster(), startRedis({ appendFsync: 'everysec' })]);
  firstseen = await cluster.startFirstseen(redisState(redis));
  server = `https://127.0.0.1:${cluster.webhookPort}/audit`;
  const { authority, client } = cluster.certificates;
  copyFileSync(authority.certFile, join(folder, 'ca.crt'));
  copyFileSync(authority.keyFile, join(folder, 'ca.key'));
  writeFileSync(webhook, await webhookConfig(client));
  await showApiServer(await recommendedFlags());
  await waitFor(() => firstseen.metric('firstseen_last_batch_timestamp_seconds'), {
    what: 'the first batch',
    timeoutMs: 30_000,
  });
});
after(async () => {
  await Promise.all([firstseen?.stop(), cluster?.server.stop(), redis?.stop()]);
});

function webhookConfig(client: { readonly certFile: string; readonly keyFile: string }): Promise<string> {
  const credential = ['--client-cert-file', client.certFile, '--client-key-file', client.keyFile];
  return runFirstseen('webhook-config', '--server', server, '--ca-file', cluster.certificates.caFile, ...credential);
}

async function recommendedFlags(): Promise<readonly string[]> {
  return (await runFirstseen('webhook-config', '--server', server, '-o', 'flags')).trim().split('\n');
}

/** The pod that a kubelet shows of kube-apiserver's manifest. */
async function showApiServer(flags: readonly string[]): Promise<void> {
  const metadata = { name: 'kube-apiserver-e2e', namespace: 'kube-system', labels: { component: 'kube-apiserver' } };
  const containers = [{ name: 'kube-apiserver', image: 'kube-apiserver', command: ['kube-apiserver', ...flags] }];
  const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default', namespace: 'kube-system' } };
  await cluster.server.kubectl('-n', 'kube-system', 'delete', 'pod', metadata.name, '--ignore-not-found', '--now');
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata, spec: { automountServiceAccountToken: false, containers } };
  await cluster.server.apply({ apiVersion: 'v1', kind: 'List', items: [account, pod] });
}

/** doctor as an administrator runs it, with all that it takes. */
function doctor(changes: Readonly<Record<string, string | undefined>> = {}): Promise<DoctorRun> {
  return runDoctor({
    config: firstseen.configFile,
    kubeconfig: cluster.server.adminKubeconfig,
    account: 'firstseen/firstseen',
    'webhook-kubeconfig': webhook,
    ...changes,
  });
}

/** The webhook's kubeconfig with something changed in its cluster or user. */
function changedWebhook(change: { readonly cluster?: object; readonly user?: object }): string {
  const config = parse(readFileSync(webhook, 'utf8')) as Record<string, [Record<string, object>]>;
  Object.assign(config.clusters?.[0].cluster ?? {}, change.cluster);
  Object.assign(config.users?.[0].user ?? {}, change.user);
  return newFile('webhook.yaml', stringify(config));
}

function changedConfig(change: (config: Record<string, Record<string, unknown>>) => void): string {
  return changedFile(firstseen.configFile, (text) => {
    const config = JSON.parse(text) as Record<string, Record<string, unknown>>;
    change(config);
    return JSON.stringify(config);
  });
}

const base64 = (file: string) => readFileSync(file).toString('base64');

/** Does what a finding says, in a shell, where an administrator would. */
async function mend({ mend = '' }: DoctorFinding): Promise<void> {
  const path = `${dirname(await ensureTool('kubectl'))}:${process.env.PATH}`;
  const env = { PATH: path, KUBECONFIG: cluster.server.adminKubeconfig, HOME: folder };
  await outputOf('sh', ['-e', '-c', mend], { cwd: folder, env });
}

describe('a healthy installation', () => {
  test('all is checked, and nothing is wrong', async () => {
    const run = await doctor();
    assert.deepEqual([run.counts.error, run.counts.warning, run.counts.unchecked, run.code], [0, 0, 0, 0], run.text);
    for (const check of ['store', 'access', 'resources', 'clock', 'api-server-flags', 'webhook-delivery', 'server']) {
      assert.ok(
        run.findings.some((finding) => finding.check === check && finding.severity === 'ok'),
        check,
      );
    }
  });

  test('with the rights of the pod: what it may not read is not checked, and the rest is fine', async () => {
    const run = await doctor({ kubeconfig: undefined, account: undefined });
    const unchecked = run.findings.filter(({ severity }) => severity === 'unchecked').map(({ check }) => check);
    assert.deepEqual(unchecked, ['api-server-flags', 'api-server-metrics']);
    assert.deepEqual([run.counts.error, run.counts.warning, run.code], [0, 0, 3], run.text);
  });

  test('no secret is printed', async () => {
    const { text } = await doctor();
    const { key } = cluster.certificates.client;
    for (const secret of [
      cluster.server.adminToken,
      key.slice(40, 80),
      Buffer.from(key).toString('base64').slice(40, 80),
    ]) {
      assert.ok(!text.includes(secret));
    }
  });
});

describe('the way of the events', () => {
  test('an expired client certificate, and the commands that make a new one', async () => {
    const expired = await cluster.certificates.authority.client('old', { notAfter: new Date(Date.now() - HOUR_MS) });
    const file = changedWebhook({
      user: {
        'client-certificate-data': base64(expired.certFile),
        'client-key-data': base64(expired.keyFile),
      },
    });
    const run = await doctor({ 'webhook-kubeconfig': file });
    assert.ok(run.findings.some(({ check, severity }) => check === 'webhook-delivery' && severity === 'error'));
    const fault = run.findings.find(({ what }) => /the client certificate old expired on/.test(what));
    assert.ok(fault !== undefined && fault.check === 'webhook-kubeconfig' && fault.severity === 'error', run.text);
    await mend(fault);
    assertFine(await doctor({ 'webhook-kubeconfig': file }));
  });

  test('a wrong CA, and the command that puts the right one there', async () => {
    const other = await createCertificateAuthority(createTemporaryFolder('other-ca'), 'other');
    const file = changedWebhook({ cluster: { 'certificate-authority-data': base64(other.certFile) } });
    const run = await doctor({ 'webhook-kubeconfig': file });
    const fault = theFault(
      run,
      'webhook-delivery',
      'error',
      /^the CA of the kubeconfig did not sign the receiver's certificate firstseen/,
    );
    await mend(fault);
    assertFine(await doctor({ 'webhook-kubeconfig': file }));
  });

  test('a name that the certificate does not bear, and the command that asks for another', async () => {
    const file = changedWebhook({ cluster: { 'tls-server-name': 'firstseen.example' } });
    const run = await doctor({ 'webhook-kubeconfig': file });
    const fault = theFault(
      run,
      'webhook-delivery',
      'error',
      /is not for firstseen\.example; its names are: DNS:localhost/,
    );
    const [command = ''] = fault.mend?.split('\n') ?? [];
    await mend({ ...fault, mend: command });
    assertFine(await doctor({ 'webhook-kubeconfig': file }));
  });

  test('the name of a Service as address', async () => {
    const file = changedWebhook({
      cluster: { server: 'https://firstseen.firstseen.svc:443/audit', 'tls-server-name': 'localhost' },
    });
    const run = await doctor({ 'webhook-kubeconfig': file, connect: `127.0.0.1:${cluster.webhookPort}` });
    const fault = theFault(run, 'webhook-kubeconfig', 'error', /firstseen\.firstseen\.svc, which looks like a Service/);
    assert.match(
      fault.mend ?? '',
      /kubectl config set-cluster firstseen .*clusterIP.* --tls-server-name=firstseen\.firstseen\.svc/,
    );
  });

  test('a path that the receiver does not have', async () => {
    const file = changedWebhook({ cluster: { server: server.replace('/audit', '/audit/prod') } });
    const run = await doctor({ 'webhook-kubeconfig': file });
    const found = run.findings.filter(({ severity }) => severity === 'error');
    assert.deepEqual(
      found.map(({ check }) => check),
      ['webhook-kubeconfig', 'webhook-delivery'],
      run.text,
    );
    assert.match(found[0]?.what ?? '', /the path \/audit\/prod; expected one of \/audit, \/audit\/local/);
    assert.match(found[1]?.what ?? '', /answered 404: no such cluster/);
  });

  test('nothing listens', async () => {
    const file = changedWebhook({ cluster: { server: `https://127.0.0.1:${await freePort()}/audit` } });
    const run = await doctor({ 'webhook-kubeconfig': file });
    theFault(run, 'webhook-delivery', 'error', /^nothing listens at 127\.0\.0\.1:/);
  });

  test('a kubeconfig that kube-apiserver would not start with', async () => {
    const run = await doctor({
      'webhook-kubeconfig': newFile('webhook.yaml', 'current-context: audit\ncontexts: []\n'),
    });
    const fault = run.findings.find(({ severity }) => severity === 'error');
    assert.match(fault?.what ?? '', /webhook\.yaml: expected current-context to name one of contexts, found "audit"$/);
  });

  for (const [what, change, severity, said] of [
    ['truncation off', { without: 'audit-webhook-truncate-enabled' }, 'error', /does not truncate events/],
    ['blocking mode', { with: '--audit-webhook-mode=blocking' }, 'error', /--audit-webhook-mode=blocking/],
    ['no webhook', { without: 'audit-webhook-config-file' }, 'error', /has no --audit-webhook-config-file/],
    ['a short backoff', { with: '--audit-webhook-initial-backoff=1s' }, 'warning', /gives a batch up after about 8 s/],
  ] as const) {
    test(`flags of the API server: ${what}`, async () => {
      const flags = await recommendedFlags();
      await showApiServer(
        'with' in change
          ? [...flags, change.with] // of two, the last one wins
          : flags.filter((flag) => !flag.startsWith(`--${change.without}=`)),
      );
      const fault = theFault(await doctor(), 'api-server-flags', severity, said);
      assert.match(fault.what, /^pod kube-apiserver-e2e /);
      assert.match(fault.mend ?? '', /--audit-webhook-[a-z-]+=/);
      await showApiServer(flags);
    });
  }

  test('flags of k3s, from a file', async () => {
    const file = newFile(
      'config.yaml',
      'kube-apiserver-arg:\n  - audit-policy-file=/p\n  - "audit-webhook-config-file=/w"\n  - audit-webhook-batch-max-wait=1s\n',
    );
    const run = await doctor({ 'apiserver-flags': file });
    theFault(run, 'api-server-flags', 'error', /config\.yaml does not truncate events/);
  });
});

describe('Kubernetes', () => {
  test('a right is missing, and the commands that grant it', async () => {
    await cluster.server.kubectl(
      'patch',
      'clusterrole',
      'firstseen',
      '--type=json',
      '-p',
      '[{"op":"remove","path":"/rules/1"}]',
    );
    const run = await doctor();
    const fault = theFault(
      run,
      'access',
      'error',
      /^the service account firstseen\/firstseen may not patch alerts\.firstseen\.dev\/status$/,
    );
    // As the pod itself sees it.
    theFault(
      {
        ...run,
        findings: (await doctor({ kubeconfig: undefined, account: undefined })).findings.filter(
          ({ severity }) => severity !== 'unchecked',
        ),
      },
      'access',
      'error',
      /may not patch/,
    );
    await mend(fault);
    await waitFor(async () => wrongIn(await doctor()).length === 0, {
      what: 'the right to be granted',
      timeoutMs: 20_000,
    });
  });

  test('a credential that is not valid', async () => {
    const run = await doctor({ kubeconfig: cluster.server.kubeconfigFor('not-a-token') });
    assert.ok(
      run.findings.some(
        ({ check, severity, what }) => check === 'access' && severity === 'error' && what.includes('401'),
      ),
      run.text,
    );
    assert.ok(!run.text.includes('not-a-token'));
  });

  test('another product has a resource of the same name', async () => {
    const names = { kind: 'Alert', listKind: 'AlertList', plural: 'alerts', singular: 'alert' };
    const schema = { openAPIV3Schema: { type: 'object' } };
    const name = 'alerts.notification.toolkit.fluxcd.io';
    await cluster.server.apply({
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name },
      spec: {
        group: 'notification.toolkit.fluxcd.io',
        scope: 'Namespaced',
        names,
        versions: [{ name: 'v1beta3', served: true, storage: true, schema }],
      },
    });
    await cluster.server.kubectl('wait', '--for=condition=Established', `crd/${name}`, '--timeout=30s');
    const run = await waitFor(
      async () => {
        const run = await doctor();
        return wrongIn(run).length > 0 && run;
      },
      { what: 'the other resource to be served' },
    );
    const fault = theFault(
      run,
      'resources',
      'warning',
      /alerts is a resource of notification\.toolkit\.fluxcd\.io too: kubectl get alerts shows those of firstseen\.dev/,
    );
    await mend(fault);
    await cluster.server.kubectl('delete', 'crd', name);
  });

  test('resource definitions of an older version', async () => {
    const path = '/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties';
    const change = (op: object) =>
      cluster.server.kubectl('patch', 'crd', 'alerts.firstseen.dev', '--type=json', '-p', JSON.stringify([op]));
    await change({ op: 'replace', path: `${path}/reason/maxLength`, value: 100 });
    const run = await waitFor(
      async () => {
        const run = await doctor();
        return wrongIn(run).length > 0 && run;
      },
      { what: 'the schema to be published', timeoutMs: 20_000 },
    );
    theFault(
      run,
      'resources',
      'error',
      /alerts\.firstseen\.dev is older than firstseen .*: spec\.reason is at most 100, not 320/,
    );
    await change({ op: 'replace', path: `${path}/reason/maxLength`, value: 320 });
  });

  test('no resource definition at all', async () => {
    const empty = await cluster.server.kubectl('get', 'crd', 'alerts.firstseen.dev', '-o', 'json');
    await cluster.server.kubectl('delete', 'crd', 'alerts.firstseen.dev', '--timeout=60s');
    const run = await waitFor(
      async () => {
        const run = await doctor();
        return run.findings.some(({ what }) => what === 'the resource alerts.firstseen.dev is not installed') && run;
      },
      { what: 'the resource to be gone', timeoutMs: 20_000 },
    );
    const fault = run.findings.find(({ check, severity }) => check === 'resources' && severity === 'error');
    assert.match(fault?.mend ?? '', /helm upgrade firstseen .* --set crds\.enabled=true/);
    const { metadata, ...definition } = JSON.parse(empty) as { metadata: { name: string }; status?: unknown };
    await cluster.server.apply({ ...definition, status: undefined, metadata: { name: metadata.name } });
  });
});

describe('firstseen itself', () => {
  test('a rule that is broken', async () => {
    const file = newFile(
      'broken.yaml',
      'apiVersion: firstseen.dev/v1alpha1\nkind: DetectionRule\nmetadata: {name: broken}\nspec: {title: t, type: query, language: kuery, query: "user.name: (", severity: low, riskScore: 1}\n',
    );
    const run = await doctor({
      config: changedConfig((config) => Object.assign(config.rules ?? {}, { paths: [PACK, file] })),
    });
    const fault = theFault(run, 'rules', 'error', /^broken: .*broken\.yaml:4:\d+: broken: /);
    assert.match(fault.mend ?? '', /firstseen rules check /);
  });

  test('a configuration that is not usable', async () => {
    const run = await doctor({
      config: changedConfig((config) => Object.assign(config.receiver ?? {}, { listn: 'x' })),
    });
    const fault = run.findings.find(({ severity }) => severity === 'error');
    assert.equal(fault?.check, 'configuration', run.text);
    assert.match(fault?.what ?? '', /receiver\.listn: unknown/);
  });

  test('Redis is less durable than demanded', async () => {
    const config = changedConfig((config) => Object.assign(config.state ?? {}, { durability: 'fsync' }));
    const fault = theFault(
      await doctor({ config }),
      'store',
      'error',
      /has appendfsync everysec, but durability "fsync" is demanded/,
    );
    assert.match(fault.mend ?? '', /CONFIG SET appendfsync always/);
  });

  test('Redis is away', async () => {
    const url = `redis://127.0.0.1:${await freePort()}/0`;
    const config = changedConfig((config) => Object.assign(config.state ?? {}, { url, connectTimeoutMs: 500 }));
    theFault(await doctor({ config }), 'store', 'error', /^Redis at 127\.0\.0\.1:\d+ is away/);
  });

  test('no firstseen runs where it should', async () => {
    const run = await doctor({ ops: `http://127.0.0.1:${await freePort()}` });
    theFault(run, 'server', 'error', /^no firstseen answers at http:/);
  });
});

describe('a second firstseen, to which no API server sends', () => {
  let process2: StartedProcess;
  let config: string;
  let port: number;

  before(async () => {
    port = await freePort();
    const ops = `127.0.0.1:${await freePort()}`;
    const { certFile, keyFile } = await cluster.certificates.authority.server('firstseen', {
      notAfter: new Date(Date.now() + HOUR_MS),
    });
    const clusters = [
      { name: 'prod', clientNames: ['kube-apiserver'] },
      { name: 'staging', clientNames: ['kube-apiserver-staging'] },
    ];
    config = newFile(
      'firstseen.yaml',
      JSON.stringify({
        receiver: {
          listen: `127.0.0.1:${port}`,
          tls: { certFile, keyFile, clientCAFile: cluster.certificates.caFile },
          clusters,
        },
        ops: { listen: ops },
        state: { kind: 'sqlite', path: join(createTemporaryFolder('state'), 'firstseen.db') },
        rules: { paths: [PACK] },
        kubernetes: { enabled: false },
      }),
    );
    process2 = await startProcess(process.execPath, [MAIN, 'serve', '--config', config]);
    await waitFor(async () => (await fetch(`http://${ops}/readyz`)).ok, { what: 'firstseen to be ready' });
  });
  after(() => process2?.stop());

  const second = (path: string) => {
    const file = changedWebhook({ cluster: { server: `https://127.0.0.1:${port}${path}` } });
    return doctor({ config, 'webhook-kubeconfig': file });
  };

  test('has had no batch, and one that doctor sends does not pass for one', async () => {
    for (const _ of ['first', 'after an empty batch']) {
      const silent = (await second('/audit')).findings.filter(({ what }) =>
        /^the API server of (prod|staging) has sent no batch/.test(what),
      );
      assert.deepEqual(
        silent.map(({ check, severity }) => [check, severity]),
        Array(2).fill(['server', 'warning']),
      );
      assert.match(silent[0]?.mend ?? '', /nothing-arrives/);
    }
  });

  test('has a certificate that is about to expire', async () => {
    const { findings, text } = await second('/audit');
    const said = findings.filter(({ what }) => /certificate.* expires on .*, in \d+ minutes$/.test(what));
    assert.deepEqual(
      said.map(({ check, severity }) => [check, severity]),
      [
        ['receiver-credentials', 'warning'],
        ['webhook-delivery', 'warning'],
      ],
      text,
    );
    assert.match(
      said[0]?.mend ?? '',
      /openssl x509 -req .*\n.*kubectl -n firstseen create secret generic firstseen-tls/,
    );
  });

  test('binds the client certificate to another cluster', async () => {
    const { findings, text } = await second('/audit/staging');
    const errors = findings.filter(({ severity }) => severity === 'error');
    assert.deepEqual(
      errors.map(({ check }) => check),
      ['webhook-kubeconfig', 'webhook-delivery'],
      text,
    );
    assert.equal(
      errors[0]?.what,
      'the client certificate kube-apiserver stands for the cluster prod, and the URL names staging',
    );
    assert.match(errors[0]?.mend ?? '', /clientNames: \[kube-apiserver\]/);
    assert.match(errors[1]?.what ?? '', /answered 403: the credential does not stand for this cluster/);
  });
});
