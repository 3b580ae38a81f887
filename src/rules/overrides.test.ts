import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ruleDocument } from '../../test/support/rules.ts';
import type { FieldValues } from '../ecs/field.ts';
import type { RuleDocument } from './document.ts';
import { compileOverrides } from './overrides.ts';

function overrides(changes: Partial<Omit<RuleDocument, 'newTerms'>>, values: Readonly<Record<string, FieldValues>>) {
  const read = compileOverrides(ruleDocument(changes), (name) => [{ name, slot: 0 }]);
  return (read ?? assert.fail('the rule has no mapping'))(({ name }) => values[name]);
}

const severities = (values: Readonly<Record<string, FieldValues>>) =>
  overrides(
    {
      severityMapping: [
        { field: 'a', value: 'x', severity: 'critical' },
        { field: 'a', value: 'y', severity: 'low' },
        { field: 'b', value: '3', severity: 'high' },
        { field: 'event.severity', value: '7.9', severity: 'critical' },
      ],
    },
    values,
  ).severity;

test('a rule without mappings has none to read', () => {
  assert.equal(
    compileOverrides(ruleDocument(), () => assert.fail()),
    undefined,
  );
});

test('the highest severity that applies wins, values are compared as texts, of an array one is enough', () => {
  assert.equal(severities({ a: 'y' }), 'low', 'it may also be lower than that of the rule');
  assert.equal(severities({ a: 'y', b: 3 }), 'high');
  assert.equal(severities({ a: ['y', 'x'], b: 3 }), 'critical');
  for (const values of [{}, { a: 'X' }, { a: '' }, { b: 3.5 }, { b: true }, { a: [] }]) {
    assert.equal(severities(values), undefined, JSON.stringify(values));
  }
});

test('event.severity is compared as a number', () => {
  assert.equal(severities({ 'event.severity': 7 }), 'critical');
  assert.equal(severities({ 'event.severity': '7' }), undefined);
});

test('the score is the highest number of the field from 0 to 100, also where it is text', () => {
  const score = (values: FieldValues) => overrides({ riskScoreMapping: [{ field: 'a' }] }, { a: values }).riskScore;
  assert.equal(score('60'), 60);
  assert.equal(score([10, '73', 101, 'x']), 73);
  assert.equal(score(47.6), 48);
  for (const none of [undefined, 'high', 101, -1, true, 'NaN']) assert.equal(score(none), undefined, String(none));
});

test('a mapping may wait for a value and give a score of its own; the first that applies wins', () => {
  const riskScoreMapping = [
    { field: 'a', value: 'x', riskScore: 5 },
    { field: 'b', riskScore: 6 },
    { field: 'c' },
  ] as const;
  const score = (values: Readonly<Record<string, FieldValues>>) => overrides({ riskScoreMapping }, values).riskScore;
  assert.equal(score({ a: ['x'], b: 'any', c: 7 }), 5);
  assert.equal(score({ a: 'y', b: 'any', c: 7 }), 6);
  assert.equal(score({ c: 7 }), 7);
  assert.equal(score({ a: 'y' }), undefined);
});

test('a title is one text, and nothing else', () => {
  const title = (values: FieldValues) => overrides({ ruleNameOverride: 'a' }, { a: values }).title;
  assert.equal(title('Deleted by night'), 'Deleted by night');
  for (const none of [undefined, 7, true, ['x']]) assert.equal(title(none), undefined, String(none));
});
