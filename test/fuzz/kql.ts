import { parseKql } from '../../src/query/kql/parse.ts';
import { checkPredicate, checkProblems, QUERY_FIELDS, QUERY_NAMES, repeat } from './query-checks.ts';
import { mutate, type Random, randomBytes } from './random.ts';
import type { FuzzTarget } from './target.ts';

const TOKENS = [
  ' ',
  '\n',
  '\t',
  '(',
  ')',
  '{',
  '}',
  ':',
  '"',
  '\\',
  '*',
  '<',
  '<=',
  '>',
  '>=',
  '=',
  "'",
  ' and ',
  ' or ',
  'not ',
  'AND',
  '\\and',
  '\\not',
  '\\u00e9',
  '\\u',
  '\\"',
  'now-1d',
  '10.0.0.0/8',
  '::1',
  '\u{1f600}',
  '\ud800',
  ...QUERY_NAMES,
] as const satisfies readonly [string, ...string[]];

const VALUES = [
  'a',
  'create',
  'get*',
  '*',
  '*a*b*',
  '"quoted text"',
  '"a\\"b"',
  'system\\:node\\:*',
  'two words',
  '403',
  '-1',
  'true',
  '10.0.0.1',
  '10.0.0.0/8',
  '"2001:db8::1"',
  '2026-01-01',
  '"2026-01-01T00:00:00Z"',
  'caf\\u00e9',
  '\\or',
  '""',
] as const satisfies readonly [string, ...string[]];

/** Queries in Kibana's language: none throws, hangs or is answered with a place that does not exist; what is accepted runs. */
export const kqlTarget: FuzzTarget = { name: 'kql', generate, check, timeLimitMs: 400 };

function generate(random: Random): string {
  switch (random.below(6)) {
    case 0:
      return randomBytes(random, 200);
    case 1:
      return Array.from({ length: random.below(60) }, () => random.pick(TOKENS)).join('');
    case 2:
      return query(random, 6);
    case 3:
      return random.chance(0.05) ? repeated(random) : query(random, 3);
    default:
      return mutate(random, query(random, 4), TOKENS);
  }
}

/** As long as a query may be, or far longer, made of one piece: what takes quadratic time shows here. */
function repeated(random: Random): string {
  const piece = mutate(random, random.pick([random.pick(TOKENS), query(random, 1), 'a ', 'a:b or ', 'a:(']), TOKENS);
  return repeat(random, random.pick(['', 'verb:', '(', '"', query(random, 1)]), piece);
}

/** A query of the grammar, with about `size` conditions. */
function query(random: Random, size: number): string {
  if (size <= 1) return condition(random);
  const rest = query(random, size - 1);
  return random.pick([
    `${condition(random)} and ${rest}`,
    `${rest} OR ${condition(random)}`,
    `not (${rest})`,
    `( ${rest} ) and not ${condition(random)}`,
    `${condition(random)}\n  or ${rest}`,
  ]);
}

function condition(random: Random): string {
  const name = random.pick(QUERY_NAMES);
  if (random.chance(0.2)) return `${name} ${random.pick(['<', '<=', '>', '>='])} ${random.pick(VALUES)}`;
  return `${name}:${random.chance(0.5) ? random.pick(VALUES) : `(${list(random, 3)})`}`;
}

function list(random: Random, depth: number): string {
  const value = random.pick(VALUES);
  if (depth === 0) return value;
  const rest = list(random, depth - 1);
  return random.pick([value, `${value} or ${rest}`, `not ${value} and ${rest}`, `${value} and not (${rest})`]);
}

function check(input: string, random: Random): void {
  const result = parseKql(input, QUERY_FIELDS);
  if (result.kind === 'invalid') checkProblems(result.problems, input);
  else checkPredicate(result.predicate, random);
}
