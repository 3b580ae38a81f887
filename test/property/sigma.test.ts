/** What Sigma says of a detection, read naively, is what the query does that it becomes. */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { decodeEvent } from '../../src/audit/decode.ts';
import { sha256Hashes } from '../../src/ingest/hashes.ts';
import { createFieldSlots } from '../../src/query/match/slots.ts';
import { compileRule } from '../../src/rules/compile-rule.ts';
import { importSigma } from '../../src/rules/import/sigma/import-sigma.ts';
import { fail } from '../support/fail.ts';

const RUNS = 3_000;
const FIELDS = ['verb', 'userAgent', 'user.groups', 'nowhere'] as const;
const SHAPES = ['', 'contains', 'startswith', 'endswith'] as const;

type Value = string | null;
type Item = {
  readonly field: (typeof FIELDS)[number];
  readonly shape: (typeof SHAPES)[number];
  readonly cased: boolean;
  readonly all: boolean;
  readonly negated: boolean;
  readonly values: readonly Value[];
};
type Detections = Readonly<Record<string, readonly (readonly Item[])[]>>;
type Values = Readonly<Record<string, readonly string[]>>;

/** Few characters, so that texts often match; wildcards and backslashes among them. */
const short = fc.string({ unit: fc.constantFrom('a', 'B', 'b', '"', '\\', '*', '?', '/', '.'), maxLength: 5 });
/** Long ones break lines of the query. */
const text = fc.oneof(
  { weight: 9, arbitrary: short },
  short.map((end) => 'a'.repeat(90) + end),
);
const held = fc.string({
  unit: fc.constantFrom('a', 'A', 'b', '"', '\\', '*', '?', '/', '.'),
  minLength: 1,
  maxLength: 5,
});
const item: fc.Arbitrary<Item> = fc.record({
  field: fc.constantFrom(...FIELDS),
  shape: fc.constantFrom(...SHAPES),
  cased: fc.boolean(),
  all: fc.boolean(),
  negated: fc.boolean(),
  values: fc.array(fc.oneof({ weight: 9, arbitrary: text }, fc.constant(null)), { minLength: 1, maxLength: 3 }),
});
const maps = fc.array(fc.uniqueArray(item, { minLength: 1, maxLength: 3, selector: keyOf }), {
  minLength: 1,
  maxLength: 2,
});
const detections: fc.Arbitrary<Detections> = fc.record({ sel_a: maps, sel_b: maps, filter: maps });

type Condition =
  | { readonly kind: 'of'; readonly text: string; readonly names: readonly string[]; readonly all: boolean }
  | { readonly kind: 'and' | 'or'; readonly operands: readonly Condition[] }
  | { readonly kind: 'not'; readonly operand: Condition };

const named = ['sel_a', 'sel_b', 'filter'].map(
  (name): Condition => ({ kind: 'of', text: name, names: [name], all: true }),
);
const selectors: readonly Condition[] = [
  { kind: 'of', text: '1 of sel_*', names: ['sel_a', 'sel_b'], all: false },
  { kind: 'of', text: 'all of sel*', names: ['sel_a', 'sel_b'], all: true },
  { kind: 'of', text: '1 of them', names: ['sel_a', 'sel_b', 'filter'], all: false },
  { kind: 'of', text: 'all of them', names: ['sel_a', 'sel_b', 'filter'], all: true },
];
const { condition } = fc.letrec<{ condition: Condition }>((tie) => ({
  condition: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc.constantFrom(...named, ...selectors),
    fc.record({
      kind: fc.constantFrom('and' as const, 'or' as const),
      operands: fc.array(tie('condition'), { minLength: 2, maxLength: 3 }),
    }),
    fc.record({ kind: fc.constant('not' as const), operand: tie('condition') }),
  ),
}));

const events: fc.Arbitrary<Values> = fc.record({
  verb: fc.array(held, { maxLength: 1 }),
  userAgent: fc.array(held, { maxLength: 1 }),
  'user.groups': fc.array(held, { maxLength: 3 }),
});

function keyOf({ field, shape, cased, all, negated }: Item): string {
  const modifiers = [shape, cased ? 'cased' : '', all ? 'all' : '', negated ? 'neq' : ''];
  return [field, ...modifiers.filter((name) => name !== '')].join('|');
}

function written(condition: Condition): string {
  switch (condition.kind) {
    case 'of':
      return condition.text;
    case 'not':
      return `not (${written(condition.operand)})`;
    default:
      return condition.operands.map((operand) => `(${written(operand)})`).join(` ${condition.kind} `);
  }
}

