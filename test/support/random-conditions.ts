import fc from 'fast-check';
import type { Field, FieldType, FieldValue, FieldValues } from '../../src/ecs/field.ts';
import { FUNCTIONS } from '../../src/query/eql/functions.ts';
import type { CompareOperator, Expression, LikePiece, Predicate, Test } from '../../src/query/predicate/predicate.ts';

const TEXTS = ['', 'a', 'b', 'ab', 'ba', 'aab', 'abab', '1', 'true', 'a*b', 'A', 'aB', 'é', 'É', '😀', 'a😀b', '\n'];
const ADDRESSES = [
  '10.0.0.1',
  '10.0.0.2',
  '::ffff:10.0.0.1',
  '::ffff:a00:1',
  '192.168.0.1',
  '2001:db8::1',
  '2001:DB8:0::1',
];
const PREFIXES = ['10.0.0.0/8', '10.0.0.0/31', '10.0.0.1/32', '2001:db8::/32', '::/0', '0.0.0.0/0', '192.0.0.0/5'];
const NUMBERS = [-1, 0, 1, 2, 10, 403];
/** In the part of the syntax that Lucene, RE2 and JavaScript have in common. */
const EXPRESSIONS = ['a', '(a|b)*', 'a.b', 'a+b?', '[ab]{2,3}', '[^a]', '.*b', 'é|É', '(ab){2}', ''];

/** Values that documents and rules have in common; some of them of a type that the field should not have. */
export function valueOfType(type: FieldType): fc.Arbitrary<FieldValue> {
  switch (type) {
    case 'keyword':
      return fc.oneof({ arbitrary: fc.constantFrom(...TEXTS), weight: 8 }, fc.constantFrom<FieldValue>(1, true));
    case 'ip':
      return fc.constantFrom(...ADDRESSES, 'no address');
    case 'integer':
      return fc.oneof({ arbitrary: fc.constantFrom(...NUMBERS), weight: 8 }, fc.constantFrom('1', '403', 'a'));
    case 'date':
      return fc.constantFrom(...NUMBERS);
    case 'boolean':
      return fc.oneof({ arbitrary: fc.boolean(), weight: 8 }, fc.constantFrom('true', 'a'));
  }
}

/** No value, one, several; or an object that holds none. */
export function valuesOfType(type: FieldType): fc.Arbitrary<FieldValues> {
  return fc.oneof(
    fc.constant(undefined),
    { arbitrary: valueOfType(type), weight: 2 },
    fc.uniqueArray(valueOfType(type), { maxLength: 3 }),
  );
}

const caseless = fc.constantFrom<{ caseless?: true }>({}, {}, { caseless: true });
const piece = fc.constantFrom<LikePiece>(
  'any',
  'one',
  { literal: 'a' },
  { literal: 'b' },
  { literal: 'aB' },
  { literal: '😀' },
);

export function testOfType(type: FieldType): fc.Arbitrary<Test> {
  const operator = fc.constantFrom<'<' | '<=' | '>' | '>='>('<', '<=', '>', '>=');
  const equals = fc.tuple(valueOfType(type), caseless).map(([value, how]): Test => ({ kind: 'equals', value, ...how }));
  const range = fc
    .tuple(operator, valueOfType(type))
    .map(([o, value]): Test => ({ kind: 'range', operator: o, value }));
  const parts = fc.array(fc.constantFrom('', 'a', 'b', 'ab', 'É'), { minLength: 2, maxLength: 5 });
  const wildcard = fc
    .tuple(parts, caseless)
    .map(([pieces, how]): Test => ({ kind: 'wildcard', parts: pieces, ...how }));
  const like = fc
    .tuple(fc.array(piece, { maxLength: 6 }), caseless)
    .map(([pieces, how]): Test => ({ kind: 'like', pieces, ...how }));
  const regex = fc
    .tuple(fc.constantFrom(...EXPRESSIONS), fc.constantFrom<'lucene' | 're2'>('lucene', 're2'))
    .map(([source, syntax]): Test => ({ kind: 'regex', source, syntax }));
  const cidr = fc.constantFrom(...PREFIXES).map((prefix): Test => ({ kind: 'cidr', cidr: prefix }));
  return fc.oneof(equals, equals, range, wildcard, like, regex, cidr);
}

