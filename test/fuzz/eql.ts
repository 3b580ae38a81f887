import { expect } from '@jest/globals';
import { parseEql } from '../../src/query/eql/parse.ts';
import { checkPredicate, checkProblems, QUERY_FIELDS, QUERY_NAMES, repeat } from './query-checks.ts';
import { mutate, type Random, randomBytes } from './random.ts';
import type { FuzzTarget } from './target.ts';

type Choices = readonly [string, ...string[]];

const TOKENS: Choices = [
  ' ',
  ...['\n', '\t', '(', ')', '[', ']', '![', ',', '.', ':', '|', '?', '=', '==', '!=', '<', '<=', '>', '>='],
  ...[
    '+',
    '-',
    '*',
    '/',
    '%',
    '"',
    '"""',
    '`',
    "'",
    '\\',
    '\\"',
    '\\u{',
    '\\u{e9}',
    '//',
    '/*',
    '*/',
    '~',
    '#',
    '\ud800',
  ],
  ...[' and ', ' or ', 'not ', ' in ', ' in~ ', ' like ', ' like~ ', ' regex ', ' regex~ ', ' where ', 'any', 'AND'],
  ...['sequence ', ' by ', ' with ', 'maxspan', 'runs', ' until ', 'sample ', 'join ', 'child of ', '| head 5'],
  ...['startsWith(', 'length(', 'concat~(', 'wildcard(', 'true', 'null', '5m', '1e9', '0x1f', '1e999'],
  ...QUERY_NAMES,
];
const TEXTS: Choices = [
  '"a"',
  ...['"create"', '"c*"', '"?b"', '""', '"\\n\\"\\u{1F600}"', '"""raw \\ text"""', '"*"', '"[a-z]+"', '"a(b|"'],
  ...['"10.0.0.0/8"', '"::1"', '"2026-01-01"', '"403"', '"true"'],
];
const NUMBERS = ['0', '1', '-1', '403', '2.5', '1e3', '.5', '9007199254740993', 'null'] as const;
const COMPARISONS = ['==', '!=', '<', '<=', '>', '>='] as const;
const PATTERNS = [':', 'like', 'like~', 'regex', 'regex~'] as const;

/** Queries in EQL: none throws, hangs or is answered with a place that does not exist; what is accepted runs. */
export const eqlTarget: FuzzTarget = { name: 'eql', generate, check, timeLimitMs: 400 };

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

/** What takes quadratic time shows here. */
function repeated(random: Random): string {
  const starts: Choices = ['', 'any where ', 'any where (', 'any where "', 'any where verb in ("a",', 'sequence '];
  const some: Choices = ['a ', 'not ', 'verb == "b" or ', '(', 'length(', '1 + ', '[any where a] '];
  const piece = random.pick([random.pick(TOKENS), condition(random), random.pick(some)]);
  return repeat(random, random.pick([random.pick(starts), query(random, 1)]), mutate(random, piece, TOKENS));
}

/** A query of the grammar, with about `size` conditions an event. */
function query(random: Random, size: number): string {
  if (random.chance(0.7)) return event(random, size);
  const item = () => {
    const by = random.chance(0.3) ? ` by ${name(random)}` : '';
    return `\n  [ ${event(random, size)} ]${by}${random.chance(0.2) ? ` with runs=${random.below(5)}` : ''}`;
  };
  const shared = random.chance(0.5) ? ` by ${name(random)}, ${name(random)}` : '';
  const span = random.chance(0.5) ? ` with maxspan=${random.below(100)}${random.pick(['ms', 's', 'm', 'h', 'd'])}` : '';
  const until = random.chance(0.3) ? `\nuntil${item()}` : '';
  return `sequence${shared}${span}${item()}${item()}${random.chance(0.5) ? item() : ''}${until}`;
}

function event(random: Random, size: number): string {
  return `${random.pick(['any', 'any', 'process', '"a b"'])} where ${conditions(random, size)}`;
}

function conditions(random: Random, size: number): string {
  if (size <= 1) return condition(random);
  const rest = conditions(random, size - 1);
  return random.pick([
    `${condition(random)} and ${rest}`,
    `${rest} or ${condition(random)}`,
    `not (${rest})`,
    `( ${rest} ) == true // why\n and not ${condition(random)}`,
  ]);
}

function condition(random: Random): string {
  const field = name(random);
  switch (random.below(6)) {
    case 0:
      return `${field} ${random.pick(COMPARISONS)} ${random.pick([random.pick(TEXTS), random.pick(NUMBERS), 'true'])}`;
    case 1:
      return `${field} ${random.pick(PATTERNS)} ${random.pick([random.pick(TEXTS), `(${random.pick(TEXTS)}, ${random.pick(TEXTS)})`])}`;
    case 2:
      return `${field} ${random.pick(['in', 'in~', 'not in'])} (${random.pick(TEXTS)}, ${random.pick(TEXTS)})`;
    case 3:
      return `${number(random, 3)} ${random.pick(COMPARISONS)} ${random.pick(NUMBERS)}`;
    case 4:
      return `${random.pick(['startsWith', 'endsWith~', 'stringContains', 'wildcard'])}(${text(random, 2)}, ${random.pick(TEXTS)})`;
    default:
      return random.pick([
        `cidrMatch(source.ip, ${random.pick(TEXTS)})`,
        'dry',
        `${text(random, 3)} == ${random.pick(TEXTS)}`,
      ]);
  }
}

function number(random: Random, depth: number): string {
  if (depth === 0) return random.pick(['code', ...NUMBERS]);
  return random.pick([
    `(${number(random, depth - 1)} ${random.pick(['+', '-', '*', '/', '%'])} ${random.pick(NUMBERS)})`,
    `-${number(random, depth - 1)}`,
    `length(${text(random, depth - 1)})`,
    `indexOf~(${text(random, depth - 1)}, ${random.pick(TEXTS)}, ${random.pick(NUMBERS)})`,
    `number(${text(random, depth - 1)})`,
  ]);
}

function text(random: Random, depth: number): string {
  if (depth === 0) return random.pick(['verb', 'user.name', '?nobody', random.pick(TEXTS)]);
  return random.pick([
    `substring(${text(random, depth - 1)}, ${random.pick(NUMBERS)})`,
    `between~(${text(random, depth - 1)}, ${random.pick(TEXTS)}, ${random.pick(TEXTS)}, true)`,
    `concat(${text(random, depth - 1)}, ${random.pick(NUMBERS)}, ${text(random, depth - 1)})`,
    `string(${number(random, depth - 1)})`,
  ]);
}

function name(random: Random): string {
  return `${random.chance(0.1) ? '?' : ''}${random.pick([...QUERY_NAMES, '`verb`', 'nobody'])}`;
}

function check(input: string, random: Random): void {
  const result = parseEql(input, QUERY_FIELDS);
  switch (result.kind) {
    case 'invalid':
      checkProblems(result.problems, input);
      return;
    case 'event':
      checkPredicate(result.predicate, random);
      return;
    case 'sequence': {
      const { items, until } = result.sequence;
      const [first] = items;
      for (const item of until === undefined ? items : [...items, until]) {
        expect(item.by).toHaveLength(first?.by.length ?? 0); // all items have as many keys
        checkPredicate(item.predicate, random);
      }
    }
  }
}
