/**
 * What EQL means, written a second time: by walking over the syntax of a query with the values of an event at hand, without predicates,
 * lowering or folding. Both must agree on every query and every event.
 */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Field, FieldType, FieldValue } from '../../src/ecs/field.ts';
import { parseEql } from '../../src/query/eql/parse.ts';
import { parseSyntax } from '../../src/query/eql/parse-query.ts';
import type { Node } from '../../src/query/eql/syntax.ts';
import { compilePredicate } from '../../src/query/match/compile-predicate.ts';
import { createFieldSlots } from '../../src/query/match/slots.ts';
import { expectKind } from '../support/expect.ts';
import { fail } from '../support/fail.ts';

const RUNS = 5_000;
const TYPES: Readonly<Record<string, FieldType>> = {
  verb: 'keyword',
  user: 'keyword',
  code: 'integer',
  dry: 'boolean',
};

type Value = string | number | boolean | null;
/** The values of each field on one event; a field without values is absent. */
type Values = Readonly<Record<string, readonly FieldValue[]>>;
/** The value that each field has, out of the event's. */
type Chosen = ReadonlyMap<string, Value>;

const FIELDS = new Map(Object.entries(TYPES).map(([name, type]): [string, Field] => [name, fieldOf(name, type)]));

function fieldOf(name: string, type: FieldType): Field {
  return {
    name,
    type,
    doc: 'A field.',
    read: ({ event }) => {
      const values: readonly FieldValue[] = Reflect.get(event.requestObject ?? {}, name) ?? [];
      return values.length > 1 ? values : values[0];
    },
  };
}

/** A condition is true or not; a leaf is true if it is so for some choice of one value for each of its fields. */
function isTrue(node: Node, values: Values): boolean {
  switch (node.kind) {
    case 'boolean':
      return node.value;
    case 'and':
      return node.operands.every((operand) => isTrue(operand, values));
    case 'or':
      return node.operands.some((operand) => isTrue(operand, values));
    case 'not':
      return !isTrue(node.operand, values);
    case 'field':
      return (values[node.name] ?? []).includes(true);
    case 'compare': {
      const { operator, left, right } = node;
      if (operator === '!=') return !isTrue({ ...node, operator: '==' }, values);
      if (right.kind === 'boolean' && isLeafOrMore(left)) return isTrue(left, values) === right.value;
      return choices(node, values).some((chosen) => {
        const [a, b] = alike(left, evaluate(left, values, chosen), evaluate(right, values, chosen));
        if (operator === '==') return a === b;
        if (a === null || b === null) return false;
        return { '<': a < b, '<=': a <= b, '>': a > b, '>=': a >= b }[operator];
      });
    }
    case 'match': {
      const found = choices(node, values).some((chosen) => {
        const value = evaluate(node.operand, values, chosen);
        return value !== null && node.list.some((item) => matches(node.operator, node.operand, value, item));
      });
      return found !== node.negated;
    }
    case 'call':
      return choices(node, values).some((chosen) => evaluate(node, values, chosen) === true);
    default:
      return false;
  }
}

function isLeafOrMore({ kind }: Node): boolean {
  return ['compare', 'match', 'call', 'and', 'or', 'not'].includes(kind);
}

/** A field is compared with a constant in its own type. */
function alike(left: Node, a: Value, b: Value): readonly [Value, Value] {
  if (left.kind !== 'field' || a === null || b === null) return [a, b];
  return TYPES[left.name] === 'integer' ? [Number(a), Number(b)] : [String(a), String(b)];
}

function matches(operator: string, operand: Node, value: Value, item: Node): boolean {
  if (item.kind !== 'string' && item.kind !== 'number') return false;
  const sought = item.kind === 'string' ? item.text : item.value;
  const fold = (text: Value) =>
    operator.endsWith('~') || operator === ':' ? String(text).toLowerCase() : String(text);
  switch (operator) {
    case 'in': {
      const [a, b] = alike(operand, value, sought);
      return a === b;
    }
    case 'in~':
      return fold(value) === fold(sought);
    case 'regex':
    case 'regex~':
      return new RegExp(`^(?:${fold(sought)})$`, 's').test(fold(value));
    default: {
      const pattern = fold(sought)
        .replace(/[^\w*?]/g, '\\$&')
        .replaceAll('*', '.*')
        .replaceAll('?', '.');
      return new RegExp(`^${pattern}$`, 'su').test(fold(value));
    }
  }
}

