/** The manifests in deploy/ for those who use no Helm. */

import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type ApiServer, startApiServer } from '../support/api-server.ts';
import { runProcess } from '../support/child-process.ts';

const FILES = ['deploy/crds.yaml', 'deploy/firstseen.yaml', 'deploy/firstseen-daemonset.yaml'] as const;

let server: ApiServer;

beforeAll(async () => {
  server = await startApiServer();
});
afterAll(() => server?.stop());

test('they are what the chart says now', async () => {
  const { code, stdout, stderr } = await runProcess(process.execPath, ['deploy/generate-manifests.ts', '--check']);
  expect({ code, said: `${stdout}${stderr}` }).toEqual({ code: 0, said: expect.any(String) });
});

test.each(FILES)('they hold no key, and nothing of Helm: %j', (file) => {
  const text = readFileSync(file, 'utf8');
  expect(text).not.toMatch(/^kind: Secret$|PRIVATE KEY|helm\.sh|managed-by/m);
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
    expect(spec.volumes.find(({ name }: { name: string }) => name === 'tls').secret.defaultMode).toBe(0o440);
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
