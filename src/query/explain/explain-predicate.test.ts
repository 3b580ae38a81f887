import { expect, test } from '@jest/globals';
import { expectKind } from '../../../test/support/expect.ts';
import { fail } from '../../../test/support/fail.ts';
import { resolveField } from '../../ecs/fields.ts';
import { parseKql } from '../kql/parse.ts';
import type { Expression, Predicate, Test } from '../predicate/predicate.ts';
import { explainPredicate } from './explain-predicate.ts';
import { formatPredicate } from './format-predicate.ts';

function kql(source: string): Predicate {
  const result = parseKql(source, { resolveField });
  expectKind(result, 'ok');
  return result.predicate;
}

function field(name: string) {
  return resolveField(name) ?? fail(name);
}

function explained(predicate: Predicate): readonly string[] {
  return [...explainPredicate(predicate), '', ...formatPredicate(predicate).split('\n')];
}

const AGENT = field('user_agent.original');
const agent = (test: Test): Predicate => ({ kind: 'any', field: AGENT, test });
const holds = (expression: Expression): Predicate => ({ kind: 'holds', expression });

for (const [source, words, text] of [
  ['user.name: eve', 'user.name is "eve"', 'user.name: "eve"'],
  ['user.name: *', 'user.name has a value', 'user.name: *'],
  ['not user.name: *', 'user.name has no value', 'not user.name: *'],
  ['not not user.name: eve', 'user.name is "eve"', 'user.name: "eve"'],
  ['*: *', 'every event', '*: *'],
  ['not *: *', 'no event', 'not *: *'],
  ['user.name: system\\:*', 'user.name begins with "system:"', 'user.name: system\\:*'],
  ['user.name: *admin', 'user.name ends with "admin"', 'user.name: *admin'],
  ['user.name: *min*', 'user.name contains "min"', 'user.name: *min*'],
  ['user.name: a?*b', 'user.name is like a?*b', 'user.name: a?*b'],
  [
    'user.name: (eve or a* or bob or b*)',
    'user.name is one of "eve", "bob", or begins with one of "a", "b"',
    'user.name: ("eve" or a* or "bob" or b*)',
  ],
  ['not user.name: (a or b)', 'no value of user.name is one of "a", "b"', 'not user.name: ("a" or "b")'],
  ['user.name: "a\\"b\\\\\u202e"', 'user.name is "a\\"b\\\\\\u{202e}"', 'user.name: "a\\"b\\\\\\u202e"'],
  [
    'kubernetes.audit.responseStatus.code >= 400',
    'kubernetes.audit.responseStatus.code is at least 400',
    'kubernetes.audit.responseStatus.code >= 400',
  ],
  ['source.ip: 10.0.0.0/8', 'source.ip is in 10.0.0.0/8', 'source.ip: "10.0.0.0/8"'],
  [
    '@timestamp > 2026-01-31',
    '@timestamp is after 2026-01-31T23:59:59.999999Z',
    '@timestamp > "2026-01-31T23:59:59.999999Z"',
  ],
] as const) {
  test(`KQL ${source}`, () => {
    expect(explained(kql(source))).toEqual([words, '', text]);
  });
}

test('what is nested stands deeper, and a long text has a line for each part', () => {
  const source =
    'kubernetes.audit.verb: (get or list) and not (user.name: a and source.ip: 10.0.0.1) and ' +
    '(user.name: "system:anonymous" or not user.name: * and not (user.id: x or event.action: y))';
  expect(explained(kql(source))).toEqual([
    'all of these hold:',
    '- kubernetes.audit.verb is one of "get", "list"',
    '- not all of these hold:',
    '  - user.name is "a"',
    '  - source.ip is "10.0.0.1"',
    '- one of these holds:',
    '  - user.name is "system:anonymous"',
    '  - all of these hold:',
    '    - user.name has no value',
    '    - none of these holds:',
    '      - user.id is "x"',
    '      - event.action is "y"',
    '',
    'kubernetes.audit.verb: ("get" or "list")',
    'and not (user.name: "a" and source.ip: "10.0.0.1")',
    'and (user.name: "system:anonymous" or not user.name: * and not (user.id: "x" or event.action: "y"))',
  ]);
});

