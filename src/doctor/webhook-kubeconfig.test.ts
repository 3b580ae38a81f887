import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { stringify } from 'yaml';
import { expectKind } from '../../test/support/expect.ts';
import { createTemporaryFolder } from '../../test/support/temporary-folder.ts';
import { parseWebhookKubeconfig } from './webhook-kubeconfig.ts';

const folder = createTemporaryFolder('webhook-kubeconfig');

function config(cluster: object, user: object | null = {}, current = 'audit'): string {
  return stringify({
    clusters: [{ name: 'c', cluster: { server: 'https://10.96.0.20:9443/audit', ...cluster } }],
    users: [{ name: 'u', user }],
    contexts: [{ name: 'audit', context: { cluster: 'c', user: 'u' } }],
    'current-context': current,
  });
}

function parse(text: string) {
  return parseWebhookKubeconfig({ name: join(folder, 'webhook.yaml'), text });
}

function webhookOf(text: string) {
  const parsed = parse(text);
  expectKind(parsed, 'ok');
  return parsed.webhook;
}

test('embedded data wins over a file, and a relative path starts at the folder of the kubeconfig', () => {
  writeFileSync(join(folder, 'ca.crt'), 'from a file');
  const webhook = webhookOf(
    config(
      { 'certificate-authority': 'ca.crt', 'tls-server-name': 'firstseen' },
      {
        'client-certificate': 'ca.crt',
        'client-certificate-data': Buffer.from('from data').toString('base64'),
        'client-key': '/nonexistent/key',
      },
    ),
  );
  expect(webhook.ca).toEqual({ kind: 'pem', pem: 'from a file' });
  expect(webhook.cert).toEqual({ kind: 'pem', pem: 'from data' });
  expect(webhook.key).toEqual({ kind: 'unread', file: '/nonexistent/key', reason: 'there is no such file' });
  expect(webhook.token).toEqual({ kind: 'absent' });
  expect(webhook.serverName).toBe('firstseen');
});

test('without tls-server-name the certificate must name the host', () => {
  expect(webhookOf(config({})).serverName).toBe('10.96.0.20');
  expect(webhookOf(config({ server: 'https://[fd00::1]:9443/audit' }, null)).serverName).toBe('fd00::1');
});

test.each([
  ['broken YAML', 'a: [', /expected YAML: /],
  ['a text', 'just text', /expected a kubeconfig: the file: /],
  ['an unknown context', config({}, {}, 'other'), /expected current-context to name one of contexts, found "other"/],
  ['a server without a scheme', config({ server: 'firstseen:443' }), /expected a URL such as .* found "firstseen:443"/],
  ['a server that is a number', config({ server: 7 }), /expected a kubeconfig: clusters\.0\.cluster\.server: /],
  ['many aliases', `a: &a [1]\n${Array.from({ length: 30 }, (_, i) => `b${i}: *a`).join('\n')}`, /alias/i],
])('refuses %s', (_, text, problem) => {
  const parsed = parse(text);
  expectKind(parsed, 'invalid');
  expect(parsed.problem).toMatch(problem);
});
