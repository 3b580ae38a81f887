/** `explain`, and the failures of `rules test`. */

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import type { RunResult } from '../support/child-process.ts';
import { runCommand } from '../support/command-line.ts';
import { createTemporaryFolder } from '../support/temporary-folder.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const EXEC = join(ROOT, 'rules', 'exec-into-pod.yaml');
const folder = createTemporaryFolder('cli-explain');

function firstseen(args: readonly string[], input?: string): Promise<RunResult> {
  return runCommand(args, input === undefined ? {} : { input });
}

function explain(file: string, ...args: readonly string[]): Promise<RunResult> {
  return firstseen(['explain', '--event', file, '--rule', 'exec-into-pod', ...args]);
}

function event(auditID: string, subresource: string, stage = 'ResponseComplete'): object {
  return {
    kind: 'Event',
    apiVersion: 'audit.k8s.io/v1',
    level: 'Metadata',
    auditID,
    stage,
    verb: 'create',
    requestURI: `/api/v1/namespaces/shop/pods/cart-0/${subresource}`,
    user: { username: 'eve\u202e' },
    sourceIPs: ['192.0.2.7'],
    objectRef: { resource: 'pods', namespace: 'shop', name: 'cart-0', subresource },
    annotations: { 'authorization.k8s.io/decision': 'allow' },
    stageTimestamp: '2026-03-02T08:00:00.000000Z',
  };
}

function file(name: string, content: string | Buffer): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const LOG = [event('a', 'exec', 'ResponseStarted'), event('b', 'log'), event('a', 'exec')]
  .map((each) => `${JSON.stringify(each)}\n`)
  .join('');

describe('explain', () => {
  test('an event that does not match: the deciding condition with its value', async () => {
    const path = file('one.json', JSON.stringify(event('b', 'log'), null, 2));
    const { code, stdout, stderr } = await explain(path);
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
    expect(stdout).toBe(`exec-into-pod: Command run in a pod, or a terminal attached to one
${path}:1: audit ID b, stage ResponseComplete, level Metadata, 2026-03-02T08:00:00.000000Z

It does not match: the query does not select it.

Query
  [does not hold] all of these hold:
  - [holds] one of these holds: …
  - [holds] kubernetes.audit.objectRef.resource is "pods"
  - [does not hold] kubernetes.audit.objectRef.subresource is one of "exec", "attach" (it is "log")
  - [holds] kubernetes.audit.verb is one of "get", "create"
`);
  });

  test('an event that matches: the alert', async () => {
    const { code, stdout } = await explain(file('exec.json', JSON.stringify(event('a', 'exec'))));
    expect(code).toBe(0);
    expect(stdout).toMatch(/^It matches\.$/m);
    expect(stdout).toMatch(/^ {2}The alert: "Command run in a pod, .*", severity \w+, risk score \d+\.$/m);
    expect(stdout).toContain('eve\\u{202e}');
    expect(stdout).not.toContain('\u202e');
  });

  test('as JSON', async () => {
    const { code, stdout } = await explain(file('log.json', JSON.stringify(event('b', 'log'))), '-o', 'json');
    expect(code).toBe(1);
    const { matched, query } = JSON.parse(stdout);
    expect(matched).toBe(false);
    expect(query.parts[2]).toEqual({
      text: 'kubernetes.audit.objectRef.subresource is one of "exec", "attach"',
      holds: false,
      found: ['it is "log"'],
      parts: [],
      isDecisive: true,
    });
  });

  test('line or audit ID picks an event of a log', async () => {
    const log = file('audit.log.gz', gzipSync(LOG));
    expect((await explain(log, '--line', '2')).code).toBe(1);
    expect((await explain(log, '--audit-id', 'b')).code).toBe(1);
    const { code, stdout, stderr } = await explain(log, '--audit-id', 'a');
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: '2 events have this audit ID; explaining the last. --line picks another.\n',
    });
    expect(stdout).toMatch(/audit\.log\.gz:3: audit ID a, stage ResponseComplete,/);
  });

  const log = file('audit.log', LOG);
  const list = file(
    'list.json',
    JSON.stringify({
      kind: 'EventList',
      apiVersion: 'audit.k8s.io/v1',
      items: [event('a', 'exec'), event('b', 'log')],
    }),
  );

  test.each([
    {
      what: 'several events',
      args: [log],
      message: /audit\.log has 3 events\n {2}hint: pick one with --audit-id ID or --line N\n$/,
    },
    {
      what: 'several events on the line',
      args: [list, '--line', '1'],
      message: /^line 1 has 2 events\n {2}hint: pick one with --audit-id ID\n$/,
    },
    { what: 'an unknown audit ID', args: [log, '--audit-id', 'c'], message: /^no event has the audit ID "c"\n$/ },
    { what: 'a line without event', args: [log, '--line', '9'], message: /^no audit event found on line 9\n$/ },
    { what: 'an invalid line', args: [log, '--line', 'x'], message: /Expected a line number, 1 or more\./ },
    {
      what: 'an invalid event',
      args: [file('broken.json', '{"verb": 7}')],
      message: /^not an audit event: .*broken\.json:1: /,
    },
    { what: 'a missing file', args: [join(folder, 'nowhere')], message: /^file not found: .*nowhere/ },
    {
      what: 'an unknown rule',
      args: [log, '--rule', 'exec-into-pdo'],
      message: /^no rule is named "exec-into-pdo"\n {2}hint: did you mean exec-into-pod\?\n$/,
    },
  ])('usage error: $what', async ({ args: [path = '', ...more], message }) => {
    const { code, stdout, stderr } = await explain(path, ...more);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(message);
  });
});

describe('rules test', () => {
  const wrong = readFileSync(EXEC, 'utf8').replace('(exec or attach)', '(execute or attach)');

  test('explains a failed test', async () => {
    const { code, stdout } = await firstseen(['rules', 'test', file('wrong.yaml', wrong)]);
    expect(code).toBe(1);
    expect(stdout).toMatch(
      /^FAIL .*wrong\.yaml:\d+ exec-into-pod: .*\n {2}expected the last event .*\n {2}\[does not hold\] all of these hold:\n/m,
    );
    expect(stdout).toMatch(/^ {2}- \[does not hold\] .*subresource is one of "execute", "attach" \(it is "exec"\)$/m);
  });

  test('as JUnit and as JSON', async () => {
    const path = file('ci.yaml', wrong);
    const junit = await firstseen(['rules', 'test', path, '-o', 'junit']);
    expect(junit.code).toBe(1);
    expect(junit.stdout).toMatch(/^<testsuites name="firstseen" tests="8" failures="2" errors="0">$/m);
    expect(junit.stdout).toMatch(
      /<failure message="expected the last event [^"]*">expected .*\n\[does not hold\] all of/,
    );
    const json = await firstseen(['rules', 'test', path, '-o', 'json']);
    const items: readonly { passed: boolean; rule: string }[] = JSON.parse(json.stdout);
    expect(items).toHaveLength(8);
    expect(items.filter(({ passed }) => !passed)).toHaveLength(2);
  });

  test('a file that does not load is an error in the report', async () => {
    const path = file('broken.yaml', wrong.replace('(execute or attach)', '(execute or'));
    const { code, stdout } = await firstseen(['rules', 'test', path, EXEC, '-o', 'junit']);
    expect(code).toBe(1);
    expect(stdout).toMatch(
      /<testcase classname="exec-into-pod" name="load" file=".*broken\.yaml" line="\d+">\n {6}<error /,
    );
  });
});
