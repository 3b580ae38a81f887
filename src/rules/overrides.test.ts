import { expect, test } from '@jest/globals';
import { fail } from '../../test/support/fail.ts';
import { ruleDocument } from '../../test/support/rules.ts';
import type { FieldValues } from '../ecs/field.ts';
import type { RuleDocument } from './document.ts';
import { compileOverrides } from './overrides.ts';

function overrides(changes: Partial<Omit<RuleDocument, 'newTerms'>>, values: Readonly<Record<string, FieldValues>>) {
  const read = compileOverrides(ruleDocument(changes), (name) => [{ name, slot: 0 }]);
  return (read ?? fail('the rule has no mapping'))(({ name }) => values[name]);
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
  expect(compileOverrides(ruleDocument(), () => fail())).toBeUndefined();
});

test('the highest severity that applies wins, values are compared as texts, of an array one is enough', () => {
  expect(severities({ a: 'y' })).toBe('low'); // it may also be lower than that of the rule
  expect(severities({ a: 'y', b: 3 })).toBe('high');
  expect(severities({ a: ['y', 'x'], b: 3 })).toBe('critical');
});

test.each([{}, { a: 'X' }, { a: '' }, { b: 3.5 }, { b: true }, { a: [] }])(
  'the highest severity that applies wins, values are compared as texts, of an array one is enough: %j',
  (values) => {
    expect(severities(values)).toBeUndefined();
  },
);

test('event.severity is compared as a number', () => {
  expect(severities({ 'event.severity': 7 })).toBe('critical');
  expect(severities({ 'event.severity': '7' })).toBeUndefined();
});

test('the score is the highest number of the field from 0 to 100, also where it is text', () => {
  const score = (values: FieldValues) => overrides({ riskScoreMapping: [{ field: 'a' }] }, { a: values }).riskScore;
  expect(score('60')).toBe(60);
  expect(score([10, '73', 101, 'x'])).toBe(73);
  expect(score(47.6)).toBe(48);
  for (const none of [undefined, 'high', 101, -1, true, 'NaN'])
    expect([String(none), score(none)]).toEqual([String(none), undefined]);
});

test('a mapping may wait for a value and give a score of its own; the first that applies wins', () => {
  const riskScoreMapping = [
    { field: 'a', value: 'x', riskScore: 5 },
    { field: 'b', riskScore: 6 },
    { field: 'c' },
  ] as const;
  const score = (values: Readonly<Record<string, FieldValues>>) => overrides({ riskScoreMapping }, values).riskScore;
  expect(score({ a: ['x'], b: 'any', c: 7 })).toBe(5);
  expect(score({ a: 'y', b: 'any', c: 7 })).toBe(6);
  expect(score({ c: 7 })).toBe(7);
  expect(score({ a: 'y' })).toBeUndefined();
});

test('a title is one text, and nothing else', () => {
  const title = (values: FieldValues) => overrides({ ruleNameOverride: 'a' }, { a: values }).title;
  expect(title('Deleted by night')).toBe('Deleted by night');
  for (const none of [undefined, 7, true, ['x']])
    expect([String(none), title(none)]).toEqual([String(none), undefined]);
});
