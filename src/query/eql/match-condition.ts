import { compileTest } from '../compile-test.ts';
import type { Predicate, Test } from '../predicate.ts';
import { checkRegex } from '../regex/compile-regex.ts';
import { FALSE, TRUE } from '../simplify.ts';
import { type Lowering, report } from './lowering.ts';
import { equalsTest, likeTest, regexTest } from './pattern-test.ts';
import type { MatchOperator, Node } from './syntax.ts';
import { constantOf, nameOfType, type Typed } from './typed.ts';
import { lowerValue } from './value.ts';

/** Operators that compare text with patterns. */
export type PatternOperator = Exclude<MatchOperator, 'in'>;

export interface PatternMatch {
  readonly operator: MatchOperator;
  /** What stands before the operator. */
  readonly operand: { readonly start: number };
  readonly list: readonly Node[];
}

/**
 * The text is one of several, or matches one of several patterns. Only text can be: Elasticsearch refuses these operators on a
 * number, a boolean, a date or an address.
 */
export function lowerPatterns(lowering: Lowering, match: PatternMatch, operand: Typed | undefined): Predicate {
  const tests = match.list.flatMap((item) => testOf(lowering, match.operator, item) ?? []);
  if (operand === undefined || operand.type === 'null') return FALSE;
  if (operand.type !== 'string') {
    const hint =
      match.operator === 'in~' ? 'write in' : operand.type === 'ip' ? 'write ==, or cidrMatch(…)' : 'write ==';
    const message = `\`${match.operator}\` compares text, and this is ${nameOfType(operand.type)}`;
    report(lowering, match.operand.start, message, hint);
    return FALSE;
  }
  return testOperand(operand, tests);
}

/** True if the operand, which is text, passes at least one of the tests. */
export function testOperand({ expression }: Typed, tests: readonly Test[]): Predicate {
  if (expression.kind === 'field') {
    const { field } = expression;
    return { kind: 'or', operands: tests.map((test): Predicate => ({ kind: 'any', field, test })) };
  }
  if (expression.kind === 'literal') {
    const { value } = expression;
    return value !== null && tests.some((test) => compileTest(test, 'keyword')(value)) ? TRUE : FALSE;
  }
  const operands = tests.map((test) => ({ kind: 'test', operand: expression, test }) as const);
  const [only] = operands;
  if (only === undefined) return FALSE;
  return { kind: 'holds', expression: operands.length === 1 ? only : { kind: 'or', operands }, values: 'any' };
}

/** Undefined for null, which is equal to nothing, and where the item is wrong, which has been reported. */
function testOf(lowering: Lowering, operator: MatchOperator, item: Node): Test | undefined {
  const typed = lowerValue(lowering, item);
  const value = typed === undefined ? null : constantOf(typed);
  if (typed === undefined || value === null) return undefined;
  if (value === undefined) {
    report(lowering, item.start, 'a list holds constants, and this is none', 'Elasticsearch refuses it too');
    return undefined;
  }
  if (typeof value !== 'string') {
    const message = `\`${operator}\` compares with text, and this is ${nameOfType(typed.type)}`;
    report(
      lowering,
      item.start,
      message,
      operator === 'in~' ? 'write in, or put it in quotation marks' : 'write ==, or put it in quotation marks',
    );
    return undefined;
  }
  switch (operator) {
    case 'in':
    case 'in~':
      return equalsTest(value, operator === 'in~');
    case ':':
    case 'like~':
      return likeTest(value, true);
    case 'like':
      return likeTest(value, false);
    case 'regex':
    case 'regex~':
      return checkedRegex(lowering, item, value, operator === 'regex~');
  }
}

function checkedRegex(lowering: Lowering, item: Node, source: string, caseless: boolean): Test | undefined {
  const problem = checkRegex(source, 'lucene', caseless);
  if (problem === undefined) return regexTest(source, caseless);
  report(
    lowering,
    item.start + placeIn(lowering.source.slice(item.start, item.end), source, problem.offset),
    problem.message,
    problem.hint,
  );
  return undefined;
}

/** Where an offset into a text is in the string that it was written as; its start, where escapes stand between. */
function placeIn(written: string, text: string, offset: number): number {
  const quotes = written.startsWith('"""') ? 3 : 1;
  return written.slice(quotes, -quotes) === text ? quotes + offset : 0;
}
