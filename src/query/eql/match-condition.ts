import { compileTest } from '../match/compile-test.ts';
import type { Predicate, RegexSyntax, Test } from '../predicate/predicate.ts';
import { FALSE, TRUE } from '../predicate/simplify.ts';
import { checkRegex } from '../regex/compile-regex.ts';
import { hasEnough, type Lowering, report } from './lowering.ts';
import { equalsTest, isPlainText, likeTest, regexTest } from './pattern-test.ts';
import type { MatchOperator, Node } from './syntax.ts';
import { canBe, constantOf, nameOfType, type Typed } from './typed.ts';
import { lowerValue } from './value.ts';

/** Each may take a third of a second to compile. */
const MAXIMUM_REGEXES = 20;

export interface Text {
  readonly text: string;
  /** Offsets into the query. */
  readonly start: number;
  readonly end: number;
}

export interface PatternMatch {
  readonly operator: MatchOperator;
  /** The expression before the operator. */
  readonly operand: { readonly start: number };
  readonly list: readonly Node[];
}

/**
 * The text equals one of several texts, or matches one of several patterns. Works on text only: Elasticsearch refuses
 * these operators on a number, a boolean, a date or an address.
 */
export function lowerPatterns(lowering: Lowering, match: PatternMatch, operand: Typed | undefined): Predicate {
  const tests = testsOf(lowering, match.operator, textsOf(lowering, match));
  if (operand === undefined || operand.type === 'null') return FALSE;
  if (!canBe(operand.type, 'string')) {
    const hint =
      match.operator === 'in~' ? 'write in' : operand.type === 'ip' ? 'write ==, or cidrMatch(…)' : 'write ==';
    const message = `\`${match.operator}\` compares text, but this is ${nameOfType(operand.type)}`;
    report(lowering, match.operand.start, message, hint);
    return FALSE;
  }
  return testOperand(operand, tests);
}

/** True if the text operand passes at least one of the tests. */
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
  return { kind: 'holds', expression: operands.length === 1 ? only : { kind: 'or', operands } };
}

/** The texts of a list with their places; null equals nothing; values that are not text have been reported. */
function textsOf(lowering: Lowering, { operator, list }: PatternMatch): readonly Text[] {
  return list.flatMap((item) => {
    const typed = lowerValue(lowering, item);
    if (typed === undefined) return [];
    const value = constantOf(typed);
    if (typeof value === 'string') return [{ text: value, start: item.start, end: item.end }];
    if (value === undefined) {
      report(
        lowering,
        item.start,
        'expected a constant in this list',
        'write a constant such as "text"; Elasticsearch refuses other expressions too',
      );
    } else if (value !== null) {
      const message = `\`${operator}\` compares with text, but this is ${nameOfType(typed.type)}`;
      const instead = operator === 'in~' ? 'in' : '==';
      report(lowering, item.start, message, `write ${instead}, or put the value in quotation marks`);
    }
    return [];
  });
}

function testsOf(lowering: Lowering, operator: MatchOperator, texts: readonly Text[]): readonly Test[] {
  switch (operator) {
    case 'in':
    case 'in~':
      return texts.map(({ text }) => equalsTest(text, operator === 'in~'));
    case ':':
    case 'like~':
      return texts.map(({ text }) => likeTest(text, true));
    case 'like':
      return texts.map(({ text }) => likeTest(text, false));
    case 'regex':
    case 'regex~':
      return regexTests(lowering, texts, operator === 'regex~');
  }
}

/** A pattern without operators becomes a plain text test; all others become one regular expression. */
function regexTests(lowering: Lowering, texts: readonly Text[], caseless: boolean): readonly Test[] {
  const plain = texts.filter(({ text }) => isPlainText(text));
  const others = texts.filter(({ text }) => !isPlainText(text));
  const source = joinedRegex(lowering, others, 'lucene', caseless);
  const tests = plain.map(({ text }) => equalsTest(text, caseless));
  return source === undefined ? tests : [...tests, regexTest(source, caseless)];
}

/** The text contains a match of one of the RE2 regular expressions. */
export function lowerSearch(lowering: Lowering, operand: Typed, patterns: readonly Text[]): Predicate {
  const source = joinedRegex(lowering, patterns, 're2', false);
  return source === undefined ? FALSE : testOperand(operand, [{ kind: 'regex', source, syntax: 're2' }]);
}

/**
 * Several regular expressions joined with `|`, as in Elasticsearch (`Match` of x-pack/plugin/eql), so one bound covers
 * the cost of compiling all of them. Undefined if there are none or one is invalid, which has been reported.
 */
function joinedRegex(
  lowering: Lowering,
  texts: readonly Text[],
  syntax: RegexSyntax,
  caseless: boolean,
): string | undefined {
  const [first] = texts;
  if (first === undefined || hasEnough(lowering)) return undefined;
  lowering.regexes += 1;
  if (lowering.regexes > MAXIMUM_REGEXES) {
    const message = `the query has more than ${MAXIMUM_REGEXES} conditions with regular expressions`;
    if (lowering.regexes === MAXIMUM_REGEXES + 1)
      report(
        lowering,
        first.start,
        message,
        'put several patterns in one list, for example field regex ("a.*", "b.*")',
      );
    return undefined;
  }
  // Groups keep RE2 flags local, and keep an invalid `a)|(b` from becoming valid in the joined expression.
  const isGrouped = syntax === 're2' && texts.length > 1;
  const source = texts.map(({ text }) => (isGrouped ? `(?:${text})` : text)).join('|');
  const problem = checkRegex(source, syntax, caseless);
  if (problem === undefined && !isGrouped) return source;
  for (const one of problem === undefined ? texts : texts.slice(0, MAXIMUM_REGEXES)) {
    const its = checkRegex(one.text, syntax, caseless);
    if (its === undefined) continue;
    report(lowering, placeIn(lowering, one, its.offset), its.message, its.hint);
    return undefined;
  }
  if (problem === undefined) return source;
  report(lowering, first.start, problem.message, problem.hint);
  return undefined;
}

/** The place in the query of an offset into a text; the start of the text if escapes are in between. */
function placeIn({ source }: Lowering, { text, start, end }: Text, offset: number): number {
  const written = source.slice(start, end);
  const quotes = written.startsWith('"""') ? 3 : 1;
  return written.slice(quotes, -quotes) === text ? start + quotes + offset : start;
}
