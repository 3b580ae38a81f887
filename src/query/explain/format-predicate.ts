import type { Field } from '../../ecs/field.ts';
import type { Value } from '../predicate/function-row.ts';
import type { Expression, LikePiece, Predicate, Test } from '../predicate/predicate.ts';
import { simplify } from '../predicate/simplify.ts';
import { formatLike, formatValue, formatWord, quoteForEql } from './format-value.ts';

/** Operator precedence: a text that binds less tightly than its context needs parentheses. */
const OR = 0;
const AND = 1;
const NOT = 2;
const COMPARISON = 3;
const SUM = 4;
const PRODUCT = 5;
const ATOM = 6;

interface Text {
  /** On one line. */
  readonly text: string;
  readonly binds: number;
  /** The same on several lines; absent if it cannot be broken. */
  readonly broken?: () => readonly string[];
}

/** Longer texts are broken: at `and` and `or`, after an opening parenthesis, and between the values of a list. */
const LINE = 110;

/**
 * The canonical text of a condition: KQL, and EQL for what KQL cannot express (comparisons of functions, `?` in a
 * pattern, regular expressions, case-insensitive tests). Equal structures have equal texts, however they were written,
 * and a text in KQL alone parses back to the condition. Long texts have one part per line.
 */
export function formatPredicate(predicate: Predicate): string {
  return linesOf(ofPredicate(simplify(predicate))).join('\n');
}

/** The canonical text of an expression, as EQL writes it. */
export function formatExpression(expression: Expression): string {
  return ofExpression(expression).text;
}

function ofPredicate(predicate: Predicate): Text {
  switch (predicate.kind) {
    case 'any':
      return ofTests(predicate.field, [predicate.test]);
    case 'exists':
      return { text: `${formatWord(predicate.field.name)}: *`, binds: ATOM };
    case 'constant':
      return { text: predicate.value ? '*: *' : 'not *: *', binds: predicate.value ? ATOM : NOT };
    case 'not': {
      const operand = ofPredicate(predicate.operand);
      const broken = () => after('not ', linesWithin(operand, NOT));
      return { text: `not ${within(operand, NOT)}`, binds: NOT, broken };
    }
    case 'and':
    case 'or':
      return junction(predicate.kind, branches(predicate));
    case 'holds':
      return ofExpression(predicate.expression);
  }
}

function junction(kind: 'and' | 'or', parts: readonly Text[]): Text {
  const [only] = parts;
  if (only !== undefined && parts.length === 1) return only;
  const binds = kind === 'and' ? AND : OR;
  return {
    text: parts.map((part) => within(part, binds + 1)).join(` ${kind} `),
    binds,
    broken: () => parts.flatMap((part, index) => after(index === 0 ? '' : `${kind} `, linesWithin(part, binds + 1))),
  };
}

/** The operands, with an `or`'s tests on one field merged. */
function branches(predicate: Extract<Predicate, { readonly kind: 'and' | 'or' }>): readonly Text[] {
  return operandsOf(predicate).map((part) =>
    part.kind === 'tests' ? ofTests(part.field, part.tests) : ofPredicate(part.operand),
  );
}

export type Operand =
  | { readonly kind: 'tests'; readonly field: Field; readonly tests: readonly Test[] }
  | { readonly kind: 'operand'; readonly operand: Predicate };

/**
 * The parts of an `and` or `or` in order. In an `or`, the tests of one field are one part, at the place of the first.
 */
export function operandsOf({
  kind,
  operands,
}: Extract<Predicate, { readonly kind: 'and' | 'or' }>): readonly Operand[] {
  const parts: Operand[] = [];
  const tests = new Map<Field, Test[]>();
  for (const operand of operands) {
    if (kind === 'and' || operand.kind !== 'any') {
      parts.push({ kind: 'operand', operand });
      continue;
    }
    const known = tests.get(operand.field);
    if (known !== undefined) {
      known.push(operand.test);
      continue;
    }
    const list = [operand.test];
    tests.set(operand.field, list);
    parts.push({ kind: 'tests', field: operand.field, tests: list });
  }
  return parts;
}

const TAKES_LIST: ReadonlySet<string> = new Set([':', 'in~', 'like', 'like~', 'regex', 'regex~']);

/** Some value of the field passes one of the tests; tests that one operator takes as a list are merged. */
function ofTests(field: Field, tests: readonly Test[]): Text {
  const operand = formatWord(field.name);
  const lists = new Map<string, Set<string>>();
  const others: Text[] = [];
  for (const test of tests) {
    const [operator, value] = kqlTest(test, field) ?? eqlTest(test);
    if (!TAKES_LIST.has(operator)) others.push(ofTest(operand, test, field));
    else lists.set(operator, (lists.get(operator) ?? new Set()).add(value));
  }
  return junction('or', [...[...lists].map(([operator, values]) => listed(operand, operator, [...values])), ...others]);
}

function listed(operand: string, operator: string, values: readonly string[]): Text {
  const isKql = operator === ':';
  const head = isKql ? `${operand}: ` : `${operand} ${operator} `;
  const binds = isKql ? ATOM : COMPARISON;
  if (values.length === 1 && operator !== 'in~') return { text: `${head}${values.join()}`, binds };
  const last = values.length - 1;
  const line = (value: string, index: number) =>
    isKql ? `  ${index === 0 ? '' : 'or '}${value}` : `  ${value}${index === last ? '' : ','}`;
  return {
    text: `${head}(${values.join(isKql ? ' or ' : ', ')})`,
    binds,
    broken: () => [`${head}(`, ...values.map(line), ')'],
  };
}

