import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DocumentProblem } from '../document-problem.ts';
import { HOUR, MINUTE } from '../limits.ts';
import { type ElasticImport, importElasticRule } from './elastic.ts';

const RULE = {
  name: 'Pods Deleted at Night',
  rule_id: 'one',
  type: 'query',
  index: ['logs-kubernetes.audit_logs-*'],
  query: 'kubernetes.audit.verb: delete',
  severity: 'high',
  risk_score: 73,
};

function imported(rule: object): Extract<ElasticImport, { readonly kind: 'document' }> {
  const result = importElasticRule({ rule });
  return result.kind === 'document' ? result : assert.fail(JSON.stringify(result));
}

function problems(change: object): readonly DocumentProblem[] {
  const result = importElasticRule({ rule: { ...RULE, ...change } });
  return result.kind === 'invalid' ? result.problems : assert.fail(JSON.stringify(result));
}

test('alert suppression is mapped', () => {
  const suppression = {
    group_by: ['user.name'],
    duration: { value: 5, unit: 'h' },
    missing_fields_strategy: 'doNotSuppress',
  };
  assert.deepEqual(imported({ ...RULE, alert_suppression: suppression }).document.suppression, {
    by: ['user.name'],
    windowMicros: 5 * HOUR,
    missingFields: 'doNotSuppress',
  });
  const perRun = imported({ ...RULE, alert_suppression: { group_by: ['user.name'] }, interval: '9m' });
  assert.equal(perRun.document.suppression?.windowMicros, 9 * MINUTE);
  assert.match(perRun.differences.join(), /per run of the rule in Elastic; here it lasts 9m/);
});

test('a threshold is suppressed by its group: only for how long is said', () => {
  const rule = {
    ...RULE,
    type: 'threshold',
    threshold: { field: ['user.name', 'source.ip'], value: 3 },
    alert_suppression: { duration: { value: 2, unit: 'h' } },
    from: 'now-9m',
  };
  const { document, differences } = imported(rule);
  assert.deepEqual(document.suppression, { by: [], windowMicros: 2 * HOUR, missingFields: 'suppress' });
  assert.deepEqual(document.threshold, {
    fields: ['user.name', 'source.ip'],
    value: 3,
    cardinality: [],
    windowMicros: 9 * MINUTE,
  });
  assert.deepEqual(differences, []);
  assert.deepEqual(problems({ ...rule, threshold: { field: 'user.name', value: 0 } })[0]?.path, [
    'rule',
    'threshold',
    'value',
  ]);
});

test('what the event says in place of the rule is taken over, as Elastic reads it', () => {
  const { document, notes, differences } = imported({
    ...RULE,
    severity_mapping: [{ field: 'event.action', operator: 'equals', value: 'delete', severity: 'critical' }],
    risk_score_mapping: [
      { field: 'kubernetes.audit.annotations.score', operator: 'equals', value: '' },
      { field: 'user.name', operator: 'equals', value: '' },
    ],
    rule_name_override: 'event.action',
    building_block_type: 'default',
  });
  assert.deepEqual(document.severityMapping, [{ field: 'event.action', value: 'delete', severity: 'critical' }]);
  assert.deepEqual(document.riskScoreMapping, [{ field: 'kubernetes.audit.annotations.score' }]);
  assert.deepEqual([document.ruleNameOverride, document.buildingBlock], ['event.action', true]);
  assert.deepEqual(notes, ['only the first entry of risk_score_mapping counts, as in Elastic']);
  assert.deepEqual(differences, []);
  const [operator] = problems({ severity_mapping: [{ field: 'a', operator: 'less', value: '1', severity: 'low' }] });
  assert.deepEqual(operator?.path, ['rule', 'severity_mapping', 0, 'operator']);
  const [severity] = problems({ severity_mapping: [{ field: 'a', operator: 'equals', value: '1', severity: 'hot' }] });
  assert.deepEqual(severity?.path, ['rule', 'severity_mapping', 0, 'severity']);
});

test('max_signals of each run is a budget of an hour', () => {
  const budget = (change: object) => imported({ ...RULE, ...change }).document.budget.alertsPerHour;
  assert.equal(budget({ max_signals: 10 }), 120, 'twelve runs of five minutes');
  assert.equal(budget({ max_signals: 1, interval: '2h' }), 1);
  assert.equal(budget({ max_signals: 10_000, interval: '1m' }), 100_000);
  assert.equal(budget({ max_signals: 100 }), imported(RULE).document.budget.alertsPerHour);
  assert.deepEqual(imported({ ...RULE, max_signals: 10 }).notes, [
    'max_signals 10 in each run of 5m is a budget of 120 alerts an hour',
  ]);
  assert.deepEqual(problems({ max_signals: 'many' })[0]?.path, ['rule', 'max_signals']);
});
