import { expect } from '@jest/globals';
import { sha256Hashes } from '../../src/ingest/hashes.ts';
import { createFieldSlots } from '../../src/query/match/slots.ts';
import { formatFileProblem } from '../../src/rulefiles/file-problem.ts';
import { readRules } from '../../src/rulefiles/load.ts';
import { compileRule } from '../../src/rules/compile-rule.ts';
import { formatRuleProblem } from '../../src/rules/rule-problem.ts';
import { expectPresent } from '../support/expect.ts';
import { fail } from '../support/fail.ts';
import { mutate, type Random } from './random.ts';
import type { FuzzTarget } from './target.ts';

const RULE = `title: Secrets read
id: 6f2a1a1e-0000-4000-8000-000000000001
name: secrets_read
status: test
tags: [attack.credential_access, attack.t1552.007]
logsource:
    product: kubernetes
    service: audit
detection:
    selection:
        verb: [get, 'li*', watch]
        objectRef.resource|contains|all: ['sec?et', 'a\\*b']
        sourceIPs|cidr: 10.0.0.0/8
        requestURI|re|i: '^/api/v\\d+/(a|b){2,3}[^/]*$'
        responseStatus.code: [200, '403', '4*']
    filter_a:
        - user.username|startswith: 'system:'
        - user.username: null
    keywords: [nsenter, 'a"b', 7]
    condition: selection and not 1 of filter_* or (keywords and not all of them)
level: high
`;

const CORRELATION = `title: Many
correlation:
    type: event_count
    rules: [secrets_read]
    group-by: [user.username, who]
    aliases:
        who:
            secrets_read: sourceIPs
    timespan: 10m
    condition:
        gte: 5
level: critical
generate: true
`;

const FILTER = `title: Left out
logsource: { product: kubernetes, service: audit }
filter:
    rules: [secrets_read]
    selection:
        user.username|startswith: 'ci-'
    condition: not selection
`;

const PIECES = [
  ...[
    'selection',
    'filter_a',
    'keywords',
    ' and ',
    ' or ',
    ' not ',
    '(',
    ')',
    '1 of ',
    'all of ',
    'them',
    '*',
    '|',
    '_',
  ],
  ...['\n', '    ', '        ', ': ', '- ', ', ', '[', ']', '{', '}', "'", '"', '---\n', '&a ', '*a', '#', '\\', '\t'],
  ...['|contains', '|re', '|all', '|cidr', '|exists', '|base64', '|gte', '|i', '|cased', '|fieldref', '|nope', '||'],
  ...[
    'verb',
    'apiGroup',
    'a..b',
    'event.original',
    '@timestamp',
    'requestObject.metadata.x',
    '__proto__',
    'constructor',
  ],
  ...['(?=', '(?!', '\\1', '[[:alpha:]', '[^]', '{1,9999}', '++', '\\Q', '(?P<a>', '*?', '\\p{L}'],
  ...[
    'event_count',
    'value_count',
    'temporal',
    'temporal_ordered',
    'lte',
    'gt: -1',
    'field: verb',
    'condition: ',
    'x.y',
  ],
  ...['null', 'true', '0', '1e999', '-0', '9007199254740993', '~', '\u0000', '\u202e', '\ud800', '😀', '\u001b[2J'],
] as const satisfies readonly string[];

function piece(random: Random): string {
  return PIECES[random.below(PIECES.length)] ?? '';
}

function hostile(random: Random): string {
  switch (random.below(5)) {
    case 0:
      return Array.from({ length: random.below(80) }, () => piece(random)).join('');
    case 1: {
      const condition = Array.from({ length: random.below(40) }, () => piece(random).replaceAll('\n', ' ')).join('');
      return RULE.replace(/condition: .*/, () => `condition: ${condition}`);
    }
    case 2:
      return random.chance(0.05) ? repeated(random) : wounded(random, RULE);
    default:
      return wounded(random, random.pick([RULE, `${RULE}---\n${CORRELATION}`, `${FILTER}---\n${RULE}`]));
  }
}

function wounded(random: Random, text: string): string {
  return mutate(random, text, ['(', ...PIECES]);
}

/** A rule in which one place is as long as a file may be: what takes quadratic time shows here. */
function repeated(random: Random): string {
  const room = 400_000;
  const unit = random.pick([
    'selection or ',
    '1 of filter_* and ',
    'not ',
    '(',
    `${piece(random)}${piece(random)} `.replaceAll('\n', ' '),
  ]);
  const times = (text: string): number => Math.floor(room / (text.length * 2));
  switch (random.below(5)) {
    case 0:
      return RULE.replace(/condition: .*/, () => `condition: ${unit.repeat(times(unit))}selection`);
    case 1:
      return RULE.replace('[get,', () => `[get, ${"'a*b', ".repeat(times("'a*b', "))}`);
    case 2:
      return RULE.replace('    filter_a:', () => `${numbered(times('f12345: x\n'), '    f')}    filter_a:`);
    case 3:
      return RULE.replace('        verb:', () => `${numbered(times('f12345: x\n'), '        f')}        verb:`);
    default:
      return `${RULE}---\n${CORRELATION}`.replace(
        '[secrets_read]',
        () => `[${'secrets_red, '.repeat(times('secrets_red, '))}]`,
      );
  }
}

function numbered(count: number, prefix: string): string {
  return Array.from({ length: Math.floor(count / 2) }, (_, index) => `${prefix}${index}: x\n`).join('');
}

function check(source: string): void {
  const { rules, problems } = readRules('fuzz.yml', '.yml', source);
  const lines = source.split(/\r?\n/);
  const places = [
    ...problems.map(({ place }) => place ?? fail('a problem without a place')),
    ...rules.map((rule) => rule.place(['spec', 'query'])),
  ];
  for (const { line, column } of places) {
    const text = lines[line - 1];
    expectPresent(text);
    expect(column).toBeGreaterThanOrEqual(1);
    expect(column).toBeLessThanOrEqual(text.length + 1);
  }
  for (const { document } of rules) {
    if (document.language !== 'eql') continue;
    const compiled = compileRule(document, createFieldSlots(), sha256Hashes);
    const faults = compiled.kind === 'ok' ? [] : compiled.problems.filter(({ inQuery }) => inQuery !== undefined);
    expect(faults.map(formatRuleProblem)).toEqual([]); // the query that was written is read again
  }
  for (const problem of problems) {
    expect(formatFileProblem(problem).replaceAll('\n', '')).not.toMatch(/\p{Cc}|\p{Bidi_Control}/u);
  }
}

/** Sigma's documents of any content: none throws or hangs, whatever is wrong has a place inside of the text, and the rest compiles. */
export const sigmaTarget: FuzzTarget = { name: 'sigma', generate: hostile, check, timeLimitMs: 4_000 };
