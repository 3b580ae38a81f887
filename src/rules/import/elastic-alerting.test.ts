import { expect, test } from '@jest/globals';
import { fail } from '../../../test/support/fail.ts';
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
  return result.kind === 'document' ? result : fail(JSON.stringify(result));
}

function problems(change: object): readonly DocumentProblem[] {
  const result = importElasticRule({ rule: { ...RULE, ...change } });
  return result.kind === 'invalid' ? result.problems : fail(JSON.stringify(result));
}

test('alert suppression is mapped', () => {
  const suppression = {
    group_by: ['user.name'],
    duration: { value: 5, unit: 'h' },
    missing_fields_strategy: 'doNotSuppress',
  };
  expect(imported({ ...RULE, alert_suppression: suppression }).document.suppression).toEqual({
    by: ['user.name'],
    windowMicros: 5 * HOUR,
    missingFields: 'doNotSuppress',
  });
  const perRun = imported({ ...RULE, alert_suppression: { group_by: ['user.name'] }, interval: '9m' });
  expect(perRun.document.suppression?.windowMicros).toBe(9 * MINUTE);
  expect(perRun.differences.join()).toMatch(/one run of the rule in Elastic; here it lasts 9m/);
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
  expect(document.suppression).toEqual({ by: [], windowMicros: 2 * HOUR, missingFields: 'suppress' });
  expect(document.threshold).toEqual({
    fields: ['user.name', 'source.ip'],
    value: 3,
    cardinality: [],
    windowMicros: 9 * MINUTE,
  });
  expect(differences).toEqual([]);
  expect(problems({ ...rule, threshold: { field: 'user.name', value: 0 } })[0]?.path).toEqual([
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
  expect(document.severityMapping).toEqual([{ field: 'event.action', value: 'delete', severity: 'critical' }]);
  expect(document.riskScoreMapping).toEqual([{ field: 'kubernetes.audit.annotations.score' }]);
  expect([document.ruleNameOverride, document.buildingBlock]).toEqual(['event.action', true]);
  expect(notes).toEqual(['only the first entry of risk_score_mapping counts, as in Elastic']);
  expect(differences).toEqual([]);
  const [operator] = problems({ severity_mapping: [{ field: 'a', operator: 'less', value: '1', severity: 'low' }] });
  expect(operator?.path).toEqual(['rule', 'severity_mapping', 0, 'operator']);
  const [severity] = problems({ severity_mapping: [{ field: 'a', operator: 'equals', value: '1', severity: 'hot' }] });
  expect(severity?.path).toEqual(['rule', 'severity_mapping', 0, 'severity']);
});

test('max_signals of each run is a budget of an hour', () => {
  const budget = (change: object) => imported({ ...RULE, ...change }).document.budget.alertsPerHour;
  expect(budget({ max_signals: 10 })).toBe(120); // twelve runs of five minutes
  expect(budget({ max_signals: 1, interval: '2h' })).toBe(1);
  expect(budget({ max_signals: 10_000, interval: '1m' })).toBe(100_000);
  expect(budget({ max_signals: 100 })).toBe(imported(RULE).document.budget.alertsPerHour);
  expect(imported({ ...RULE, max_signals: 10 }).notes).toEqual([
    'max_signals 10 for each run of 5m becomes a budget of 120 alerts an hour',
  ]);
  expect(problems({ max_signals: 'many' })[0]?.path).toEqual(['rule', 'max_signals']);
});
