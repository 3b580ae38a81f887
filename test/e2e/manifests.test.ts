/** The manifests in deploy/ for those who use no Helm. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { type ApiServer, startApiServer } from '../support/api-server.ts';
import { runProcess } from '../support/child-process.ts';

const FILES = ['deploy/crds.yaml', 'deploy/firstseen.yaml', 'deploy/firstseen-daemonset.yaml'] as const;

let server: ApiServer;

before(async () => {
  server = await startApiServer();
});
after(() => server?.stop());

test('they are what the chart says now', async () => {
  const { code, stdout, stderr } = await runProcess(process.execPath, ['deploy/generate-manifests.ts', '--check']);
  assert.equal(code, 0, `${stdout}${stderr}`);
});

test('they hold no key, and nothing of Helm', () => {
  for (const file of FILES) {
    const text = readFileSync(file, 'utf8');
    assert.doesNotMatch(text, /^kind: Secret$|PRIVATE KEY|helm\.sh|managed-by/m, file);
  }
});

test('kubectl applies each kind of installation, and a pod of it is let in', async () => {
  await server.kubectl('apply', '-f', FILES[0]);
  for (const [file, workload] of [
    [FILES[1], 'deploy/firstseen'],
    [FILES[2], 'ds/firstseen'],
  ] as const) {
    await server.kubectl('apply', '-f', file);
    const shown = await server.kubectl('-n', 'firstseen', 'get', workload, '-o', 'jsonpath={.spec.template}');
    const { metadata, spec } = JSON.parse(shown);
    assert.equal(spec.volumes.find(({ name }: { name: string }) => name === 'tls').secret.defaultMode, 0o440);
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { ...metadata, name: 'probe', namespace: 'firstseen' },
      spec,
    };
    await server.apply(pod);
    await server.kubectl('delete', '-n', 'firstseen', 'pod', 'probe', '--force');
  }
});