function conditionHolds(of: Condition, from: Detections, values: Values): boolean {
  switch (of.kind) {
    case 'of': {
      const holds = (name: string): boolean =>
        (from[name] ?? []).some((map) => map.every((entry) => itemHolds(entry, values)));
      return of.all ? of.names.every(holds) : of.names.some(holds);
    }
    case 'not':
      return !conditionHolds(of.operand, from, values);
    case 'and':
      return of.operands.every((operand) => conditionHolds(operand, from, values));
    case 'or':
      return of.operands.some((operand) => conditionHolds(operand, from, values));
  }
}

function itemHolds({ field, shape, cased, all, negated, values }: Item, held: Values): boolean {
  const found = held[field] ?? [];
  const holds = (value: Value): boolean => {
    if (value === null) return found.length === 0;
    const pattern = patternOf(value, shape);
    if (pattern === '') return found.length === 0;
    const regex = new RegExp(`^(?:${pattern})$`, cased ? 's' : 'is');
    return found.some((one) => regex.test(one));
  };
  return (all ? values.every(holds) : values.some(holds)) !== negated;
}

/** A regular expression for the whole value. */
function patternOf(value: string, shape: Item['shape']): string {
  const pieces = value.match(/\\[\\*?]|[\s\S]/g) ?? [];
  const inside = pieces
    .map((piece) => {
      if (piece === '*') return '.*';
      if (piece === '?') return '.';
      return (piece.length === 2 ? piece.slice(1) : piece).replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
    })
    .join('');
  const before = shape === 'contains' || shape === 'endswith' ? '.*' : '';
  return before + inside + (shape === 'contains' || shape === 'startswith' ? '.*' : '');
}

/** What the query of a rule may have at most. */
const MOST_REGEXES = 20;
const LONGEST_QUERY = 65_536;

/** Undefined for a rule that is refused because it asks for too much, which is said; it is refused for nothing else. */
function compiled(from: Detections, of: Condition) {
  const detection = Object.fromEntries(
    Object.entries(from).map(([name, list]) => [
      name,
      list.map((map) => Object.fromEntries(map.map((entry) => [keyOf(entry), entry.values]))),
    ]),
  );
  const logsource = { product: 'kubernetes', service: 'audit' };
  const value = { title: 'A rule', level: 'low', logsource, detection: { ...detection, condition: written(of) } };
  const [result] = importSigma([{ value }]);
  if (result?.kind === 'invalid') {
    const messages = result.problems.map(({ message }) => message);
    expect(messages.join()).toMatch(new RegExp(`^expected at most ${LONGEST_QUERY} characters, found \\d+$`));
    return undefined;
  }
  if (result?.kind !== 'document') return fail(JSON.stringify(result));
  const slots = createFieldSlots();
  const { document } = result;
  const rule = compileRule(document, slots, sha256Hashes);
  const isTooMuch = document.query.split(' regex').length - 1 > MOST_REGEXES;
  const messages = rule.kind === 'ok' ? [] : rule.problems.map(({ message }) => message);
  const refusal = `the query has more than ${MOST_REGEXES} conditions with regular expressions`;
  expect(messages).toEqual(isTooMuch ? [refusal] : []);
  if (rule.kind !== 'ok') return undefined;
  return { rule: rule.rule, memo: slots.createMemo(), query: document.query, never: result.neverMatches };
}

test('a detection selects what Sigma says of it; one that never matches selects nothing', () => {
  const count = { true: 0, false: 0, never: 0 };
  fc.assert(
    fc.property(detections, condition, fc.array(events, { minLength: 1, maxLength: 4 }), (from, of, many) => {
      const made = compiled(from, of);
      if (made === undefined) return;
      const { rule, memo, query, never } = made;
      if (never.length > 0) count.never += 1;
      for (const values of many) {
        const { verb, userAgent, 'user.groups': groups } = values;
        const raw = { verb: verb?.[0], userAgent: userAgent?.[0], user: { groups } };
        const event = decodeEvent(raw, 0, 0);
        if (!('event' in event)) return fail('no event');
        memo.reset(event);
        const expected = conditionHolds(of, from, values);
        count[`${expected}`] += 1;
        expect([query, rule.matches(event, memo)]).toEqual([query, expected]);
        expect([never.join(), expected && never.length > 0]).toEqual([never.join(), false]);
      }
    }),
    { numRuns: RUNS },
  );
  expect(count.true).toBeGreaterThan(RUNS / 10);
  expect(count.false).toBeGreaterThan(RUNS / 10);
  expect(count.never).toBeGreaterThan(RUNS / 100);
});
