/** An export of Kibana's with its lists, as `rules check` shows it and `replay` runs it. */

import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import type { RunResult } from '../support/child-process.ts';
import { runCommand } from '../support/command-line.ts';
import { createTemporaryFolder } from '../support/temporary-folder.ts';

const folder = createTemporaryFolder('elastic-export');
const rules = join(folder, 'rules');

function firstseen(...args: readonly string[]): Promise<RunResult> {
  return runCommand(args);
}

function lines(path: string, items: readonly object[]): void {
  writeFileSync(join(folder, path), items.map((item) => `${JSON.stringify(item)}\n`).join(''));
}

const COMMON = {
  index: ['logs-kubernetes.audit_logs-*'],
  language: 'kuery',
  severity: 'medium',
  risk_score: 47,
  from: 'now-6m',
  interval: '5m',
  max_signals: 100,
  timestamp_override: 'event.ingested',
  actions: [],
};
const reference = (list: string, type = 'rule_default') => ({
  id: `object-${list}`,
  list_id: list,
  type,
  namespace_type: 'single',
});

const SECRETS = {
  ...COMMON,
  id: '1',
  rule_id: 'secrets-read',
  name: 'Secrets read',
  type: 'query',
  query: 'kubernetes.audit.objectRef.resource: secrets',
  filters: [{ meta: { negate: true, disabled: false }, query: { match_phrase: { 'kubernetes.audit.verb': 'watch' } } }],
  exceptions_list: [reference('secrets-noise'), reference('shared', 'detection')],
  severity_mapping: [{ field: 'user.name', operator: 'equals', value: 'mallory', severity: 'critical' }],
  risk_score_mapping: [{ field: '', operator: 'equals', value: '' }],
  rule_name_override: 'user_agent.original',
};
const FORBIDDEN = {
  ...COMMON,
  id: '2',
  rule_id: 'many-forbidden',
  name: 'Many forbidden',
  type: 'threshold',
  query: 'event.outcome: failure',
  threshold: { field: ['user.name'], value: 3, cardinality: [] },
  alert_suppression: { duration: { value: 2, unit: 'h' } },
  building_block_type: 'default',
};
const SEQUENCE = {
  ...COMMON,
  id: '3',
  rule_id: 'then',
  name: 'Secret, then Pod',
  type: 'eql',
  language: 'eql',
  query: `sequence by user.name with maxspan=1m
  [any where kubernetes.audit.objectRef.resource == "secrets"] [any where kubernetes.audit.objectRef.resource == "pods"]`,
  exceptions_list: [reference('shared', 'detection')],
};
const JOB = { ...COMMON, id: '4', rule_id: 'job', name: 'Anomaly', type: 'machine_learning', query: undefined };

function item(list: string, name: string, entries: readonly object[], changes: object = {}): object {
  return {
    item_id: name,
    list_id: list,
    name,
    type: 'simple',
    namespace_type: 'single',
    entries,
    comments: [],
    ...changes,
  };
}
const entry = (field: string, type: string, value: unknown, operator = 'included') => ({
  field,
  type,
  operator,
  value,
});

const ITEMS = [
  item('secrets-noise', 'robots', [entry('user.name', 'wildcard', 'ci-?')]),
  item('secrets-noise', 'until noon', [entry('user.name', 'match', 'temp')], {
    expire_time: '2026-03-02T12:00:00.000Z',
  }),
  item('secrets-noise', 'one namespace', [
    entry('user.name', 'match_any', ['ann', 'ben']),
    entry('kubernetes.audit.objectRef.namespace', 'match', 'prod', 'excluded'),
  ]),
];
const OURS = item('shared', 'our addresses', [
  { field: 'source.ip', type: 'list', operator: 'included', list: { id: 'ours.txt', type: 'ip_range' } },
]);

let number = 0;
function request(user: string, resource: string, changes: object = {}, minute = 0): object {
  number += 1;
  const time = `2026-03-02T12:${String(minute).padStart(2, '0')}:${String(number).padStart(2, '0')}.000000Z`;
  return {
    kind: 'Event',
    apiVersion: 'audit.k8s.io/v1',
    level: 'Metadata',
    auditID: `request-${number}`,
    stage: 'ResponseComplete',
    requestURI: `/api/v1/namespaces/dev/${resource}`,
    verb: 'get',
    user: { username: user },
    sourceIPs: ['203.0.113.7'],
    userAgent: 'curl/8',
    objectRef: { resource, namespace: 'dev', apiVersion: 'v1' },
    requestReceivedTimestamp: time,
    stageTimestamp: time,
    annotations: { 'authorization.k8s.io/decision': 'allow' },
    ...changes,
  };
}

interface AlertShown {
  readonly rule: { readonly name: string; readonly title: string };
  readonly severity: string;
  readonly actor: { readonly user: string };
}

async function alertsOf(...events: readonly object[]): Promise<readonly string[]> {
  lines('audit.log', events);
  const { code, stdout, stderr } = await firstseen('replay', '--rules', rules, '-o', 'json', join(folder, 'audit.log'));
  expect({ code, stderr }).toEqual({ code: 0, stderr: expect.any(String) });
  const { items } = JSON.parse(stdout) as { items: { spec: AlertShown }[] };
  return items
    .map(({ spec: { rule, severity, actor } }) => `${rule.name} "${rule.title}" ${severity} ${actor.user}`)
    .sort();
}

