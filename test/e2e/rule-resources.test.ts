import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { formatYamlRule } from '../../src/rulefiles/format-yaml-rule.ts';
import { loadRuleFiles } from '../../src/rulefiles/load.ts';
import { parseDetectionRule } from '../../src/rules/rule-schema.ts';
import type { ApiServer } from '../support/api-server.ts';
import { installChart, startChartServer } from '../support/chart.ts';
import { createTemporaryFolder } from '../support/temporary-folder.ts';

let server: ApiServer;

beforeAll(async () => {
  server = await startChartServer();
  await installChart(server);
});
afterAll(() => server?.stop());

test('rules and exceptions are checked when they are written', async () => {
  const rule = (name: string, spec: object) => ({
    apiVersion: 'firstseen.dev/v1alpha1',
    kind: 'DetectionRule',
    metadata: { name },
    spec: { title: 'A rule', query: 'event.action: create', severity: 'medium', ...spec },
  });
  const newTerms = { fields: ['user_agent.original'], window: '7d', learning: { until: '24h' } };
  const event = { auditID: 'a', verb: 'get', user: { username: 'a', extra: { 'a.b/c': ['d'] } } };
  await server.apply(
    rule('good', {
      type: 'new_terms',
      newTerms,
      threat: [{ tactic: { id: 'TA0001', name: 'Initial Access' } }],
      exceptions: [
        { query: 'user.name: a', reason: 'known', expires: '2027-01-31' },
        { query: 'user.name: b', reason: 'known', expires: '2027-01-31T00:00:00Z' },
        { query: '*: *', reason: 'known', lists: [{ field: 'source.ip', type: 'ip', values: ['10.0.0.0/8'] }] },
      ],
      tests: [
        { name: 'one', event, expect: 'fire' },
        { name: 'two', events: [event, event], expect: 'silent' },
      ],
    }),
  );
  const kept = await server.kubectl('get', 'dr', 'good', '-o', 'json');
  expect(JSON.parse(kept).spec.tests[0].event).toEqual(event);
  expect(await server.kubectl('get', 'dr')).toMatch(/^NAME +READY +TYPE +SEVERITY +MATCHES +ALERTS +LEARNING +AGE\n/);
  expect(await server.kubectl('get', 'dr', '-o', 'wide')).toMatch(/AGE +LAST MATCH +TERMS +COST\n/);

  for (const [spec, expected] of [
    [{ type: 'new_terms' }, /newTerms is required for type new_terms and not allowed for other types/],
    [{ type: 'query', newTerms }, /newTerms is required for type new_terms/],
    [{ type: 'threshold' }, /threshold is required for type threshold/],
    [{ type: 'query', window: '6m' }, /window is only for types eql and esql/],
    [{ type: 'esql', language: 'kuery' }, /language must be eql for type eql/],
    [{ type: 'query', tests: [{ name: 'a', expect: 'fire' }] }, /a test has either event or events/],
    [{ type: 'query', tests: [{ name: 'a', expect: 'fire', event, events: [event] }] }, /either event or events/],
    [{ type: 'query', riskScore: 101 }, /less than or equal to 100/],
    [{ type: 'new_terms', newTerms: { ...newTerms, window: 'a week' } }, /spec\.newTerms\.window/],
  ] as const) {
    await expect(server.apply(rule('bad', spec))).rejects.toThrow(expected);
  }
  await expect(server.apply(rule('x'.repeat(201), { type: 'query' }))).rejects.toThrow(/metadata\.name/);

  await expect(server.apply(rule('firstseen-tamper-rules', { type: 'query' }))).rejects.toThrow(
    /are reserved for built-in rules/,
  );

  const exception = (spec: object) => ({
    apiVersion: 'firstseen.dev/v1alpha1',
    kind: 'RuleException',
    metadata: { name: 'exception' },
    spec: { query: 'user.name: ci', reason: 'the build', ...spec },
  });
  await expect(server.apply(exception({}))).rejects.toThrow(/rules or tags is required/);
  await server.apply(exception({ rules: ['good'], expires: '2027-01-31' }));
  expect(await server.kubectl('get', 'ruleexceptions')).toMatch(/^NAME +READY +EXPIRES +EXCEPTED +LAST USED +AGE\n/);
});

test('the API server accepts rules from `rules import` and returns them unchanged', async () => {
  const root = join(import.meta.dirname, '../..');
  const elastic = join(root, '../shared/conformance/rules');
  const folders = [join(root, 'rules'), join(root, 'test/conformance/vectors/rules'), elastic];
  const { rules } = await loadRuleFiles(folders.filter((folder) => existsSync(folder)));
  expect(rules.length).toBeGreaterThan(10);
  const file = join(createTemporaryFolder('rules'), 'all.yaml');
  writeFileSync(file, rules.map(({ document }) => `---\n${formatYamlRule(document)}`).join(''));
  await server.kubectl('apply', '--server-side', '-f', file);
  const kept: { items: readonly { metadata: { name: string } }[] } = JSON.parse(
    await server.kubectl('get', 'detectionrules', '-o', 'json'),
  );
  for (const { document } of rules) {
    const resource = kept.items.find(({ metadata }) => metadata.name === document.name);
    expect(parseDetectionRule(resource)).toEqual({ kind: 'ok', document });
  }
});
