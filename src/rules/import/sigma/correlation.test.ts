import { expect, test } from '@jest/globals';
import { fail } from '../../../../test/support/fail.ts';
import { readCorrelation } from './correlation.ts';
import { searchField } from './field-mapping.ts';
import { createFindings } from './findings.ts';
import { importSigma } from './import-sigma.ts';
import type { RelatedRule } from './related-rule.ts';
import type { SigmaValues } from './sigma-document.ts';

function related(name: string, verb: string): RelatedRule {
  const field = searchField('verb') ?? fail('no field');
  const search = { kind: 'text', field, patterns: [[{ literal: verb }]], cased: false } as const;
  return { reference: name, aliases: [name], search, level: 'low', notes: [], differences: [] };
}

const RULES = [related('reads', 'get'), related('lists', 'list')];

function read(correlation: SigmaValues, rules: readonly RelatedRule[] = RULES) {
  const findings = createFindings();
  return { reading: readCorrelation(correlation, rules, findings), findings };
}

function specOf(correlation: SigmaValues, rules?: readonly RelatedRule[]): SigmaValues {
  const { reading, findings } = read(correlation, rules);
  expect([findings.problems, findings.reasons]).toEqual([[], []]);
  return reading?.spec ?? fail('nothing was read');
}

function complaints(correlation: SigmaValues, rules?: readonly RelatedRule[]): readonly string[] {
  const { reading, findings } = read(correlation, rules);
  expect(reading).toBeUndefined();
  return [...findings.problems, ...findings.reasons].map(
    ({ path, message, hint }) => `${path.slice(1).join('.')}: ${message}${hint === undefined ? '' : ` | ${hint}`}`,
  );
}

const COUNT = { type: 'event_count', 'group-by': ['user.username'], timespan: '10m', condition: { gte: 5 } };

test('event_count becomes a threshold over what either of its rules matches', () => {
  expect(specOf(COUNT)).toEqual({
    type: 'threshold',
    language: 'eql',
    query: 'any where kubernetes.audit.verb : "get" or kubernetes.audit.verb : "list"',
    threshold: { field: ['kubernetes.audit.user.username'], value: 5, window: '10m' },
  });
});

test('gt is one more than gte, a week is seven days, group-by may be absent', () => {
  const { threshold } = specOf({ type: 'event_count', timespan: '1w', condition: { gt: 9 } });
  expect(threshold).toEqual({ field: [], value: 10, window: '7d' });
});

test('value_count asks for different values of a field', () => {
  const condition = { field: 'objectRef.name', gte: 20 };
  expect(specOf({ ...COUNT, type: 'value_count', condition }).threshold).toEqual({
    field: ['kubernetes.audit.user.username'],
    value: 1,
    cardinality: [{ field: 'kubernetes.audit.objectRef.name', value: 20 }],
    window: '10m',
  });
});

test('temporal_ordered becomes a sequence, temporal one in any order', () => {
  const temporal = { type: 'temporal', 'group-by': ['user.username', 'sourceIPs'], timespan: '5m' };
  expect(specOf({ ...temporal, type: 'temporal_ordered' })).toEqual({
    type: 'eql',
    language: 'eql',
    query: [
      'sequence by kubernetes.audit.user.username, kubernetes.audit.sourceIPs with maxspan=5m',
      '  [any where kubernetes.audit.verb : "get"]',
      '  [any where kubernetes.audit.verb : "list"]',
    ].join('\n'),
  });
  expect(specOf(temporal).sequenceOrder).toBe('any');
  const { query } = specOf({ type: 'temporal', timespan: '30s' });
  expect(String(query)).toMatch(/^sequence with maxspan=30s\n/);
});

