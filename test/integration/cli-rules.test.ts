/** `rules list|check|test` and `webhook-config`, as a person calls them. */

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

  test('check: a condition on a field that never has a value is pointed out', async () => {
    const never = 'kubernetes.audit.requestObject.metadata.name: x or kubernetes.audit.objectRef.resource';
    const path = file('never.yaml', text.replace('kubernetes.audit.objectRef.resource', never));
    const { code, stderr } = await firstseen('rules', 'check', path);
    expect(code).toBe(0);
    expect(stderr).toMatch(
      /never\.yaml:\d+: exec-of-mine: note: kubernetes\.audit\.requestObject\.metadata\.name never has a value/,
    );
  });

  test('list: those of the pack, each on a line', async () => {
    const { code, stdout, stderr } = await firstseen('rules', 'list');
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^NAME +STATE +TYPE +SEVERITY +TESTS +VERDICT +TITLE$/m);
    expect(stdout).toMatch(/^anonymous-request-unusual-agent +ready +new_terms +medium +\d+ +runs +Anonymous request/m);
  });

  test('list -o json and -o yaml give the same', async () => {
    const [json, yaml] = [
      await firstseen('rules', 'list', '-o', 'json', good),
      await firstseen('rules', 'list', '-o', 'yaml', good),
    ];
    const items: unknown = JSON.parse(json.stdout);
    expect(parse(yaml.stdout)).toEqual(items);
    const item = { name: 'exec-into-pod', type: 'query', state: 'ready', verdict: 'runs', file: good };
    expect(items).toMatchObject([item]);
  });

  test('check: nothing wrong', async () => {
    const { code, stdout, stderr } = await firstseen('rules', 'check', good);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^NAME +TYPE +VERDICT +WHY\nexec-into-pod +query +runs\n\n1 rule: 1 runs\n$/);
  });

  test('check: a query that is wrong is shown with a caret', async () => {
    const { code, stdout, stderr } = await firstseen('rules', 'check', badQuery, good);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^exec-of-mine +query +invalid +`and` has no condition to its right$/m);
    expect(stdout).toMatch(/^2 rules: 1 runs, 1 is invalid$/m);
    expect(stderr).toMatch(/bad-query\.yaml:\d+:\d+: /);
    expect(stderr).toMatch(/and and kubernetes\.audit\.objectRef\.resource.*\n *\^/);
    expect(stderr).toMatch(/^1 rule or file is invalid, and does not run$/m);
  });

  test('check: a path that is not there, and a folder without rules', async () => {
    for (const command of ['check', 'list', 'test']) {
      const missing = await firstseen('rules', command, good, join(folder, 'nope'));
      expect([command, [missing.code, missing.stdout]]).toEqual([command, [2, '']]);
      expect(missing.stderr).toMatch(/^rules: .*nope: there is no such file or folder$/m);
    }
    const empty = await firstseen('rules', 'check', join(folder, 'empty'));
    expect(empty.code).toBe(1);
    expect(empty.stderr).toMatch(/no rule was found; rule files end in \.yaml/);
  });

  test('list: what is broken is said, the others are listed', async () => {
    const { code, stdout, stderr } = await firstseen('rules', 'list', badQuery, join(ROOT, 'rules'));
    expect(code).toBe(1);
    expect(stdout).toMatch(/^privileged-pod-created +ready/m);
    expect(stdout).toMatch(/^exec-of-mine +left out +query +invalid$/m);
    expect(stderr).toMatch(/bad-query\.yaml/);
  });

  test('test: all pass', async () => {
    const { code, stdout, stderr } = await firstseen('rules', 'test', good);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^\d+ passed, 0 failed\n$/);
  });

  test('test: one fails, with its place and what came instead', async () => {
    const { code, stdout, stderr } = await firstseen('rules', 'test', badTest);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^FAIL .*bad-test\.yaml:\d+ exec-of-mine: kubectl exec over a WebSocket\n {2}.+\n/);
    expect(stdout).toMatch(/^\d+ passed, 1 failed$/m);
    expect(stderr).toMatch(/rule tests failed/);
  });

  test('the flag --rules may be given again', async () => {
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

  (existsSync(ELASTIC) ? test : test.skip)('Elastic rules load as they are', async () => {
    const { code, stdout, stderr } = await firstseen('rules', 'list', '-o', 'json', ELASTIC);
    expect(code).toBe(3);
    const rules = JSON.parse(stdout) as { file: string; state: string }[];
    expect(rules.some(({ file: from, state }) => from.endsWith('.toml') && state === 'ready')).toBe(true);
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

  test('a client certificate, and a name for the server', async () => {
    const files = ['--ca-file', ca, '--client-cert-file', cert, '--client-key-file', key];
    const { code, stdout, stderr } = await firstseen(
      'webhook-config',
      '--server',
      server,
      ...files,
      '--tls-server-name',
      'firstseen',
    );
    expect([code, stderr]).toEqual([0, '']);
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

  test('a token; kubectl reads the file', async () => {
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

  test('http beyond this machine is refused', async () => {
    const { code, stderr } = await firstseen('webhook-config', '--server', 'http://10.96.0.20/audit');
    expect(code).toBe(2);
    expect(stderr).toMatch(/--server: expected https/);
  });

  test('no credential: that is said', async () => {
    const { stdout } = await firstseen('webhook-config', '--server', 'http://127.0.0.1:9443');
    expect(stdout).toMatch(/It holds no credential: firstseen has to take events from anyone/);
    expect(parse(stdout)).toMatchObject({ users: [{ user: {} }] });
  });

  test('-o flags: one flag a line', async () => {
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

  for (const [what, args, said] of [
    ['no URL', ['--server', 'firstseen'], /--server: expected a URL such as .*, found "firstseen"/],
    ['a file that is not there', ['--server', server, '--ca-file', 'nope'], /--ca-file: nope: there is no such file/],
    [
      'half a client certificate',
      ['--server', server, '--client-cert-file', 'x'],
      /expected --client-cert-file and --client-key-file together/,
    ],
    [
      'two credentials',
      ['--server', server, '--client-cert-file', 'x', '--client-key-file', 'x', '--token-file', 'x'],
      /expected a client certificate or --token-file, not both/,
    ],
  ] as const) {
    test(`refuses ${what}, whatever is to be printed`, async () => {
      for (const output of ['kubeconfig', 'flags']) {
        const { code, stdout, stderr } = await firstseen('webhook-config', ...args, '-o', output);
        expect([code, stdout]).toEqual([2, '']);
        expect(stderr).toMatch(said);
      }
    });
  }
});
