import { calculateDouble } from '../match/arithmetic.ts';
import type { ArithmeticOperator, ExpressionOf } from './ast.ts';
import { type Compiled, CompileError, quoting } from './compiled.ts';
import { commonType, type DataType, isNumeric, isSpan, typeName } from './data-type.ts';
import { castLiteral, convertAll, MULTI_VALUE } from './operand.ts';
import { INTEGER_RANGE, LONG_RANGE } from './parse-literal.ts';
import type { Row, Run } from './run.ts';
import { addSpans, moveDate, parseSpan } from './time-span.ts';
import type { Span } from './token.ts';
import { isMany, type Scalar, type TimeSpan, type Value } from './value.ts';

/** A result, or a warning that says why there is none. */
type Calculate = (left: Scalar, right: Scalar) => Scalar | { readonly fault: string };

/**
 * `left operator right`. Integers stay integers: division truncates, and an overflow or a division by zero is null with
 * a warning. A date moves by a time span. Null if a side is null or has several values.
 * @throws CompileError
 */
export function compileArithmetic(expression: ExpressionOf<'arithmetic'>, left: Compiled, right: Compiled): Compiled {
  const time = left.type === 'date' || right.type === 'date' || isSpan(left.type) || isSpan(right.type);
  if (time) return compileTime(expression, left, right);
  const type = commonType(left.type, right.type);
  for (const [side, name] of [
    [left, 'first'],
    [right, 'second'],
  ] as const) {
    if (isNumeric(side.type) || side.type === 'null') continue;
    const message = quoting`${name} argument of [${expression}] must be [numeric], found value [${side}] type [${typeName(side.type)}]`;
    throw new CompileError(side, message, hintFor(expression.operator, side.type));
  }
  if (type === undefined || type === 'null') return binary(expression, left, right, 'null', () => ({ fault: '' }));
  return binary(expression, numbers(left, type), numbers(right, type), type, calculator(type, expression.operator));
}

function hintFor(operator: ArithmeticOperator, type: DataType): string | undefined {
  if (operator === '+' && type === 'keyword') return 'write CONCAT(a, b) to join texts';
  return undefined;
}

function numbers(side: Compiled, type: DataType): Compiled {
  return side.type === 'null' ? side : { ...side, evaluate: convertAll(side, type) };
}

function binary(place: Span, left: Compiled, right: Compiled, type: DataType, calculate: Calculate): Compiled {
  const evaluate = (row: Row, run: Run): Value => {
    const a = left.evaluate(row, run);
    if (a === null) return null;
    const b = right.evaluate(row, run);
    if (b === null) return null;
    if (isMany(a) || isMany(b)) return run.warn(place, MULTI_VALUE);
    const result = calculate(a, b);
    return typeof result === 'object' && 'fault' in result ? run.warn(place, result.fault) : result;
  };
  return { type, evaluate, constant: left.constant && right.constant, start: place.start, end: place.end };
}

function calculator(type: DataType, operator: ArithmeticOperator): Calculate {
  if (type === 'long') return (left, right) => calculateLong(operator, asBigint(left), asBigint(right));
  if (type === 'integer') {
    return (left, right) => {
      const result = calculateDouble(operator, Number(left), Number(right));
      if ((operator === '/' || operator === '%') && right === 0) return { fault: '/ by zero' };
      const whole = operator === '/' ? Math.trunc(result) : result;
      // The product of two integers may lose its last digits, but only far outside the range.
      return whole >= INTEGER_RANGE.least && whole <= INTEGER_RANGE.most ? whole + 0 : { fault: 'integer overflow' };
    };
  }
  return (left, right) => {
    const result = calculateDouble(operator, Number(left), Number(right));
    return Number.isFinite(result) ? result : { fault: `not a finite double number: ${result}` };
  };
}