test('an alias stands for a field of each rule', () => {
  const aliases = { who: { reads: 'user.username', lists: 'impersonatedUser.username' } };
  const { query } = specOf({
    type: 'temporal_ordered',
    'group-by': ['who', 'sourceIPs'],
    timespan: '1h',
    aliases,
  });
  expect(query).toBe(
    [
      'sequence by kubernetes.audit.sourceIPs with maxspan=1h',
      '  [any where kubernetes.audit.verb : "get"] by kubernetes.audit.user.username',
      '  [any where kubernetes.audit.verb : "list"] by kubernetes.audit.impersonatedUser.username',
    ].join('\n'),
  );
  const same = { who: { reads: 'user.username', lists: 'user.username' } };
  expect(specOf({ ...COUNT, 'group-by': 'who', aliases: same }).threshold).toEqual({
    field: ['kubernetes.audit.user.username'],
    value: 5,
    window: '10m',
  });
  expect(complaints({ ...COUNT, 'group-by': ['who'], aliases })).toEqual([
    'group-by.0: the alias who maps to different fields, but a count groups by one field',
  ]);
  expect(complaints({ ...COUNT, 'group-by': ['who'], aliases: { who: { reads: 'a' } } })).toEqual([
    'aliases.who: the alias who has no field for the rule lists',
  ]);
});

test('a condition of a temporal correlation may ask for all of its rules', () => {
  const temporal = { type: 'temporal', timespan: '5m' };
  for (const condition of [{ gte: 2 }, { gt: 1 }, { eq: 2 }, 'reads and lists', 'lists AND reads']) {
    expect(specOf({ ...temporal, condition })).toBeTruthy();
  }
  for (const condition of [{ gte: 1 }, { lt: 2 }, 'reads or lists', 'reads', 'reads and not lists', 7]) {
    expect(complaints({ ...temporal, condition })).toEqual([
      'condition: a temporal correlation must require all of its rules' +
        ' | remove the condition: all rules must then match',
    ]);
  }
});

test('counts that have to stay below a number are refused by name', () => {
  expect(complaints({ ...COUNT, condition: { gte: 3, lte: 9 } })).toHaveLength(1);
});

test.each(['lt', 'lte', 'eq', 'neq'])('counts that have to stay below a number are refused by name: %s', (key) => {
  expect(complaints({ ...COUNT, condition: { [key]: 3 } })).toEqual([
    `condition.${key}: a maximum or exact count is not supported: ${key} | write gte or gt`,
  ]);
});

test('other sorts of correlations are refused by name', () => {
  expect(complaints({ ...COUNT, type: 'value_sum' })).toEqual([
    'type: correlations of type value_sum are not supported; supported: event_count, value_count, temporal, temporal_ordered',
  ]);
});

test('mistakes have their places and hints', () => {
  expect(complaints({ ...COUNT, type: 'event_cont', groupby: [] })).toEqual([
    'groupby: unknown key groupby | did you mean group-by?',
    'type: expected one of event_count, value_count, temporal, temporal_ordered, found "event_cont" | did you mean event_count?',
  ]);
  for (const timespan of [undefined, 5, '5', '0m', '1M', '1h30m', '-1m']) {
    expect(complaints({ ...COUNT, timespan }).join()).toMatch(/^timespan: expected a timespan such as 5m, 1h or 2d/);
  }
  expect(complaints({ ...COUNT, timespan: '5w' })).toEqual([
    'timespan: expected a timespan such as 5m, 1h or 2d and at most 30d, found "5w"',
  ]);
  const cases: readonly (readonly [unknown, RegExp])[] = [
    [undefined, /^: missing: condition \| write condition: /],
    [5, /^condition: expected a condition, found 5/],
    [{}, /^condition: expected a whole number above 0, found nothing/],
    [{ gte: 0 }, /^condition\.gte: expected a whole number above 0, found 0/],
    [{ gt: 1.5 }, /^condition\.gt: expected a whole number above -1, found 1\.5/],
    [{ gte: 5, gt: 4 }, /^condition: gt and gte exclude each other/],
    [{ gte: 5, foo: 4 }, /^condition\.foo: unknown key foo/],
    [{ gte: 5, field: 'verb' }, /^condition\.field: a correlation of type event_count counts events/],
  ];
  for (const [condition, expected] of cases) expect(complaints({ ...COUNT, condition })[0] ?? '').toMatch(expected);
  const values = { ...COUNT, type: 'value_count' };
  expect(complaints(values)[0] ?? '').toMatch(/^condition: expected the field whose values count/);
  expect(complaints({ ...values, condition: { gte: 2, field: ['verb', 'level'] } })[0] ?? '').toMatch(
    /^condition\.field: counting distinct values of several fields together is not supported/,
  );
  expect(complaints({ type: 'temporal', timespan: '5m' }, RULES.slice(0, 1))[0] ?? '').toMatch(
    /^rules: a correlation of type temporal needs at least two rules/,
  );
});

