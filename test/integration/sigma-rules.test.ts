/** A folder of Sigma rules as their authors write them: it loads, and each rule fires on events as an API server sends them. */

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { sha256Hashes } from '../../src/ingest/hashes.ts';
import { runRuleTest } from '../../src/ingest/rule-test.ts';
import { compileLoaded } from '../../src/rulefiles/compile-loaded.ts';
import { formatFileProblem } from '../../src/rulefiles/file-problem.ts';
import { loadRuleFiles } from '../../src/rulefiles/load.ts';
import { openSqliteState } from '../../src/state/sqlite/sqlite-state.ts';
import { fail } from '../support/fail.ts';

const SOURCE = `logsource:
    product: kubernetes
    service: audit`;

const FILES: Readonly<Record<string, string>> = {
  'pod_shell.yml': `title: Shell Opened In A Pod
status: test
author: A. Nonymous
tags: [attack.execution, attack.t1609]
${SOURCE}
detection:
    selection:
        verb: [Create, GET]
        objectRef.resource: pods
        objectRef.subresource|startswith: exec
    selection_shell:
        - requestURI|re|i: 'command=(%2F|/)?(usr%2F)?bin(%2F|/)(ba|z|da)?sh(&|$)'
        - requestURI|contains|all: ['command=busybox', 'stdin=true']
    filter_nodes:
        user.username|startswith: 'system:node:'
    filter_inside:
        sourceIPs|cidr: 10.0.0.0/8
    condition: all of selection* and not 1 of filter_*
level: high
`,
  'failed/forbidden.yml': `title: Request Forbidden
name: forbidden
${SOURCE}
detection:
    selection:
        responseStatus.code: ['403']
        stage: ResponseComplete
    condition: selection
level: informational
`,
  'failed/many_forbidden.yml': `title: Many Requests Forbidden
correlation:
    type: event_count
    rules: [forbidden]
    group-by: [user.username]
    timespan: 5m
    condition: { gt: 2 }
level: medium
`,
  'secrets.yml': `title: Secret Read
id: 0d7e9a52-0000-4000-8000-000000000001
name: secret_read
${SOURCE}
detection:
    selection: { verb: get, objectRef.resource: secrets, objectRef.name|exists: true }
    condition: selection
level: low
---
title: Many Different Secrets Read
correlation:
    type: value_count
    rules: 0d7e9a52-0000-4000-8000-000000000001
    group-by: [user.username]
    timespan: 10m
    condition: { gte: 2, field: objectRef.name }
level: high
generate: true
---
title: Token Asked For
name: token_asked_for
${SOURCE}
detection:
    selection: { verb: create, objectRef.subresource: token }
    condition: selection
---
title: Token And Secret
correlation:
    type: temporal
    rules: [secret_read, token_asked_for]
    group-by: [user.username]
    timespan: 1m
level: high
---
title: Token Then Secret
correlation:
    type: temporal_ordered
    rules: [token_asked_for, secret_read]
    group-by: [user.username]
    timespan: 1m
level: critical
`,
  'odd.yml': `title: Odd Words
${SOURCE}
detection:
    keywords: ['xmrig', 'say "hi"']
    condition: keywords
level: low
---
title: Deployment Patched
${SOURCE}
detection:
    selection: { verb: patch, apiGroup: apps }
    condition: selection
level: low
`,
};

const folder = await mkdtemp(join(tmpdir(), 'sigma-rules-'));
afterAll(() => rm(folder, { recursive: true }));
for (const [name, text] of Object.entries(FILES)) {
  await mkdir(dirname(join(folder, name)), { recursive: true });
  await writeFile(join(folder, name), text);
}
const { ready, problems, slots } = compileLoaded(await loadRuleFiles([folder]), sha256Hashes);

type Event = Readonly<Record<string, unknown>>;

let requests = 0;

/** An event as it comes over the wire, `seconds` into the hour. */
function event(seconds: number, more: Event): Event {
  requests += 1;
  const time = new Date(Date.UTC(2026, 4, 1, 12) + seconds * 1_000).toISOString().replace('Z', '000Z');
  return {
    level: 'Metadata',
    auditID: `5d1c7a6e-0000-4000-8000-${String(requests).padStart(12, '0')}`,
    stage: 'ResponseComplete',
    requestURI: '/api/v1/namespaces/default/pods',
    verb: 'list',
    user: { username: 'alice@example.com', groups: ['system:authenticated'] },
    sourceIPs: ['203.0.113.9'],
    userAgent: 'kubectl/v1.36.3 (linux/amd64) kubernetes/abc',
    objectRef: { resource: 'pods', namespace: 'default', apiVersion: 'v1' },
    responseStatus: { metadata: {}, code: 200 },
    requestReceivedTimestamp: time,
    stageTimestamp: time,
    annotations: { 'authorization.k8s.io/decision': 'allow', 'authorization.k8s.io/reason': '' },
    ...more,
  };
}

const exec = (uri: string, more: Event = {}): Event =>
  event(0, {
    verb: 'get',
    requestURI: `/api/v1/namespaces/default/pods/web/exec?${uri}`,
    objectRef: { resource: 'pods', namespace: 'default', name: 'web', apiVersion: 'v1', subresource: 'exec' },
    responseStatus: { metadata: {}, code: 101 },
    ...more,
  });
const forbidden = (seconds: number, username = 'alice@example.com'): Event =>
  event(seconds, { user: { username }, responseStatus: { metadata: {}, status: 'Failure', code: 403 } });