/** The text after the colon in KQL, for a test that KQL can express. */
function kqlTest(test: Test, field: Field): readonly [operator: string, value: string] | undefined {
  if (test.kind === 'equals' && !test.caseless) return [':', formatValue(test.value, field)];
  if (test.kind === 'wildcard' && !test.caseless) return [':', test.parts.map(formatWord).join('*')];
  return test.kind === 'cidr' ? [':', quoteForEql(test.cidr)] : undefined;
}

/** EQL for a test: an operator or function, and the value. */
function eqlTest(test: Test): readonly [operator: string, value: string] {
  switch (test.kind) {
    case 'equals':
      return [test.caseless ? 'in~' : '==', literalOf(test.value)];
    case 'wildcard':
      return [name('like', test), formatLike(piecesOf(test.parts))];
    case 'like':
      return [name('like', test), formatLike(test.pieces)];
    case 'regex':
      return test.syntax === 'lucene'
        ? [name('regex', test), quoteForEql(test.source)]
        : ['matchesRe2', quoteForEql(`${test.caseless ? '(?i)' : ''}${test.source}`)];
    case 'range':
      return [test.operator, literalOf(test.value)];
    case 'cidr':
      return ['cidrMatch', quoteForEql(test.cidr)];
  }
}

/** A test of an expression or, with `field`, of that field. */
function ofTest(operand: string, test: Test, field?: Field): Text {
  const [operator, value] = eqlTest(test);
  switch (operator) {
    case 'cidrMatch':
    case 'matchesRe2':
      return { text: `${operator}(${operand}, ${value})`, binds: ATOM };
    case 'in~':
      return comparison(`${operand} ${operator} (${value})`);
    default:
      return comparison(
        `${operand} ${operator} ${test.kind === 'range' && field ? formatValue(test.value, field) : value}`,
      );
  }
}

function comparison(text: string): Text {
  return { text, binds: COMPARISON };
}

/** The pieces between wildcards as a pattern. */
function piecesOf(parts: readonly string[]): readonly LikePiece[] {
  return parts.flatMap((literal, index): readonly LikePiece[] => (index === 0 ? [{ literal }] : ['any', { literal }]));
}

function literalOf(value: Value): string {
  return typeof value === 'string' ? quoteForEql(value) : String(value);
}

function name(word: string, { caseless }: { readonly caseless?: true }): string {
  return caseless ? `${word}~` : word;
}

function ofExpression(expression: Expression): Text {
  switch (expression.kind) {
    case 'literal':
      return { text: literalOf(expression.value), binds: ATOM };
    case 'field':
      return { text: eqlName(expression.field.name), binds: ATOM };
    case 'call': {
      const list = expression.arguments.map(formatExpression).join(', ');
      return { text: `${name(expression.function.name, expression)}(${list})`, binds: ATOM };
    }
    case 'compare':
      return binary(expression.left, expression.operator, expression.right, COMPARISON);
    case 'arithmetic':
      return binary(
        expression.left,
        expression.operator,
        expression.right,
        expression.operator === '+' || expression.operator === '-' ? SUM : PRODUCT,
      );
    case 'and':
    case 'or': {
      const binds = expression.kind === 'and' ? AND : OR;
      const parts = expression.operands.map((operand) => within(ofExpression(operand), binds + 1));
      return { text: parts.join(` ${expression.kind} `), binds };
    }
    case 'not':
      return { text: `not ${within(ofExpression(expression.operand), NOT)}`, binds: NOT };
    case 'in': {
      const list = expression.list.map(formatExpression).join(', ');
      return { text: `${within(ofExpression(expression.operand), SUM)} in (${list})`, binds: COMPARISON };
    }
    case 'isNull':
      return { text: `${within(ofExpression(expression.operand), SUM)} == null`, binds: COMPARISON };
    case 'test':
      return ofTest(within(ofExpression(expression.operand), SUM), expression.test);
    case 'negate': {
      const operand = within(ofExpression(expression.operand), ATOM);
      return { text: operand.startsWith('-') ? `-(${operand})` : `-${operand}`, binds: ATOM };
    }
    case 'matches':
      return ofPredicate(simplify(expression.predicate));
  }
}

function binary(left: Expression, operator: string, right: Expression, binds: number): Text {
  return {
    text: `${within(ofExpression(left), binds)} ${operator} ${within(ofExpression(right), binds + 1)}`,
    binds,
  };
}

/** Unquoted if EQL allows it, else in backticks. */
function eqlName(field: string): string {
  const isPlain = field.split('.').every((part) => /^[A-Za-z_@][A-Za-z0-9_]*$/.test(part));
  return isPlain ? field : `\`${field.replaceAll('`', '``')}\``;
}

function within({ text, binds }: Text, least: number): string {
  return binds < least ? `(${text})` : text;
}

function linesOf({ text, broken }: Text): readonly string[] {
  return text.length <= LINE || broken === undefined ? [text] : broken();
}

function linesWithin(part: Text, least: number): readonly string[] {
  const lines = linesOf(part);
  if (lines.length === 1) return [within(part, least)];
  // An `and` or `or` that spans several lines gets parentheses even if they are not needed.
  return part.binds >= Math.max(least, NOT) ? lines : ['(', ...lines.map((line) => `  ${line}`), ')'];
}

function after(word: string, [first = '', ...more]: readonly string[]): readonly string[] {
  return [`${word}${first}`, ...more];
}