function evaluate(node: Node, values: Values, chosen: Chosen): Value {
  const value = (inner: Node) => evaluate(inner, values, chosen);
  switch (node.kind) {
    case 'string':
      return node.text;
    case 'number':
    case 'boolean':
      return node.value;
    case 'null':
      return null;
    case 'field':
      return chosen.get(node.name) ?? null;
    case 'negate': {
      const operand = value(node.operand);
      return typeof operand === 'number' ? 0 - operand : null;
    }
    case 'arithmetic': {
      const [a, b] = [value(node.left), value(node.right)];
      if (typeof a !== 'number' || typeof b !== 'number') return null;
      const divided = isFraction(node) ? a / b : Math.trunc(a / b);
      const result = { '+': a + b, '-': a - b, '*': a * b, '/': divided, '%': a % b }[node.operator];
      return Number.isFinite(result) ? result : null;
    }
    case 'call':
      return call(node.name, node.caseless, node.arguments.map(value));
    default:
      return isTrue(node, values);
  }
}

/** By what is written, not by the value: 4.0 is one. */
function isFraction(node: Node): boolean {
  if (node.kind === 'number') return !node.integer;
  if (node.kind === 'negate') return isFraction(node.operand);
  return node.kind === 'arithmetic' && (isFraction(node.left) || isFraction(node.right));
}

function call(name: string, caseless: boolean, given: readonly Value[]): Value {
  if (given.includes(null)) return null;
  const [text, part] = given.slice(0, 2).map((one) => (caseless ? String(one).toLowerCase() : String(one)));
  if (text === undefined) return null;
  switch (name) {
    case 'length':
      return text.length;
    case 'concat':
      return given.map(String).join('');
    case 'string':
      return text;
    case 'substring':
      return text.slice(Number(given[1]));
    case 'indexOf':
      return text.includes(part ?? '') ? text.indexOf(part ?? '') : null;
    case 'startsWith':
      return text.startsWith(part ?? '');
    case 'endsWith':
      return text.endsWith(part ?? '');
    case 'stringContains':
      return text.includes(part ?? '');
    default:
      throw new Error(`no such function here: ${name}`);
  }
}

/**
 * All ways to give each field of a leaf one of its values, null to one that is absent. What is a condition of its own
 * chooses for itself.
 */
function choices(leaf: Node, values: Values): readonly Chosen[] {
  const names = new Set<string>();
  for (const part of partsOf(leaf)) collectFields(part, names);
  return [...names].reduce<readonly Chosen[]>(
    (all, name) => all.flatMap((chosen) => options(values, name).map((value) => new Map(chosen).set(name, value))),
    [new Map()],
  );
}

function options(values: Values, name: string): readonly Value[] {
  const some = values[name] ?? [];
  return some.length === 0 ? [null] : some;
}

function collectFields(node: Node, names: Set<string>): void {
  if (node.kind === 'field') names.add(node.name);
  else if (node.kind === 'call' || !isLeafOrMore(node)) for (const part of partsOf(node)) collectFields(part, names);
}

function partsOf(node: Node): readonly Node[] {
  switch (node.kind) {
    case 'compare':
    case 'arithmetic':
      return [node.left, node.right];
    case 'match':
      return [node.operand];
    case 'negate':
      return [node.operand];
    case 'call':
      return node.arguments;
    default:
      return [];
  }
}

const texts = fc.constantFrom('a', 'A', 'ab', 'B', 'ba', 'a*', '10', '2', 'true', 'a b', 'a\\', '');
const quoted = texts.filter((text) => text !== '').map((text) => JSON.stringify(text));
const patterns = fc
  .constantFrom('a', 'A*', '*b', 'a?', '?', '*', '1*', 'a*b', '**', 'a\\')
  .map((text) => JSON.stringify(text));
const regexes = fc.constantFrom('a', 'a.*', '[ab]+', 'a|b', '.?b', '[0-9]+', 'A.').map((text) => JSON.stringify(text));
const numbers = fc.constantFrom('0', '1', '2', '10', '-3', '2.5', '4.0', '"10"');
const keywords = fc.constantFrom('verb', 'user', '?verb', '?nobody');
const comparisons = fc.constantFrom('==', '!=', '<', '<=', '>', '>=');

const { text, number } = fc.letrec<{ text: string; number: string }>((tie) => ({
  text: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    keywords,
    fc.tuple(tie('text'), tie('text')).map(([a, b]) => `concat(${a}, "-", ${b})`),
    fc.tuple(tie('text'), fc.constantFrom('0', '1', '-1')).map(([a, from]) => `substring(${a}, ${from})`),
    tie('number').map((a) => `string(${a})`),
  ),
  number: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constant('code'),
    tie('text').map((a) => `length(${a})`),
    fc.tuple(tie('text'), quoted).map(([a, b]) => `indexOf~(${a}, ${b})`),
    tie('number').map((a) => `(-${a})`),
    fc
      .tuple(tie('number'), fc.constantFrom('+', '-', '*', '/', '%'), fc.constantFrom('1', '2', '2.0', '-3'))
      .map(([a, operator, b]) => `(${a} ${operator} ${b})`),
  ),
}));

