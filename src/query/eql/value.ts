import { calculate } from '../match/arithmetic.ts';
import { nearest } from '../nearest.ts';
import type { FunctionRow, Parameter } from '../predicate/function-row.ts';
import type { ArithmeticOperator } from '../predicate/predicate.ts';
import { clip } from '../problem.ts';
import { addressKey, addressRange } from '../values/address.ts';
import { functionNames, functionOf } from './functions.ts';
import { hasEnough, type Lowering, report, resolve, wholeName } from './lowering.ts';
import type { Node } from './syntax.ts';
import {
  canBe,
  canBeNumber,
  constant,
  constantOf,
  type EqlType,
  nameOfType,
  type Typed,
  typeOfField,
} from './typed.ts';

type Call = Extract<Node, { readonly kind: 'call' }>;
type Arithmetic = Extract<Node, { readonly kind: 'arithmetic' }>;

/** Functions that other operators replace. */
const OPERATORS: ReadonlyMap<string, ArithmeticOperator> = new Map([
  ['add', '+'],
  ['subtract', '-'],
  ['multiply', '*'],
  ['divide', '/'],
  ['modulo', '%'],
]);

/** Functions of other EQL dialects, and their replacements. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  match: 'write field regex "pattern"',
  matchlite: 'write field regex "pattern"',
  arraycontains: 'write field == "value": it is true if one of several values matches',
  arraysearch: 'leave it out: a condition on a field is true if one of its values matches',
  arraycount: 'leave it out: a condition on a field is true if one of its values matches',
};

/** Enough for the longest query. */
const UNLIMITED = { spend: () => true };

/**
 * The value of an expression, for comparisons and arguments. Constant expressions are computed. Undefined if the
 * expression has a problem, which has been reported.
 */
export function lowerValue(lowering: Lowering, node: Node): Typed | undefined {
  switch (node.kind) {
    case 'string':
      return constant(node.text);
    case 'number':
      return constant(node.value, !node.integer);
    case 'boolean':
      return constant(node.value);
    case 'null':
      return constant(null);
    case 'field': {
      const field = resolve(lowering, node);
      if (field === undefined) return undefined;
      if (field === null) return constant(null);
      return { expression: { kind: 'field', field }, type: typeOfField(field) };
    }
    case 'call':
      return node.name.toLowerCase() === 'wildcard' ? lowerCondition(lowering, node) : lowerCall(lowering, node);
    case 'arithmetic':
      return lowerArithmetic(lowering, node);
    case 'negate':
      return lowerNegation(lowering, node.operand);
    case 'compare':
    case 'match':
    case 'not':
    case 'and':
    case 'or':
      return lowerCondition(lowering, node);
  }
}

function lowerCondition(lowering: Lowering, node: Node): Typed | undefined {
  const before = lowering.problems.length;
  const predicate = lowering.condition(node);
  if (lowering.problems.length > before) return undefined;
  if (predicate.kind === 'constant') return constant(predicate.value);
  return { expression: { kind: 'matches', predicate }, type: 'boolean' };
}

/** Both sides must be numbers, and one of them a constant or a function: Elasticsearch computes with one field. */
function lowerArithmetic(lowering: Lowering, node: Arithmetic): Typed | undefined {
  const left = lowerNumber(lowering, node.left, node.operator);
  const right = left === undefined ? undefined : lowerNumber(lowering, node.right, node.operator);
  if (left === undefined || right === undefined) return undefined;
  if (left.expression.kind === 'field' && right.expression.kind === 'field') {
    const hint = 'use one field and a constant; Elasticsearch refuses this too';
    report(lowering, node.start, `\`${node.operator}\` cannot combine two fields`, hint);
    return undefined;
  }
  return calculated(node.operator, left, right);
}

function lowerNegation(lowering: Lowering, operand: Node): Typed | undefined {
  const typed = lowerNumber(lowering, operand, '-');
  if (typed === undefined) return undefined;
  const value = constantOf(typed);
  if (typeof value === 'number') return constant(-value, typed.type === 'fraction');
  if (value === null) return typed;
  return { expression: { kind: 'negate', operand: typed.expression }, type: typed.type };
}

function lowerNumber(lowering: Lowering, node: Node, operator: ArithmeticOperator): Typed | undefined {
  const typed = lowerValue(lowering, node);
  if (typed === undefined || canBeNumber(typed.type)) return typed;
  const hint = hintForNumber(lowering, node, typed);
  report(lowering, node.start, `\`${operator}\` takes numbers, but this is ${nameOfType(typed.type)}`, hint);
  return undefined;
}

function hintForNumber(lowering: Lowering, node: Node, typed: Typed): string | undefined {
  if (node.kind === 'match') return 'put the expression before the operator in parentheses';
  if (node.kind === 'field') {
    const whole = wholeName(lowering, node);
    if (whole !== node.name) return `if this is a field name, put it in backticks: \`${clip(whole)}\``;
  }
  return typed.type === 'string' ? 'convert it with number(…)' : undefined;
}

function calculated(operator: ArithmeticOperator, left: Typed, right: Typed): Typed {
  const isFraction = left.type === 'fraction' || right.type === 'fraction';
  const values = [constantOf(left), constantOf(right)] as const;
  if (values.includes(null)) return constant(null);
  const [first, second] = values;
  if (first !== undefined && second !== undefined) {
    return constant(calculate(operator, first, second, isFraction), isFraction);
  }
  const type = isFraction ? 'fraction' : 'integer';
  return { expression: { kind: 'arithmetic', operator, left: left.expression, right: right.expression }, type };
}

