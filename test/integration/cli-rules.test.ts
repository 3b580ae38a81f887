/** `rules list|check|test` and `webhook-config`. */

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { outputOf, type RunResult } from '../support/child-process.ts';
import { runCommand } from '../support/command-line.ts';
import { createTemporaryFolder } from '../support/temporary-folder.ts';
import { ensureTool } from '../support/tools.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const ELASTIC = join(ROOT, '..', 'shared', 'conformance', 'rules');
const folder = createTemporaryFolder('cli-rules');
const good = join(ROOT, 'rules', 'exec-into-pod.yaml');

function firstseen(...args: readonly string[]): Promise<RunResult> {
  return runCommand(args);
}

function file(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

describe('rules', () => {
  const text = readFileSync(good, 'utf8').replace('name: exec-into-pod', 'name: exec-of-mine');
  let badQuery: string;
  let badTest: string;
  beforeAll(() => {
    badQuery = file(
      'bad-query.yaml',
      text.replace('and kubernetes.audit.objectRef.resource', 'and and kubernetes.audit.objectRef.resource'),
    );
    badTest = file('bad-test.yaml', text.replace('expect: fire', 'expect: silent'));
    mkdirSync(join(folder, 'empty'));
  });

  test('check: a note on a field that never has a value', async () => {
    const never = 'kubernetes.audit.requestObject.metadata.name: x or kubernetes.audit.objectRef.resource';
    const path = file('never.yaml', text.replace('kubernetes.audit.objectRef.resource', never));
    const { code, stderr } = await firstseen('rules', 'check', path);
    expect(code).toBe(0);
    expect(stderr).toMatch(
      /never\.yaml:\d+: exec-of-mine: note: kubernetes\.audit\.requestObject\.metadata\.name never has a value/,
    );
  });

  test('list: the rules of the pack, one per line', async () => {
    const { code, stdout, stderr } = await firstseen('rules', 'list');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^NAME +STATE +TYPE +SEVERITY +TESTS +VERDICT +TITLE$/m);
    expect(stdout).toMatch(/^anonymous-request-unusual-agent +ready +new_terms +medium +\d+ +runs +Anonymous request/m);
  });

  test('list -o json and -o yaml print the same', async () => {
    const [json, yaml] = [
      await firstseen('rules', 'list', '-o', 'json', good),
      await firstseen('rules', 'list', '-o', 'yaml', good),
    ];
    const items: unknown = JSON.parse(json.stdout);
    expect(parse(yaml.stdout)).toEqual(items);
    const item = { name: 'exec-into-pod', type: 'query', state: 'ready', verdict: 'runs', file: good };
    expect(items).toMatchObject([item]);
  });

  test('check: a valid rule', async () => {
    const { code, stdout, stderr } = await firstseen('rules', 'check', good);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^NAME +TYPE +VERDICT +WHY\nexec-into-pod +query +runs\n\n1 rule: 1 runs\n$/);
  });

  test('check: an invalid query is shown with a caret', async () => {
    const { code, stdout, stderr } = await firstseen('rules', 'check', badQuery, good);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^exec-of-mine +query +invalid +`and` has no condition to its right$/m);
    expect(stdout).toMatch(/^2 rules: 1 runs, 1 is invalid$/m);
    expect(stderr).toMatch(/bad-query\.yaml:\d+:\d+: /);
    expect(stderr).toMatch(/and and kubernetes\.audit\.objectRef\.resource.*\n *\^/);
    expect(stderr).toMatch(/^1 rule or file is invalid, and does not run$/m);
  });

  test.each(['check', 'list', 'test'])('%s: a path that does not exist', async (command) => {
    const { code, stdout, stderr } = await firstseen('rules', command, good, join(folder, 'nope'));
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^rules: .*nope: no such file or folder$/m);
  });

  test('check: a folder without rules', async () => {
    const empty = await firstseen('rules', 'check', join(folder, 'empty'));
    expect(empty.code).toBe(1);
    expect(empty.stderr).toMatch(/no rules found; rule files end in \.yaml/);
  });

  test('list: an invalid rule is reported, the others are listed', async () => {
    const { code, stdout, stderr } = await firstseen('rules', 'list', badQuery, join(ROOT, 'rules'));
    expect(code).toBe(1);
    expect(stdout).toMatch(/^privileged-pod-created +ready/m);
    expect(stdout).toMatch(/^exec-of-mine +left out +query +invalid$/m);
    expect(stderr).toMatch(/bad-query\.yaml/);
  });

  test('test: all pass', async () => {
    const { code, stdout, stderr } = await firstseen('rules', 'test', good);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^\d+ passed, 0 failed\n$/);
  });

  test('test: a failure shows its place and the actual outcome', async () => {
    const { code, stdout, stderr } = await firstseen('rules', 'test', badTest);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^FAIL .*bad-test\.yaml:\d+ exec-of-mine: kubectl exec over a WebSocket\n {2}.+\n/);
    expect(stdout).toMatch(/^\d+ passed, 1 failed$/m);
    expect(stderr).toMatch(/rule tests failed/);
  });

  test('--rules is repeatable', async () => {
    const { stdout } = await firstseen(
      'rules',
      'list',
      '--rules',
      good,
      '--rules',
      join(ROOT, 'rules', 'privileged-pod-created.yaml'),
    );
    expect(stdout.trim().split('\n')).toHaveLength(3);
  });

  (existsSync(ELASTIC) ? test : test.skip)('Elastic rules load unmodified', async () => {
    const { code, stdout, stderr } = await firstseen('rules', 'list', '-o', 'json', ELASTIC);
    expect(code).toBe(3);
    const rules = JSON.parse(stdout) as { file: string; state: string }[];
    expect(rules).toContainEqual(expect.objectContaining({ file: expect.stringMatching(/\.toml$/), state: 'ready' }));
    expect(stderr).not.toMatch(/\n\s+at /);
  });
});