const leaves = fc.oneof(
  fc.tuple(keywords, comparisons, fc.oneof(quoted, fc.constant('null'))).map((parts) => parts.join(' ')),
  fc.tuple(fc.constantFrom('code', '?code'), comparisons, numbers).map((parts) => parts.join(' ')),
  fc.constantFrom('dry', 'dry == true', 'dry != false', 'false == dry', 'dry == null', 'code in (1, "10", 2.5)'),
  fc
    .tuple(fc.oneof(keywords, text), fc.constantFrom(':', 'like', 'like~'), patterns, patterns)
    .map(([a, o, b, c]) => `${a} ${o} (${b}, ${c})`),
  fc.tuple(fc.oneof(keywords, text), fc.constantFrom('regex', 'regex~'), regexes).map((parts) => parts.join(' ')),
  fc
    .tuple(fc.oneof(keywords, text), fc.constantFrom('in', 'not in', 'in~', 'not in~'), quoted, quoted)
    .map(([a, o, b, c]) => `${a} ${o} (${b}, ${c})`),
  fc
    .tuple(fc.constantFrom('startsWith', 'endsWith~', 'stringContains', 'startsWith~'), text, quoted)
    .map(([f, a, b]) => `${f}(${a}, ${b})`),
  fc.tuple(number, comparisons, fc.constantFrom('0', '2', '2.5', '-1')).map((parts) => parts.join(' ')),
  fc.tuple(text, comparisons, quoted).map((parts) => parts.join(' ')),
  fc.tuple(fc.oneof(text, number), fc.constantFrom('== null', '!= null')).map((parts) => parts.join(' ')),
);

const { condition } = fc.letrec<{ condition: string }>((tie) => ({
  condition: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    leaves,
    fc.tuple(tie('condition'), fc.constantFrom('and', 'or'), tie('condition')).map(([a, o, b]) => `(${a} ${o} ${b})`),
    tie('condition').map((a) => `not (${a})`),
    fc
      .tuple(tie('condition'), fc.constantFrom('== true', '!= true', '== false'))
      .map(([a, o]) => `(not not (${a} or false)) ${o}`),
    tie('condition').map((a) => `string(${a} and true) == "true"`),
  ),
}));

const events: fc.Arbitrary<Values> = fc.record({
  verb: fc.uniqueArray(
    texts.filter((one) => one !== ''),
    { maxLength: 3 },
  ),
  user: fc.uniqueArray(
    texts.filter((one) => one !== ''),
    { maxLength: 2 },
  ),
  code: fc.uniqueArray(fc.constantFrom(0, 1, 2, 10, -3, 7), { maxLength: 2 }),
  dry: fc.uniqueArray(fc.boolean(), { maxLength: 2 }),
});

test('a compiled EQL condition is true of the events that its syntax says', () => {
  const outcomes = { true: 0, false: 0 };
  fc.assert(
    fc.property(condition, fc.array(events, { minLength: 1, maxLength: 4 }), (source, all) => {
      const query = `any where ${source}`;
      const syntax = parseSyntax(query);
      expectKind(syntax, 'ok');
      expectKind(syntax.query, 'event');
      const parsed = parseEql(query, { resolveField: (name) => FIELDS.get(name) });
      if (parsed.kind === 'invalid') fail(`${query}\n${JSON.stringify(parsed.problems)}`);
      expectKind(parsed, 'event');
      const slots = createFieldSlots();
      const matches = compilePredicate(parsed.predicate, slots);
      const memo = slots.createMemo();
      for (const values of all) {
        memo.reset({
          event: { requestObject: values },
          ordinal: 0,
          truncated: false,
          receivedAt: 0,
          at: 0,
          skewed: false,
        });
        const expected = isTrue(syntax.query.event.condition, values);
        expect([`${query}\n${JSON.stringify(values)}`, matches(memo)]).toEqual([
          `${query}\n${JSON.stringify(values)}`,
          expected,
        ]);
        outcomes[expected ? 'true' : 'false'] += 1;
      }
    }),
    { numRuns: RUNS },
  );
  expect(Math.min(outcomes.true, outcomes.false)).toBeGreaterThan(RUNS / 4); // both outcomes are met
});