describe('an export of Kibana’s', () => {
  beforeAll(() => {
    mkdirSync(join(rules, 'lists'), { recursive: true });
    const counts = { exported_count: 7, exported_rules_count: 4, missing_rules: [], missing_rules_count: 0 };
    const connector = { id: 'c', type: 'action', attributes: { actionTypeId: '.slack' }, references: [] };
    lines('rules/rules_export.ndjson', [
      ...[SECRETS, FORBIDDEN, SEQUENCE, JOB],
      { list_id: 'secrets-noise', type: 'rule_default', namespace_type: 'single', name: 'Noise' },
      ...ITEMS,
      connector,
      counts,
    ]);
    lines('rules/shared.ndjson', [
      { list_id: 'shared', type: 'detection', namespace_type: 'single', name: 'Shared' },
      OURS,
      { exported_exception_list_count: 1, exported_exception_list_item_count: 1 },
    ]);
    const many = Array.from({ length: 100_000 }, (_, n) => `10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`);
    writeFileSync(join(rules, 'lists', 'ours.txt'), [...many, '192.0.2.0/24', '198.51.100.1-198.51.100.9'].join('\n'));
  });

  test('rules check: a verdict on each, and what is worth knowing', async () => {
    const { code, stdout, stderr } = await firstseen('rules', 'check', rules);
    expect(code).toBe(3);
    expect(stdout).toBe(`NAME              TYPE               VERDICT         WHY
anomaly           machine_learning   not supported   rule type machine_learning is not supported by this version; supported: query, new_terms, threshold, eql, esql
many-forbidden    threshold          runs
secret-then-pod   eql                runs
secrets-read      query              runs

4 rules: 3 run, 1 is not supported
`);
    expect(stderr).toMatch(/rules_export\.ndjson:4:1: anomaly: rule type machine_learning is not supported/);
    expect(stderr).toMatch(/^ {2}hint: firstseen has no anomaly jobs/m);
    expect(stderr).toMatch(/^1 rule cannot run here$/m);
  });

  test('rules check -o json says the same', async () => {
    const { code, stdout } = await firstseen('rules', 'check', '-o', 'json', rules);
    expect(code).toBe(3);
    const { rules: judged, totals } = JSON.parse(stdout);
    expect([totals.runs, totals['not supported'], totals.invalid]).toEqual([3, 1, 0]);
    const anomaly = judged.find(({ name }: { readonly name: string }) => name === 'anomaly');
    expect(anomaly).toMatchObject({ verdict: 'not supported', problems: [{ line: 4, column: 1 }] });
  });

  test('replay: filters and items of lists leave out what they say, and no more', async () => {
    const secret = (user: string, changes: object = {}) => request(user, 'secrets', changes);
    const inProd = { objectRef: { resource: 'secrets', namespace: 'prod', apiVersion: 'v1' } };
    expect(
      await alertsOf(
        secret('eve'),
        secret('mallory'),
        secret('ci-1'),
        secret('ci-22'),
        secret('ann'),
        secret('ben', inProd),
        secret('temp'),
        secret('watcher', { verb: 'watch' }),
        ...['10.1.134.159', '192.0.2.200', '198.51.100.9'].map((ip) => secret(`from-${ip}`, { sourceIPs: [ip] })),
        ...['10.1.134.160', '198.51.100.10'].map((ip) => secret(`from-${ip}`, { sourceIPs: [ip] })),
      ),
    ).toEqual([
      'secrets-read "curl/8" critical mallory',
      'secrets-read "curl/8" medium ben',
      'secrets-read "curl/8" medium ci-22',
      'secrets-read "curl/8" medium eve',
      'secrets-read "curl/8" medium from-10.1.134.160',
      'secrets-read "curl/8" medium from-198.51.100.10',
      'secrets-read "curl/8" medium temp',
    ]);
  });

  test('replay: an exception holds until it ends', async () => {
    const early = {
      stageTimestamp: '2026-03-02T11:59:59.000000Z',
      requestReceivedTimestamp: '2026-03-02T11:59:59.000000Z',
    };
    expect(await alertsOf(request('temp', 'secrets', early))).toEqual([]);
  });

  test('replay: a threshold, and a sequence whose every event the exceptions see', async () => {
    const denied = { annotations: { 'authorization.k8s.io/decision': 'forbid' } };
    const ours = { sourceIPs: ['192.0.2.1'] };
    expect(
      await alertsOf(
        ...[1, 2, 3].map(() => request('bob', 'configmaps', denied)),
        ...[1, 2].map(() => request('amy', 'configmaps', denied)),
        request('ci-1', 'secrets'),
        request('ci-1', 'pods'),
        request('ci-2', 'secrets', ours),
        request('ci-2', 'pods'),
      ),
    ).toEqual(['many-forbidden "Many forbidden" medium bob', 'secret-then-pod "Secret, then Pod" medium ci-1']);
  });

  test('without a value list the rules that need it are refused, and the message names the file', async () => {
    const other = join(folder, 'other');
    mkdirSync(other);
    lines('other/rules_export.ndjson', [{ ...SEQUENCE, exceptions_list: [reference('shared')] }, OURS]);
    const { code, stdout, stderr } = await firstseen('rules', 'check', other);
    expect(code).toBe(1);
    expect(stdout).toMatch(
      /^secret-then-pod +eql +invalid +exception "our addresses": the value list ours\.txt is missing/m,
    );
    expect(stderr).toMatch(/save it as ours\.txt or lists\/ours\.txt in .*other, one value per line$/m);
    rmSync(other, { recursive: true });
  });
});