function lowerCall(lowering: Lowering, node: Call): Typed | undefined {
  const row = rowOf(node.name);
  if (row === undefined) {
    reportUnknown(lowering, node);
    return undefined;
  }
  if (node.caseless && row.caseless === undefined) {
    report(lowering, node.start, `${row.name} has no case-insensitive form`, `write ${signatureOf(row)}`);
    return undefined;
  }
  if (!checkCount(lowering, node, row)) return undefined;
  const values = node.arguments.map((argument, index) => lowerArgument(lowering, row, argument, index));
  const known = values.filter((value) => value !== undefined);
  if (known.length < values.length) return undefined;
  return called(row, node.caseless, known);
}

function called(row: FunctionRow, caseless: boolean, values: readonly Typed[]): Typed {
  const operator = OPERATORS.get(row.name);
  const [first, second] = values;
  if (operator !== undefined && first !== undefined && second !== undefined) return calculated(operator, first, second);
  const constants = values.map(constantOf);
  const isDouble = values.some(({ type }) => type === 'fraction');
  if (constants.every((value) => value !== undefined)) {
    return constant(row.evaluate(constants, UNLIMITED, { caseless, isDouble }));
  }
  const call = { kind: 'call', function: row, arguments: values.map(({ expression }) => expression) } as const;
  return { expression: caseless ? { ...call, caseless } : call, type: typeOfResult(row) };
}

function lowerArgument(lowering: Lowering, row: FunctionRow, node: Node, index: number): Typed | undefined {
  const typed = lowerValue(lowering, node);
  const parameter = row.parameters[Math.min(index, row.parameters.length - 1)];
  if (typed === undefined || parameter === undefined) return undefined;
  const wrong = mismatch(parameter, typed) ?? (row.name === 'cidrMatch' && index > 0 ? noPrefix(typed) : undefined);
  if (wrong === undefined) return typed;
  const hint =
    parameter.type === 'ip' ? `source.ip is an address; write ${signatureOf(row)}` : `write ${signatureOf(row)}`;
  report(lowering, node.start, `the ${parameter.name} of ${row.name} ${wrong}`, hint);
  return undefined;
}

/** Why the argument is invalid; undefined if it is valid. Null is always valid. */
function mismatch({ type, constant: isConstant }: Parameter, typed: Typed): string | undefined {
  const value = constantOf(typed);
  if (isConstant === true && value === undefined) return 'must be a constant';
  if (type === 'any') return undefined;
  const isRight = {
    string: canBe(typed.type, 'string'),
    number: canBeNumber(typed.type),
    boolean: canBe(typed.type, 'boolean'),
    ip: canBe(typed.type, 'ip') || (typeof value === 'string' && addressKey(value) !== undefined),
  }[type];
  return isRight
    ? undefined
    : `must be ${type === 'string' ? 'text' : `of type ${type}`}, but this is ${nameOfType(typed.type)}`;
}

function noPrefix(typed: Typed): string | undefined {
  const value = constantOf(typed);
  if (typeof value !== 'string' || addressRange(value) !== undefined || addressKey(value) !== undefined)
    return undefined;
  return `must be a prefix such as 10.0.0.0/8, but \`${clip(value)}\` is not`;
}

function checkCount(lowering: Lowering, node: Call, row: FunctionRow): boolean {
  const least = row.parameters.filter(({ optional }) => optional !== true).length;
  const most = row.variadic === true ? Number.POSITIVE_INFINITY : row.parameters.length;
  const count = node.arguments.length;
  if (count >= least && count <= most) return true;
  const expected =
    least === most ? `${least}` : most === Number.POSITIVE_INFINITY ? `${least} or more` : `${least} to ${most}`;
  const noun = expected === '1' ? 'argument' : 'arguments';
  report(lowering, node.start, `${row.name} takes ${expected} ${noun}, not ${count}`, `write ${signatureOf(row)}`);
  return false;
}

function reportUnknown(lowering: Lowering, node: Call): void {
  if (hasEnough(lowering)) return;
  const lower = node.name.toLowerCase();
  const name = `\`${clip(node.name)}\``;
  if (Object.hasOwn(ELSEWHERE, lower)) {
    report(lowering, node.start, `the function ${name} is not supported, here or in Elasticsearch`, ELSEWHERE[lower]);
    return;
  }
  const suggestion = nearest(node.name, functionNames());
  const hint = suggestion === undefined ? `functions are ${functionNames().join(', ')}` : `did you mean ${suggestion}?`;
  report(lowering, node.start, `unknown function ${name}`, hint);
}

/** Elasticsearch ignores the case of function names. */
function rowOf(name: string): FunctionRow | undefined {
  const sought = name.toLowerCase();
  const exact = functionNames().find((candidate) => candidate.toLowerCase() === sought);
  return exact === undefined ? undefined : functionOf(exact);
}

function signatureOf(row: FunctionRow): string {
  const last = row.parameters.length - 1;
  const parameters = row.parameters.map(({ name, optional }, index) => {
    const dots = row.variadic === true && index === last ? ', …' : '';
    return optional === true ? `[${name}]` : `${name}${dots}`;
  });
  return `${row.name}(${parameters.join(', ')})`;
}

function typeOfResult({ returns }: FunctionRow): EqlType {
  return returns === 'number' ? 'integer' : returns === 'any' ? 'string' : returns;
}