function calculateLong(operator: ArithmeticOperator, left: bigint, right: bigint): Scalar | { readonly fault: string } {
  if ((operator === '/' || operator === '%') && right === 0n) return { fault: '/ by zero' };
  const result = wholeResult(operator, left, right);
  return result >= LONG_RANGE.least && result <= LONG_RANGE.most ? result : { fault: 'long overflow' };
}

function wholeResult(operator: ArithmeticOperator, left: bigint, right: bigint): bigint {
  switch (operator) {
    case '+':
      return left + right;
    case '-':
      return left - right;
    case '*':
      return left * right;
    case '/':
      return left / right;
    case '%':
      return left % right;
  }
}

/** Next to a date a quoted text is read as a span, and next to a span as a date. */
function readTime(side: Compiled, other: Compiled): Compiled {
  if (side.type !== 'keyword' || typeof side.literal?.value !== 'string') return side;
  if (other.type !== 'date') return castLiteral(side, 'date');
  const isPeriod = parseSpan(side.literal.value, 'date_period') !== undefined;
  return castLiteral(side, isPeriod ? 'date_period' : 'time_duration');
}

/** Sums of spans, and dates moved by a span. */
function compileTime(expression: ExpressionOf<'arithmetic'>, writtenLeft: Compiled, writtenRight: Compiled): Compiled {
  const { operator } = expression;
  const left = readTime(writtenLeft, writtenRight);
  const right = readTime(writtenRight, writtenLeft);
  const sign = operator === '-' ? -1 : 1;
  if (operator === '+' || operator === '-') {
    if (left.type === 'null' || right.type === 'null') {
      return binary(expression, left, right, left.type === 'date' || right.type === 'date' ? 'date' : 'null', () => ({
        fault: '',
      }));
    }
    if (left.type === right.type && isSpan(left.type)) {
      return binary(expression, left, right, left.type, (a, b) => addSpans(a as TimeSpan, b as TimeSpan, sign));
    }
    const move = (date: Scalar, span: Scalar): Scalar | { readonly fault: string } =>
      moveDate(Number(date), span as TimeSpan, sign) ?? { fault: 'date out of range' };
    if (left.type === 'date' && isSpan(right.type)) return binary(expression, left, right, 'date', move);
    if (operator === '+' && isSpan(left.type) && right.type === 'date') {
      return binary(expression, left, right, 'date', (span, date) => move(date, span));
    }
  }
  const message = `[${operator}] has arguments with incompatible types [${typeName(left.type)}] and [${typeName(right.type)}]`;
  const hint = 'add a span such as 5 minutes to a date, or use DATE_DIFF for the time between two dates';
  throw new CompileError(expression, message, hint);
}

/** `-operand`. @throws CompileError */
export function compileNegation(expression: ExpressionOf<'negate'>, operand: Compiled): Compiled {
  const { type } = operand;
  const { start, end } = expression;
  if (!isNumeric(type) && !isSpan(type) && type !== 'null') {
    const message = quoting`argument of [${expression}] must be [numeric, date_period or time_duration], found value [${operand}] type [${typeName(type)}]`;
    throw new CompileError(operand, message);
  }
  const evaluate = (row: Row, run: Run): Value => {
    const value = operand.evaluate(row, run);
    if (value === null) return null;
    if (isMany(value)) return run.warn(expression, MULTI_VALUE);
    if (typeof value === 'object') return addSpans({ months: 0, days: 0, millis: 0 }, value, -1);
    if (typeof value === 'bigint') return value === LONG_RANGE.least ? run.warn(expression, 'long overflow') : -value;
    if (type === 'integer' && value === INTEGER_RANGE.least) return run.warn(expression, 'integer overflow');
    return type === 'integer' ? 0 - Number(value) : -Number(value);
  };
  return { type, evaluate, constant: operand.constant, start, end };
}

function asBigint(value: Scalar): bigint {
  return typeof value === 'bigint' ? value : BigInt(Number(value));
}
