import { expect, test } from '@jest/globals';
import { NOON } from '../../test/support/events.ts';
import { fail } from '../../test/support/fail.ts';
import { compiledRule, ruleDocument } from '../../test/support/rules.ts';
import type { RuleDocument } from '../rules/document.ts';
import { DAY, HOUR } from '../rules/limits.ts';
import type { Condition } from './condition.ts';
import type { RuleFacts } from './rule-facts.ts';
import { type RuleStatus, type RuleStatusInput, ruleStatus } from './rule-status.ts';

const source = { kind: 'resource', uid: 'u', generation: 3 } as const;
const FACTS: RuleFacts = {
  cluster: 'local',
  matches: 5,
  alerts: 1,
  attached: 3,
  overflowed: 1,
  termsHeld: 2,
  lastMatch: NOON,
  since: undefined,
  reached: NOON,
  isSpent: false,
};

function statusOf(changes: Partial<RuleStatusInput> = {}, document: RuleDocument = ruleDocument()): RuleStatus {
  const inForce = { rule: compiledRule(document).rule, source };
  const entry = { name: document.name, source, verdict: 'runs', problems: [], inForce } as const;
  const tests = { run: 2, failures: [] };
  return ruleStatus({ entry, facts: [FACTS], tests, costMicros: 1.2345, before: undefined, now: NOON, ...changes });
}

function conditionOf({ conditions }: RuleStatus, type: string): Condition {
  return conditions.find((condition) => condition.type === type) ?? fail(`no condition ${type}`);
}

test('a running rule: counts over all clusters, and conditions', () => {
  const status = statusOf({ facts: [FACTS, { ...FACTS, cluster: 'other', matches: 2, lastMatch: NOON + HOUR }] });
  const { conditions, ...counts } = status;
  expect(counts).toEqual({
    matches: 7,
    alerts: 2,
    attached: 6,
    overflowed: 2,
    termsHeld: 4,
    lastMatch: '2026-03-01T13:00:00Z',
    costMicroseconds: 1.2,
    observedGeneration: 3,
  });
  expect(conditions.map(({ type, status, reason }) => [type, status, reason])).toEqual([
    ['Ready', 'True', 'InForce'],
    ['Learning', 'False', 'NotLearning'],
    ['BudgetExceeded', 'False', 'WithinBudget'],
    ['TestsPassed', 'True', 'Passed'],
  ]);
  for (const condition of conditions) expect(condition.observedGeneration).toBe(3);
});

test('a condition keeps its transition time while its status stays', () => {
  const before = statusOf();
  const later = { before, now: NOON + HOUR, facts: [{ ...FACTS, isSpent: true }] };
  const status = statusOf(later);
  expect(conditionOf(status, 'Ready').lastTransitionTime).toBe('2026-03-01T12:00:00Z');
  const budget = conditionOf(status, 'BudgetExceeded');
  expect(budget.status).toBe('True');
  expect(budget.lastTransitionTime).toBe('2026-03-01T13:00:00Z');
  expect(budget.message).toMatch(/20 alerts in an hour.*on local/);
});

test('learning ends on each cluster by its event time', () => {
  const document = ruleDocument({ newTerms: { learningMicros: DAY } });
  const learning = (...facts: readonly Partial<RuleFacts>[]) =>
    conditionOf(statusOf({ facts: facts.map((fact) => ({ ...FACTS, ...fact })) }, document), 'Learning');
  const until = learning({ since: NOON, reached: NOON + DAY - 1 }, { cluster: 'quiet', since: undefined });
  expect(until.status).toBe('True');
  expect(until.message).toMatch(/on local until 2026-03-02T12:00:00Z, on quiet from its first event: /);
  const ended = learning({ since: NOON, reached: NOON + DAY });
  expect(ended.status).toBe('False');
  expect(ended.reason).toBe('Learned');
});

test('a broken rule: first what runs instead, then the problems', () => {
  const document = ruleDocument();
  const earlier = { rule: compiledRule(document).rule, source: { ...source, generation: 2 } };
  const broken = { name: 'anonymous', source, verdict: 'broken', problems: ['spec.query: no'] } as const;
  const ready = (inForce: RuleStatusInput['entry']['inForce']) => {
    const entry = inForce === undefined ? broken : { ...broken, inForce };
    return conditionOf(statusOf({ entry, tests: undefined }), 'Ready').message;
  };
  expect(ready(earlier)).toBe('Generation 2 keeps running.\nspec.query: no');
  expect(ready({ ...earlier, source: { kind: 'file', file: 'a.yaml' } })).toMatch(
    /^The rule of this name in a\.yaml runs/,
  );
  expect(ready(undefined)).toMatch(/^Not in force: /);
  const entry = { ...broken, inForce: earlier };
  expect(conditionOf(statusOf({ entry, tests: undefined }), 'TestsPassed').status).toBe('Unknown');
});

test('a disabled rule keeps its counts', () => {
  const before = statusOf();
  const entry = { name: 'anonymous', source, verdict: 'disabled', problems: [] } as const;
  const { conditions, ...counts } = statusOf({ entry, facts: undefined, costMicros: undefined, before });
  expect(conditions.map(({ type, status, reason }) => [type, status, reason])).toEqual([
    ['Ready', 'False', 'Disabled'],
  ]);
  const { conditions: _, ...known } = before;
  expect(counts).toEqual(known);
});

test('keeps the last facts while the store is unavailable', () => {
  const before = statusOf({ facts: [{ ...FACTS, isSpent: true }] });
  const status = statusOf({ facts: undefined, before });
  expect(status).toEqual(before);
});

test('reports the effect of an edit until the next one, even after a restart', () => {
  const document = ruleDocument();
  const inForce = { rule: compiledRule(document).rule, source };
  const entry = { name: 'anonymous', source, verdict: 'runs', problems: [], inForce } as const;
  const edit = { keepsMemory: false, changed: ['newTerms.window'] };
  const before = statusOf({ entry: { ...entry, edit } });
  const { message } = conditionOf(before, 'Ready');
  expect(message).toMatch(/without learned terms, because spec\.newTerms\.window changed/);
  expect(conditionOf(statusOf({ entry, before }), 'Ready').message).toBe(message);
  const next = { ...entry, source: { ...source, generation: 4 } };
  expect(conditionOf(statusOf({ entry: next, before }), 'Ready').message).toBe('In force.');
});

test('names a few failed tests', () => {
  const failures = Array.from({ length: 7 }, (_, n) => ({ name: `test ${n}`, why: 'it did not' }));
  const { status, message } = conditionOf(statusOf({ tests: { run: 9, failures } }), 'TestsPassed');
  expect(status).toBe('False');
  expect(message).toMatch(/^7 of 9 failed\.\ntest 0: it did not\n[\s\S]*test 4: it did not\nand 2 more$/);
});

test('cuts a message that is too long for the resource', () => {
  const entry = { name: 'a', source, verdict: 'broken', problems: ['x'.repeat(10_000)] } as const;
  const { message } = conditionOf(statusOf({ entry, facts: undefined, tests: undefined }), 'Ready');
  expect(message.length).toBeLessThanOrEqual(2_048);
  expect(message.length).toBeGreaterThan(2_000);
});