const secret = (seconds: number, name: string, username = 'alice@example.com'): Event =>
  event(seconds, { verb: 'get', user: { username }, objectRef: { resource: 'secrets', namespace: 'default', name } });
const token = (seconds: number): Event =>
  event(seconds, {
    verb: 'create',
    objectRef: { resource: 'serviceaccounts', namespace: 'default', name: 'ci', subresource: 'token' },
  });

async function assertDoes(name: string, outcome: 'fire' | 'silent', ...events: readonly Event[]): Promise<void> {
  const rule = ready.find((of) => of.rule.document.name === name)?.rule ?? fail(`no rule ${name}`);
  const store = await openSqliteState({ kind: 'sqlite', path: ':memory:' });
  try {
    expect(
      await runRuleTest(rule, { name, events, expect: outcome }, { slots, store, hashes: sha256Hashes }),
    ).toBeUndefined();
  } finally {
    await store.close();
  }
}

test('every rule loads and compiles; those that only a correlation uses are no rules of their own', () => {
  expect(problems.map(formatFileProblem)).toEqual([]);
  expect(ready.map(({ rule }) => `${rule.document.name} ${rule.document.type}`).sort()).toEqual([
    'deployment-patched eql',
    'many-different-secrets-read threshold',
    'many-forbidden threshold',
    'odd-words eql',
    'pod-shell eql',
    'secret-read eql',
    'token-and-secret eql',
    'token-then-secret eql',
  ]);
});

test('a rule says what is known of it: that it never matches, and which rules raise no alerts of their own', () => {
  const judged = (name: string) => ready.find(({ rule }) => rule.document.name === name)?.judged;
  const never = judged('deployment-patched');
  expect(never?.verdict).toBe('needs other data');
  expect(never?.why).toEqual([
    'can never fire: no audit event has a field apiGroup; did the author mean objectRef.apiGroup?',
  ]);
  expect(judged('many-forbidden')?.notes).toEqual([
    'without generate: true, its rules raise no alerts of their own: forbidden',
  ]);
  expect(judged('pod-shell')?.verdict).toBe('runs');
  expect(judged('pod-shell')?.notes).toEqual([]);
});

test('detections: lists, maps, modifiers, regular expressions, addresses, negation', async () => {
  await assertDoes('pod-shell', 'fire', exec('command=/bin/bash&stdin=true'));
  await assertDoes('pod-shell', 'fire', exec('command=%2Fusr%2FBIN%2Fsh'));
  await assertDoes('pod-shell', 'fire', exec('command=busybox&command=sh&stdin=true', { verb: 'create' }));
  await assertDoes('pod-shell', 'silent', exec('command=busybox&command=sh'));
  await assertDoes('pod-shell', 'silent', exec('command=/bin/ls'));
  await assertDoes('pod-shell', 'silent', exec('command=/bin/bash', { sourceIPs: ['203.0.113.9', '10.1.2.3'] }));
  await assertDoes('pod-shell', 'silent', exec('command=/bin/bash', { user: { username: 'System:Node:a' } }));
  await assertDoes('pod-shell', 'silent', exec('command=/bin/bash', { verb: 'delete' }));
  // No user is no node: the negation of what is absent holds.
  await assertDoes('pod-shell', 'fire', exec('command=/bin/bash', { user: {} }));
});

test('keywords are found anywhere in the event, in any letter case', async () => {
  const body = { requestObject: { spec: { containers: [{ image: 'example/XMRig:6', command: ['say "hi"'] }] } } };
  await assertDoes('odd-words', 'fire', event(0, body));
  await assertDoes('odd-words', 'fire', event(0, { userAgent: 'say "HI"' }));
  await assertDoes('odd-words', 'silent', event(0, { userAgent: 'say hi' }));
  await assertDoes('deployment-patched', 'silent', event(0, { verb: 'patch', objectRef: { apiGroup: 'apps' } }));
});

test('event_count: so many events of one group in the time', async () => {
  await assertDoes('many-forbidden', 'fire', forbidden(0), forbidden(60), forbidden(120));
  await assertDoes('many-forbidden', 'silent', forbidden(0), forbidden(60));
  await assertDoes('many-forbidden', 'silent', forbidden(0), forbidden(60), forbidden(120, 'bob'));
  await assertDoes('many-forbidden', 'silent', forbidden(0), forbidden(60), forbidden(420));
});

test('value_count: so many different values', async () => {
  await assertDoes('many-different-secrets-read', 'fire', secret(0, 'a'), secret(60, 'b'));
  await assertDoes('many-different-secrets-read', 'silent', secret(0, 'a'), secret(60, 'a'));
  await assertDoes('secret-read', 'fire', secret(0, 'a'));
});

test('temporal_ordered: one after another, temporal: in any order', async () => {
  await assertDoes('token-then-secret', 'fire', token(0), secret(30, 'a'));
  await assertDoes('token-then-secret', 'silent', secret(0, 'a'), token(30));
  await assertDoes('token-then-secret', 'silent', token(0), secret(90, 'a'));
  await assertDoes('token-then-secret', 'silent', token(0), secret(30, 'a', 'bob'));
  await assertDoes('token-and-secret', 'fire', secret(0, 'a'), token(30));
  await assertDoes('token-and-secret', 'fire', token(0), secret(30, 'a'));
  await assertDoes('token-and-secret', 'silent', secret(0, 'a'), token(90));
});
