/** `firstseen doctor` on a real API server, Redis and firstseen: a healthy installation, and then one fault after another. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createCertificateAuthority } from '../support/certificates.ts';
import { assertFine, changedFile, newFile, theFault, wrongIn } from '../support/doctor.ts';
import { type DoctorCluster, type SecondFirstseen, startDoctorCluster } from '../support/doctor-cluster.ts';
import { expectPresent } from '../support/expect.ts';
import { freePort } from '../support/ports.ts';
import { createTemporaryFolder } from '../support/temporary-folder.ts';
import { waitFor } from '../support/wait.ts';

const PACK = join(import.meta.dirname, '..', '..', 'rules');
const HOUR_MS = 3_600_000;

let at: DoctorCluster;

beforeAll(async () => {
  at = await startDoctorCluster();
});
afterAll(() => at?.stop());

const base64 = (file: string) => readFileSync(file).toString('base64');
const doctor: DoctorCluster['doctor'] = (changes) => at.doctor(changes);

describe('a healthy installation', () => {
  test('all checks pass', async () => {
    const run = await doctor();
    assertFine(run);
    expect(run).toMatchObject({ counts: { error: 0, warning: 0, unchecked: 0 }, code: 0 });
    const passed = run.findings.filter(({ severity }) => severity === 'ok').map(({ check }) => check);
    expect(passed).toEqual(
      expect.arrayContaining([
        'store',
        'access',
        'resources',
        'clock',
        'api-server-flags',
        'webhook-delivery',
        'server',
      ]),
    );
  });

  test('with the rights of the pod, forbidden checks are skipped and the others pass', async () => {
    const run = await doctor({ kubeconfig: undefined, 'service-account': undefined });
    const unchecked = run.findings.filter(({ severity }) => severity === 'unchecked').map(({ check }) => check);
    expect(unchecked).toEqual(['api-server-flags', 'api-server-metrics']);
    expect(run).toMatchObject({ counts: { error: 0, warning: 0 }, code: 3 });
  });

  test('no secret is printed', async () => {
    const { text } = await doctor();
    const { key } = at.cluster.certificates.client;
    for (const secret of [
      at.cluster.server.adminToken,
      key.slice(40, 80),
      Buffer.from(key).toString('base64').slice(40, 80),
    ]) {
      expect(text).not.toContain(secret);
    }
  });
});

describe('event delivery', () => {
  test('an expired client certificate, and the commands to replace it', async () => {
    const expired = await at.cluster.certificates.authority.client('old', { notAfter: new Date(Date.now() - HOUR_MS) });
    const file = at.changedWebhook({
      user: {
        'client-certificate-data': base64(expired.certFile),
        'client-key-data': base64(expired.keyFile),
      },
    });
    const run = await doctor({ 'webhook-kubeconfig': file });
    expect(run.findings).toContainEqual(expect.objectContaining({ check: 'webhook-delivery', severity: 'error' }));
    const fault = run.findings.find(({ what }) => /the client certificate old expired on/.test(what));
    expectPresent(fault);
    expect(fault.check).toBe('webhook-kubeconfig');
    expect(fault.severity).toBe('error');
    await at.mend(fault);
    assertFine(await doctor({ 'webhook-kubeconfig': file }));
  });

  test('a wrong CA, and the command to replace it', async () => {
    const other = await createCertificateAuthority(createTemporaryFolder('other-ca'), 'other');
    const file = at.changedWebhook({ cluster: { 'certificate-authority-data': base64(other.certFile) } });
    const run = await doctor({ 'webhook-kubeconfig': file });
    const fault = theFault(
      run,
      'webhook-delivery',
      'error',
      /^the CA of the kubeconfig did not sign the receiver's certificate firstseen/,
    );
    await at.mend(fault);
    assertFine(await doctor({ 'webhook-kubeconfig': file }));
  });

  test('a name missing in the certificate, and the command to verify another', async () => {
    const file = at.changedWebhook({ cluster: { 'tls-server-name': 'firstseen.example' } });
    const run = await doctor({ 'webhook-kubeconfig': file });
    const fault = theFault(
      run,
      'webhook-delivery',
      'error',
      /is not for firstseen\.example; its names are: DNS:localhost/,
    );
    const [command = ''] = fault.mend?.split('\n') ?? [];
    await at.mend({ ...fault, mend: command });
    assertFine(await doctor({ 'webhook-kubeconfig': file }));
  });

  test('a Service name as address', async () => {
    const file = at.changedWebhook({
      cluster: { server: 'https://firstseen.firstseen.svc:443/audit', 'tls-server-name': 'localhost' },
    });
    const run = await doctor({ 'webhook-kubeconfig': file, connect: `127.0.0.1:${at.cluster.webhookPort}` });
    const fault = theFault(run, 'webhook-kubeconfig', 'error', /firstseen\.firstseen\.svc, which looks like a Service/);
    expect(fault.mend ?? '').toMatch(
      /kubectl config set-cluster firstseen .*clusterIP.* --tls-server-name=firstseen\.firstseen\.svc/,
    );
  });

  test('a path without receiver', async () => {
    const file = at.changedWebhook({ cluster: { server: at.url.replace('/audit', '/audit/prod') } });
    const run = await doctor({ 'webhook-kubeconfig': file });
    const found = run.findings.filter(({ severity }) => severity === 'error');
    expect(found.map(({ check }) => check)).toEqual(['webhook-kubeconfig', 'webhook-delivery']);
    expect(found[0]?.what ?? '').toMatch(/the path \/audit\/prod; expected one of \/audit, \/audit\/local/);
    expect(found[1]?.what ?? '').toMatch(/got 404: no such cluster/);
  });

  test('nothing listens', async () => {
    const file = at.changedWebhook({ cluster: { server: `https://127.0.0.1:${await freePort()}/audit` } });
    const run = await doctor({ 'webhook-kubeconfig': file });
    theFault(run, 'webhook-delivery', 'error', /^nothing listens at 127\.0\.0\.1:/);
  });

  test('flags of the API server, from its pod: truncation off', async () => {
    const flags = await at.recommendedFlags();
    await at.showApiServer(flags.filter((flag) => !flag.startsWith('--audit-webhook-truncate-enabled')));
    const fault = theFault(await doctor(), 'api-server-flags', 'error', /does not truncate events/);
    expect(fault.what).toMatch(/^pod kube-apiserver-e2e /);
    expect(fault.mend ?? '').toMatch(/^--audit-webhook-truncate-enabled=true /);
    await at.showApiServer(flags);
  });

  test.each([
    { flag: '--audit-webhook-mode=blocking', severity: 'error', what: /--audit-webhook-mode=blocking/ },
    {
      flag: '--audit-webhook-batch-max-size=1000',
      severity: 'error',
      what: /may send bodies of 98 MiB; firstseen accepts 64/,
    },
    { flag: '--audit-webhook-initial-backoff=1s', severity: 'warning', what: /drops a batch after about 8 s/ },
  ] as const)('flags of the API server, from a file: $flag', async ({ flag, severity, what }) => {
    const file = newFile('flags', [...(await at.recommendedFlags()), flag].join('\n')); // of two, the last one wins
    const fault = theFault(await doctor({ 'apiserver-flags': file }), 'api-server-flags', severity, what);
    expect(fault.mend ?? '').toMatch(/^--audit-webhook-[a-z-]+=/);
  });
});

describe('the audit policy', () => {
  test('a policy without bodies, under which a rule on bodies can never fire', async () => {
    const policy = changedFile(at.policy, (text) => text.replace('level: RequestResponse', 'level: Metadata'));
    const fault = theFault(
      await doctor({ policy }),
      'audit-policy',
      'error',
      /^the rule privileged-pod-created can never fire: .*recorded at level Metadata \(line 9\); the rule reads firstseen\.pod\./,
    );
    expect(fault.mend ?? '').toMatch(/^firstseen audit-policy/);
  });

  test('a policy without ResponseStarted, and one that records own writes', async () => {
    const omitted = changedFile(at.policy, (text) => text.replace('rules:', 'omitStages: [ResponseStarted]\nrules:'));
    theFault(
      await doctor({ policy: omitted }),
      'audit-policy',
      'warning',
      /^the policy omits the stage ResponseStarted/,
    );
    const own = changedFile(at.policy, (text) => text.replace('firstseen:firstseen', 'other:other'));
    theFault(await doctor({ policy: own }), 'audit-policy', 'warning', /^the policy records firstseen's own writes/);
  });
});

describe('Kubernetes', () => {
  test('a missing right, and the commands to grant it', async () => {
    await at.cluster.server.kubectl(
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
        findings: (await doctor({ kubeconfig: undefined, 'service-account': undefined })).findings.filter(
          ({ severity }) => severity !== 'unchecked',
        ),
      },
      'access',
      'error',
      /may not patch/,
    );
    await at.mend(fault);
    await waitFor(async () => wrongIn(await doctor()).length === 0, {
      what: 'the right to be granted',
    });
  });

  test('an invalid credential', async () => {
    const run = await doctor({ kubeconfig: at.cluster.server.kubeconfigFor('not-a-token') });
    expect(run.findings).toContainEqual(
      expect.objectContaining({ check: 'access', severity: 'error', what: expect.stringContaining('401') }),
    );
    expect(run.text).not.toContain('not-a-token');
  });

  test('another product has a resource of the same name', async () => {
    const names = { kind: 'Alert', listKind: 'AlertList', plural: 'alerts', singular: 'alert' };
    const schema = { openAPIV3Schema: { type: 'object' } };
    const name = 'alerts.notification.toolkit.fluxcd.io';
    await at.cluster.server.apply({
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
    await at.cluster.server.kubectl('wait', '--for=condition=Established', `crd/${name}`, '--timeout=30s');
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
      /notification\.toolkit\.fluxcd\.io has a resource named alerts too: kubectl get alerts shows those of firstseen\.dev/,
    );
    await at.mend(fault);
    await at.cluster.server.kubectl('delete', 'crd', name);
  });

  test('resource definitions of an older version', async () => {
    const spec = '/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties';
    // One that no alert of this test comes up to: what the API server refuses is another fault.
    const path = `${spec}/request/properties/subresource/maxLength`;
    const change = (op: object) =>
      at.cluster.server.kubectl('patch', 'crd', 'alerts.firstseen.dev', '--type=json', '-p', JSON.stringify([op]));
    await change({ op: 'replace', path, value: 16 });
    const run = await waitFor(
      async () => {
        const run = await doctor();
        return wrongIn(run).length > 0 && run;
      },
      { what: 'the schema to be published' },
    );
    theFault(
      run,
      'resources',
      'error',
      /alerts\.firstseen\.dev is older than firstseen .*: spec\.request\.subresource allows at most 16, not 32/,
    );
    await change({ op: 'replace', path, value: 32 });
  });

  test('no resource definition at all', async () => {
    const empty = await at.cluster.server.kubectl('get', 'crd', 'alerts.firstseen.dev', '-o', 'json');
    await at.cluster.server.kubectl('delete', 'crd', 'alerts.firstseen.dev', '--timeout=60s');
    const run = await waitFor(
      async () => {
        const run = await doctor();
        return run.findings.some(({ what }) => what === 'the resource alerts.firstseen.dev is not installed') && run;
      },
      { what: 'the resource to be gone' },
    );
    const fault = run.findings.find(({ check, severity }) => check === 'resources' && severity === 'error');
    expect(fault?.mend ?? '').toMatch(/helm upgrade firstseen .* --set crds\.enabled=true/);
    const { metadata, ...definition } = JSON.parse(empty) as { metadata: { name: string }; status?: unknown };
    await at.cluster.server.apply({ ...definition, status: undefined, metadata: { name: metadata.name } });
  });
});

describe('firstseen itself', () => {
  test('an invalid rule', async () => {
    const file = newFile(
      'broken.yaml',
      'apiVersion: firstseen.dev/v1alpha1\nkind: DetectionRule\nmetadata: {name: broken}\nspec: {title: t, type: query, language: kuery, query: "user.name: (", severity: low, riskScore: 1}\n',
    );
    const run = await doctor({
      config: at.changedConfig((config) => Object.assign(config.rules ?? {}, { paths: [PACK, file] })),
    });
    const fault = theFault(run, 'rules', 'error', /^broken: .*broken\.yaml:4:\d+: broken: /);
    expect(fault.mend ?? '').toMatch(/firstseen rules check /);
  });

  test('an invalid configuration', async () => {
    const run = await doctor({
      config: at.changedConfig((config) => Object.assign(config.receiver ?? {}, { listn: 'x' })),
    });
    const fault = run.findings.find(({ severity }) => severity === 'error');
    expect(fault?.check).toBe('configuration');
    expect(fault?.what ?? '').toMatch(/receiver\.listn: unknown/);
  });

  test('Redis is less durable than required', async () => {
    const config = at.changedConfig((config) => Object.assign(config.state ?? {}, { durability: 'fsync' }));
    const fault = theFault(
      await doctor({ config }),
      'store',
      'error',
      /has appendfsync everysec, but durability "fsync" is required/,
    );
    expect(fault.mend ?? '').toMatch(/CONFIG SET appendfsync always/);
  });

  test('Redis is away', async () => {
    const url = `redis://127.0.0.1:${await freePort()}/0`;
    const config = at.changedConfig((config) => Object.assign(config.state ?? {}, { url, connectTimeoutMs: 500 }));
    theFault(await doctor({ config }), 'store', 'error', /^Redis at 127\.0\.0\.1:\d+ is away/);
  });

  test('firstseen does not run', async () => {
    const run = await doctor({ ops: `http://127.0.0.1:${await freePort()}` });
    theFault(run, 'server', 'error', /^no firstseen answers at http:/);
  });
});

describe('a second firstseen, to which no API server sends', () => {
  let bad: SecondFirstseen;

  beforeAll(async () => {
    bad = await at.startSecond();
  });
  afterAll(() => bad?.stop());

  const second = (path: string) => {
    const file = at.changedWebhook({ cluster: { server: `https://127.0.0.1:${bad.port}${path}` } });
    return doctor({ config: bad.configFile, 'webhook-kubeconfig': file });
  };

  test.each(['first', 'after an empty batch'])(
    'has had no batch, and one that doctor sends does not pass for one: %j',
    async (_) => {
      const silent = (await second('/audit')).findings.filter(({ what }) =>
        /^the API server of (prod|staging) has sent no batch/.test(what),
      );
      expect(silent.map(({ check, severity }) => [check, severity])).toEqual(Array(2).fill(['server', 'warning']));
      expect(silent[0]?.mend ?? '').toMatch(/nothing-arrives/);
    },
  );

  test('has a certificate that expires soon', async () => {
    const { findings } = await second('/audit');
    const said = findings.filter(({ what }) => /certificate.* expires on .*, in \d+ minutes$/.test(what));
    expect(said.map(({ check, severity }) => [check, severity])).toEqual([
      ['receiver-credentials', 'warning'],
      ['webhook-delivery', 'warning'],
    ]);
    expect(said[0]?.mend ?? '').toMatch(
      /openssl x509 -req .*\n.*kubectl -n firstseen create secret generic firstseen-tls/,
    );
  });

  test('binds the client certificate to another cluster', async () => {
    const { findings } = await second('/audit/staging');
    const errors = findings.filter(({ severity }) => severity === 'error');
    expect(errors.map(({ check }) => check)).toEqual(['webhook-kubeconfig', 'webhook-delivery']);
    expect(errors[0]?.what).toBe(
      'the client certificate kube-apiserver belongs to the cluster prod, but the URL names staging',
    );
    expect(errors[0]?.mend ?? '').toMatch(/clientNames: \[kube-apiserver\]/);
    expect(errors[1]?.what ?? '').toMatch(/got 403: the credential does not belong to this cluster/);
  });
});