const operators = fc.constantFrom<CompareOperator>('==', '!=', '<', '<=', '>', '>=');
const literal = fc
  .oneof(
    { weight: 4, arbitrary: fc.constantFrom(...TEXTS) },
    { weight: 3, arbitrary: fc.constantFrom(...NUMBERS) },
    { weight: 2, arbitrary: fc.constantFrom(...ADDRESSES) },
    { weight: 1, arbitrary: fc.boolean() },
    { weight: 1, arbitrary: fc.constant(null) },
  )
  .map((value): Expression => ({ kind: 'literal', value }));

/** Expressions over some of the fields; what they mean is asked as well where their types make no sense. */
export function expressionsOver(
  fields: readonly Field[],
  predicates?: fc.Arbitrary<Predicate>,
): fc.Arbitrary<Expression> {
  const field = fc.constantFrom(...fields).map((known): Expression => ({ kind: 'field', field: known }));
  // What people write: a field, and a value that it may have.
  const usual = fc.constantFrom(...fields).chain((known) =>
    fc.oneof(
      fc.tuple(operators, valueOfType(known.type), fc.boolean()).map(([operator, value, mirrored]): Expression => {
        const [left, right]: [Expression, Expression] = [
          { kind: 'field', field: known },
          { kind: 'literal', value },
        ];
        return { kind: 'compare', operator, ...(mirrored ? { left: right, right: left } : { left, right }) };
      }),
      testOfType(known.type).map(
        (test): Expression => ({ kind: 'test', operand: { kind: 'field', field: known }, test }),
      ),
      fc.array(fc.oneof({ weight: 5, arbitrary: valueOfType(known.type) }, fc.constant(null)), { maxLength: 3 }).map(
        (values): Expression => ({
          kind: 'in',
          operand: { kind: 'field', field: known },
          list: values.map((value) => ({ kind: 'literal', value })),
        }),
      ),
      fc.constant<Expression>({ kind: 'isNull', operand: { kind: 'field', field: known } }),
    ),
  );
  return fc.letrec<{ node: Expression }>((tie) => {
    const node = tie('node');
    const two = fc.tuple(node, node);
    const operands = fc.array(node, { maxLength: 3 });
    const call = fc.constantFrom(...FUNCTIONS).chain((row) => {
      const most = row.parameters.length + (row.variadic ? 1 : 0);
      const least = row.parameters.filter(({ optional }) => !optional).length;
      return fc.tuple(fc.array(node, { minLength: least, maxLength: most }), fc.boolean()).map(
        ([all, isCaseless]): Expression => ({
          kind: 'call',
          function: row,
          arguments: all,
          ...(isCaseless && row.caseless ? { caseless: true } : {}),
        }),
      );
    });
    return {
      node: fc.oneof(
        { maxDepth: 4, depthSize: 'small', withCrossShrink: true },
        { weight: 3, arbitrary: usual },
        { weight: 2, arbitrary: field },
        { weight: 2, arbitrary: literal },
        { weight: 4, arbitrary: operands.map((all): Expression => ({ kind: 'and', operands: all })) },
        { weight: 4, arbitrary: operands.map((all): Expression => ({ kind: 'or', operands: all })) },
        { weight: 3, arbitrary: node.map((operand): Expression => ({ kind: 'not', operand })) },
        {
          weight: 4,
          arbitrary: fc
            .tuple(operators, two)
            .map(([operator, [left, right]]): Expression => ({ kind: 'compare', operator, left, right })),
        },
        {
          weight: 1,
          arbitrary: fc.tuple(node, operands).map(([operand, list]): Expression => ({ kind: 'in', operand, list })),
        },
        { weight: 1, arbitrary: node.map((operand): Expression => ({ kind: 'isNull', operand })) },
        {
          weight: 1,
          arbitrary: fc
            .tuple(node, testOfType('keyword'))
            .map(([operand, test]): Expression => ({ kind: 'test', operand, test })),
        },
        {
          weight: 1,
          arbitrary: fc
            .tuple(fc.constantFrom('+', '-', '*', '/', '%' as const), two)
            .map(([operator, [left, right]]): Expression => ({ kind: 'arithmetic', operator, left, right })),
        },
        { weight: 1, arbitrary: node.map((operand): Expression => ({ kind: 'negate', operand })) },
        { weight: 3, arbitrary: call },
        ...(predicates === undefined
          ? []
          : [{ weight: 1, arbitrary: predicates.map((predicate): Expression => ({ kind: 'matches', predicate })) }]),
      ),
    };
  }).node;
}