test('a correlation that groups by what no event has, or of which a step never matches, never matches', () => {
  expect(read({ ...COUNT, 'group-by': ['username'] }).reading?.never?.[0]).toEqual(
    ['no audit event has a field username; did the author mean user.username?'][0],
  );
  const field = searchField('apiGroup') ?? fail('no field');
  const dead: RelatedRule = { ...related('dead', 'x'), search: { kind: 'exists', field } };
  const temporal = { type: 'temporal', timespan: '5m' };
  expect(read(temporal, [related('reads', 'get'), dead]).reading?.never?.length).toBe(1);
  expect(read({ ...COUNT }, [related('reads', 'get'), dead]).reading?.never).toBeUndefined();
});

const LOGSOURCE = { product: 'kubernetes', service: 'audit' };

function rule(name: string, more: SigmaValues = {}): SigmaValues {
  const detection = { selection: { verb: name }, condition: 'selection' };
  return { title: name, name, id: `id-${name}`, level: 'low', logsource: LOGSOURCE, detection, ...more };
}

function correlate(rules: unknown, more: SigmaValues = {}): SigmaValues {
  const correlation = { type: 'event_count', rules, timespan: '5m', condition: { gte: 5 } };
  return { title: 'Together', level: 'high', correlation, ...more };
}

function kinds(...values: readonly SigmaValues[]): readonly string[] {
  return importSigma(values.map((value) => ({ value }))).map((result) => {
    if (result.kind === 'invalid')
      return result.problems.map(({ path, message }) => `${path.join('.')}: ${message}`).join();
    return result.kind === 'unsupported' ? result.reasons.map(({ message }) => message).join() : result.kind;
  });
}

test('a rule that is missing, or is there twice, or is a correlation, is named', () => {
  expect(kinds(correlate(['lists']))[0]).toBe('correlation.rules.0: no rule with the name or the id lists is loaded');
  expect(kinds(correlate('lists'), rule('lists'), rule('lists', { id: 'other' }))[0]).toBe(
    'correlation.rules: 2 rules have the name or the id lists',
  );
  expect(kinds(correlate(['inner']), correlate(['lists'], { name: 'inner' }), rule('lists'))[0]).toBe(
    'inner is a correlation itself; correlations of correlations are not supported',
  );
  expect(kinds(correlate([7]))[0]).toBe('correlation.rules.0: expected the name or the id of a rule, found 7');
  expect(kinds(correlate([]))[0]).toBe('correlation.rules: expected 1 to 100 rules, found 0');
  expect(kinds({ title: 'x', correlation: 'y' })[0]).toBe('correlation: expected a correlation, found "y"');
  const [first] = importSigma([{ value: correlate(['lits']) }, { value: rule('lists') }]);
  expect(first?.kind === 'invalid' && first.problems[0]?.hint).toBe('did you mean lists?');
});

test('what is wrong with a rule is wrong with the correlation too, and is told where it is', () => {
  const broken = rule('lists', { detection: { a: 'b', condition: 'c' } });
  expect(kinds(correlate(['lists']), broken)).toEqual([
    'correlation.rules.0: the rule lists has problems of its own',
    'detection.condition: unknown detection c',
  ]);
  const foreign = rule('lists', { logsource: { product: 'windows' } });
  const needs = 'needs other data: product windows; firstseen has Kubernetes audit events only';
  expect(kinds(correlate(['id-lists']), foreign)).toEqual([`the rule id-lists cannot run: ${needs}`, needs]);
});

test('without a level of its own it has the highest of its rules, and tells their notes', () => {
  const detection = { selection: { userAgent: 'é' }, other: { verb: 'get' }, condition: 'selection' };
  const [result] = importSigma(
    [
      correlate(['lists', 'reads'], { level: undefined }),
      rule('lists', { level: 'medium' }),
      rule('reads', { detection }),
    ].map((value) => ({ value })),
  );
  if (result?.kind !== 'document') fail(JSON.stringify(result));
  expect(result.document.severity).toBe('medium');
  expect(result.notes).toEqual([
    'without generate: true, its rules raise no alerts of their own: lists, reads',
    'reads: the condition does not use the detection other',
    'it has no level; medium, the highest of its rules, is assumed',
  ]);
  expect(result.differences).toEqual(['reads: userAgent: non-ASCII letters are case-sensitive']);
});
