import { expect, test } from '@jest/globals';
import { expectKind } from '../../test/support/expect.ts';
import { fail } from '../../test/support/fail.ts';
import { parseRuleException, type WrittenException } from './exception-schema.ts';

const MINIMAL = { rules: ['a-rule'], query: 'user.name: ci', reason: 'the build' };

function resource(spec: unknown, name = 'the-build'): unknown {
  return { apiVersion: 'firstseen.dev/v1alpha1', kind: 'RuleException', metadata: { name, uid: 'u-1' }, spec };
}

function documentOf(spec: unknown): WrittenException {
  const parsed = parseRuleException(resource(spec));
  expectKind(parsed, 'ok');
  return parsed.kind === 'ok' ? parsed.document : fail();
}

function problemOf(value: unknown): string {
  const parsed = parseRuleException(value);
  expectKind(parsed, 'invalid'); // expected problems
  const problems = parsed.problems.map(
    ({ path, message, hint }) => `${path.join('.')}: ${message}${hint === undefined ? '' : ` (${hint})`}`,
  );
  expect(problems).toHaveLength(1);
  return problems[0] ?? '';
}

test('a minimal exception gets every default', () => {
  const { rules, ...rest } = MINIMAL;
  expect(documentOf(MINIMAL)).toEqual({
    name: 'the-build',
    uid: 'u-1',
    rules,
    tags: [],
    ...rest,
    language: 'kuery',
    lists: [],
  });
  expect('clusters' in documentOf({ ...MINIMAL, clusters: [] })).toBe(false); // none named means all
});

test('everything that it may say is read', () => {
  const spec = {
    tags: ['noisy'],
    clusters: ['east'],
    query: 'any where true',
    language: 'eql',
    reason: 'the upgrade',
    starts: '2027-01-30T22:00:00Z',
    expires: '2027-01-31',
    author: 'ann',
    lists: [
      { field: 'source.ip', type: 'ip', values: ['10.0.0.0/8'] },
      { field: 'user.name', configMap: { name: 'lists', key: 'users' }, excluded: true },
    ],
  };
  expect(documentOf(spec)).toEqual({
    name: 'the-build',
    uid: 'u-1',
    rules: [],
    tags: ['noisy'],
    clusters: ['east'],
    query: 'any where true',
    language: 'eql',
    reason: 'the upgrade',
    startsAt: Date.UTC(2027, 0, 30, 22) * 1_000,
    expiresAt: Date.UTC(2027, 0, 31) * 1_000,
    author: 'ann',
    lists: [
      { field: 'source.ip', type: 'ip', values: ['10.0.0.0/8'], excluded: false },
      { field: 'user.name', type: 'keyword', configMap: { name: 'lists', key: 'users' }, excluded: true },
    ],
  });
});

test('what is wrong is said with its place', () => {
  const cases: readonly (readonly [object, string])[] = [
    [{ rules: [] }, 'spec: expected the rules, or tags of rules, that the exception applies to'],
    [{ reason: ' ' }, 'spec.reason: expected some text, found none'],
    [{ rule: 'a' }, 'spec.rule: unknown key "rule" (did you mean rules?)'],
    [{ expires: 'soon' }, 'spec.expires: expected a time such as 2027-01-31T12:00:00Z, or a date, found "soon"'],
    [
      { starts: '2027-01-31', expires: '2027-01-31' },
      'spec.expires: expected a time after starts (2027-01-31), found "2027-01-31"',
    ],
    [{ lists: [{ field: 'source.ip' }] }, 'spec.lists.0: expected either values or configMap'],
    [
      { lists: [{ field: 'source.ip', values: [], configMap: { name: 'a', key: 'b' } }] },
      'spec.lists.0: expected either values or configMap',
    ],
  ];
  for (const [changes, expected] of cases) expect(problemOf(resource({ ...MINIMAL, ...changes }))).toBe(expected);
  expect(problemOf(resource(MINIMAL, 'The Build'))).toMatch(/^metadata\.name: .*\(write the-build\)$/);
  expect(problemOf('text')).toMatch(/expected a mapping/);
});