/** Conditions on some of the fields, up to a few dozen tests large, with `holds` or without. */
export function predicatesOver(
  fields: readonly Field[],
  { expressions = true }: { readonly expressions?: boolean } = {},
): fc.Arbitrary<Predicate> {
  const leaf: fc.Arbitrary<Predicate> = fc.constantFrom(...fields).chain((known) =>
    fc.oneof(
      {
        weight: 8,
        arbitrary: testOfType(known.type).map((chosen): Predicate => ({ kind: 'any', field: known, test: chosen })),
      },
      { weight: 1, arbitrary: fc.constant<Predicate>({ kind: 'exists', field: known }) },
    ),
  );
  const constant = fc.boolean().map((value): Predicate => ({ kind: 'constant', value }));
  const inner = expressions ? predicatesOver(fields, { expressions: false }) : undefined;
  const expression = expressionsOver(fields, inner);
  return fc.letrec<{ node: Predicate }>((tie) => {
    const operands = fc.array(tie('node'), { minLength: 0, maxLength: 4, size: 'max' });
    return {
      node: fc.oneof(
        { maxDepth: 4, depthSize: 'max', withCrossShrink: true },
        { weight: 4, arbitrary: leaf },
        { weight: 4, arbitrary: operands.map((all): Predicate => ({ kind: 'and', operands: all })) },
        { weight: 4, arbitrary: operands.map((all): Predicate => ({ kind: 'or', operands: all })) },
        { weight: 2, arbitrary: tie('node').map((operand): Predicate => ({ kind: 'not', operand })) },
        { weight: 1, arbitrary: constant },
        ...(expressions
          ? [{ weight: 2, arbitrary: expression.map((of): Predicate => ({ kind: 'holds', expression: of })) }]
          : []),
      ),
    };
  }).node;
}

/** How a leaf of a condition is said in other nodes; see `inOtherNodes`. */
export const picks: fc.Arbitrary<readonly number[]> = fc.array(fc.nat(9), { minLength: 30, maxLength: 30 });

/** The condition with some of its leaves in nodes that KQL does not have: it may mean something else, of the same fields. */
export function inOtherNodes(predicate: Predicate, [...rest]: readonly number[]): Predicate {
  const rewrite = (node: Predicate): Predicate => {
    switch (node.kind) {
      case 'and':
      case 'or':
        return { ...node, operands: node.operands.map(rewrite) };
      case 'not':
        return { ...node, operand: rewrite(node.operand) };
      case 'any':
        return leafAs(rest.shift() ?? 0, node.field, node.test);
      default:
        return node;
    }
  };
  return rewrite(predicate);
}

function leafAs(pick: number, field: Field, test: Test): Predicate {
  const operand: Expression = { kind: 'field', field };
  const tested: Expression = { kind: 'test', operand, test };
  switch (pick) {
    case 0:
      return { kind: 'exists', field };
    case 1:
      return { kind: 'any', field, test: withoutCase(test) };
    case 2:
      return { kind: 'holds', expression: tested };
    case 3:
      return { kind: 'holds', expression: { kind: 'not', operand: tested } };
    case 4:
      return { kind: 'holds', expression: { kind: 'matches', predicate: { kind: 'exists', field } } };
    default:
      return { kind: 'any', field, test };
  }
}

function withoutCase(test: Test): Test {
  switch (test.kind) {
    case 'equals':
      return { ...test, value: typeof test.value === 'string' ? test.value.toUpperCase() : test.value, caseless: true };
    case 'wildcard':
      return { ...test, parts: test.parts.map((part) => part.toUpperCase()), caseless: true };
    default:
      return test;
  }
}