describe('webhook-config', () => {
  const server = 'https://10.96.0.20:9443';
  let ca: string;
  let cert: string;
  let key: string;
  let token: string;
  beforeAll(() => {
    ca = file('ca.crt', 'the CA');
    cert = file('client.crt', 'the certificate');
    key = file('client.key', 'the key');
    token = file('token', 'secret-token\n');
  });
  const base64 = (text: string) => Buffer.from(text).toString('base64');

  test('a client certificate and a TLS server name', async () => {
    const files = ['--ca-file', ca, '--client-cert-file', cert, '--client-key-file', key];
    const { code, stdout, stderr } = await firstseen(
      'webhook-config',
      '--server',
      server,
      ...files,
      '--tls-server-name',
      'firstseen',
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(parse(stdout)).toEqual({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [
        {
          name: 'firstseen',
          cluster: {
            server: `${server}/audit`,
            'tls-server-name': 'firstseen',
            'certificate-authority-data': base64('the CA'),
          },
        },
      ],
      users: [
        {
          name: 'kube-apiserver',
          user: { 'client-certificate-data': base64('the certificate'), 'client-key-data': base64('the key') },
        },
      ],
      contexts: [{ name: 'audit', context: { cluster: 'firstseen', user: 'kube-apiserver' } }],
      'current-context': 'audit',
    });
    expect(stdout).toMatch(/It holds a credential/);
    expect(stdout).toMatch(/^# +--audit-webhook-config-file=\/etc\/kubernetes\/firstseen\/webhook\.yaml /m);
  });

  test('kubectl reads a file with a token', async () => {
    const { stdout } = await firstseen('webhook-config', '--server', `${server}/audit/prod`, '--token-file', token);
    const kubeconfig = file('webhook.yaml', stdout);
    const kubectl = await ensureTool('kubectl');
    const seen = await outputOf(kubectl, [
      'config',
      'view',
      '--raw',
      '--minify',
      '-o',
      'json',
      '--kubeconfig',
      kubeconfig,
    ]);
    expect(JSON.parse(seen)).toMatchObject({
      clusters: [{ cluster: { server: `${server}/audit/prod` } }],
      users: [{ user: { token: 'secret-token' } }],
      'current-context': 'audit',
    });
  });

  test('http is refused except for loopback addresses', async () => {
    const { code, stderr } = await firstseen('webhook-config', '--server', 'http://10.96.0.20/audit');
    expect(code).toBe(2);
    expect(stderr).toMatch(/--server: expected https/);
  });

  test('a note without credential', async () => {
    const { stdout } = await firstseen('webhook-config', '--server', 'http://127.0.0.1:9443');
    expect(stdout).toMatch(/It holds no credential, so firstseen must accept events from anyone/);
    expect(parse(stdout)).toMatchObject({ users: [{ user: {} }] });
  });

  test('-o flags prints one flag per line', async () => {
    const { code, stdout } = await firstseen(
      'webhook-config',
      '--server',
      server,
      '-o',
      'flags',
      '--directory',
      '/etc/audit',
    );
    expect(code).toBe(0);
    for (const line of stdout.trim().split('\n')) expect(line).toMatch(/^--audit-[a-z-]+=\S+$/);
    expect(stdout).toMatch(/^--audit-policy-file=\/etc\/audit\/audit-policy\.yaml$/m);
  });

  describe.each(['kubeconfig', 'flags'])('-o %s', (output) => {
    test.each([
      {
        what: 'an invalid URL',
        args: ['--server', 'firstseen'],
        message: /--server: expected a URL such as .*, found "firstseen"/,
      },
      {
        what: 'a missing file',
        args: ['--server', server, '--ca-file', 'nope'],
        message: /--ca-file: nope: there is no such file/,
      },
      {
        what: 'half a client certificate',
        args: ['--server', server, '--client-cert-file', 'x'],
        message: /pass --client-cert-file and --client-key-file together/,
      },
      {
        what: 'two credentials',
        args: ['--server', server, '--client-cert-file', 'x', '--client-key-file', 'x', '--token-file', 'x'],
        message: /pass either a client certificate or --token-file, not both/,
      },
    ])('refuses $what', async ({ args, message }) => {
      const { code, stdout, stderr } = await firstseen('webhook-config', ...args, '-o', output);
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      expect(stderr).toMatch(message);
    });
  });
});