test('what does not fit on a line is broken, at any depth, and nothing is left to the binding of and and or', () => {
  const pods = Array.from({ length: 8 }, (_, n) => `pod-of-the-shop-${n}*`).join(' or ');
  const source =
    'not (kubernetes.audit.objectRef.namespace: shop and ' +
    `kubernetes.audit.objectRef.name: (${pods}) or user.name: eve and kubernetes.audit.verb: get)`;
  expect(formatPredicate(kql(source)).split('\n')).toEqual([
    'not (',
    '  (',
    '    kubernetes.audit.objectRef.namespace: "shop"',
    '    and kubernetes.audit.objectRef.name: (',
    '      pod-of-the-shop-0*',
    ...Array.from({ length: 7 }, (_, n) => `      or pod-of-the-shop-${n + 1}*`),
    '    )',
    '  )',
    '  or user.name: "eve" and kubernetes.audit.verb: "get"',
    ')',
  ]);
});

for (const [predicate, words, text] of [
  [
    agent({ kind: 'equals', value: 'Curl', caseless: true }),
    'user_agent.original in any letter case is "Curl"',
    'user_agent.original in~ ("Curl")',
  ],
  [
    agent({ kind: 'like', pieces: [{ literal: 'a*' }, 'any', { literal: 'b' }, 'one'] }),
    'user_agent.original is like "a\\\\**b?"',
    'user_agent.original like "a\\\\**b?"',
  ],
  [
    agent({ kind: 'wildcard', parts: ['', 'curl', ''], caseless: true }),
    'user_agent.original in any letter case contains "curl"',
    'user_agent.original like~ "*curl*"',
  ],
  [
    agent({ kind: 'regex', source: 'a.*"', syntax: 'lucene' }),
    'user_agent.original fully matches the regular expression "a.*\\""',
    'user_agent.original regex "a.*\\""',
  ],
  [
    agent({ kind: 'regex', source: 'a.*', syntax: 're2', caseless: true }),
    'user_agent.original in any letter case contains a match of the regular expression "a.*"',
    'matchesRe2(user_agent.original, "(?i)a.*")',
  ],
  [
    {
      kind: 'or',
      operands: [
        agent({ kind: 'wildcard', parts: ['curl', ''], caseless: true }),
        agent({ kind: 'equals', value: 'x' }),
        agent({ kind: 'wildcard', parts: ['wget', ''], caseless: true }),
        agent({ kind: 'equals', value: 'x' }),
      ],
    },
    'user_agent.original in any letter case begins with one of "curl", "wget", or is "x"',
    'user_agent.original like~ ("curl*", "wget*") or user_agent.original: "x"',
  ],
  [
    holds({
      kind: 'compare',
      operator: '==',
      left: { kind: 'field', field: field('user.name') },
      right: { kind: 'field', field: field('kubernetes.audit.annotations.authorization_k8s_io/decision') },
    }),
    'user.name == `kubernetes.audit.annotations.authorization_k8s_io/decision` is true',
    'user.name == `kubernetes.audit.annotations.authorization_k8s_io/decision`',
  ],
  [
    {
      kind: 'not',
      operand: holds({
        kind: 'compare',
        operator: '>',
        left: {
          kind: 'arithmetic',
          operator: '*',
          left: {
            kind: 'arithmetic',
            operator: '+',
            left: { kind: 'field', field: field('kubernetes.audit.responseStatus.code') },
            right: { kind: 'literal', value: 1 },
          },
          right: { kind: 'negate', operand: { kind: 'literal', value: 2 } },
        },
        right: { kind: 'literal', value: 800 },
      }),
    },
    '(kubernetes.audit.responseStatus.code + 1) * -2 > 800 is false or null',
    'not (kubernetes.audit.responseStatus.code + 1) * -2 > 800',
  ],
] as const satisfies readonly (readonly [Predicate, string, string])[]) {
  test(`beyond KQL: ${text}`, () => {
    expect(explained(predicate)).toEqual([words, '', text]);
  });
}
