import { type DataType, NUMBERS, WHOLE } from '../data-type.ts';
import { type Call, type FunctionRow, optional, parameter } from '../function-row.ts';
import { INTEGER_RANGE, LONG_RANGE } from '../parse-literal.ts';
import type { Scalar, Value } from '../value.ts';

const NUMBER = parameter('number', ...NUMBERS);

/** A function of real numbers. `domain` says which numbers it accepts, and the warning for all others. */
function real(
  name: string,
  doc: string,
  turn: (value: number) => number,
  domain?: (value: number) => boolean,
): FunctionRow {
  return {
    kind: 'scalar',
    name,
    parameters: [NUMBER],
    returns: 'double',
    doc,
    evaluate: ([value], call) =>
      domain?.(Number(value)) === false
        ? call.warn(`${name.toUpperCase()} is not defined for this number`)
        : turn(Number(value)),
  };
}

/** Rounds a double and leaves integers unchanged. */
function rounding(name: string, doc: string, turn: (value: number) => number): FunctionRow {
  return {
    kind: 'scalar',
    name,
    parameters: [NUMBER],
    returns: sameNumber,
    doc,
    evaluate: ([value = 0]) => (typeof value === 'bigint' ? value : turn(Number(value)) + 0),
  };
}

function sameNumber([type = 'null']: readonly DataType[]): DataType {
  return type;
}

function constant(name: string, doc: string, value: number): FunctionRow {
  return { kind: 'scalar', name, parameters: [], returns: 'double', doc, evaluate: () => value };
}

function absolute([value = 0]: readonly Scalar[], call: Call): Value {
  if (typeof value === 'bigint')
    return value === LONG_RANGE.least ? call.warn('long overflow') : value < 0n ? -value : value;
  if (call.returns === 'integer' && value === INTEGER_RANGE.least)
    return call.warn('Overflow to represent absolute value of Integer.MIN_VALUE');
  return Math.abs(Number(value));
}

/** Rounds half away from zero. Integers change only for places before the point. */
function round([value = 0, places = 0]: readonly Scalar[], call: Call): Value {
  const digits = Number(places);
  if (typeof value === 'bigint' || call.returns === 'integer') {
    if (digits >= 0) return value;
    if (digits < -19) return typeof value === 'bigint' ? 0n : 0;
    const unit = 10n ** BigInt(-digits);
    const whole = BigInt(typeof value === 'bigint' ? value : Number(value));
    const half = whole < 0n ? -unit / 2n : unit / 2n;
    const rounded = ((whole + half) / unit) * unit;
    return typeof value === 'bigint' ? rounded : Number(rounded);
  }
  const number = Number(value);
  const unit = 10 ** digits;
  const scaled = Math.abs(number) * unit;
  // Doubles beyond 2⁵³ have no decimals to round.
  if (!Number.isFinite(unit) || scaled > Number.MAX_SAFE_INTEGER) return number;
  return unit === 0 ? 0 : (Math.sign(number) * Math.floor(scaled + 0.5)) / unit;
}

function power([base, exponent]: readonly Scalar[]): Value {
  return Number(base) ** Number(exponent);
}

function logarithm([first, second]: readonly Scalar[], call: Call): Value {
  const [base, value] = second === undefined ? [Math.E, Number(first)] : [Number(first), Number(second)];
  if (value <= 0 || base <= 0) return call.warn('Log of non-positive number');
  if (base === 1) return call.warn('/ by zero');
  return second === undefined ? Math.log(value) : Math.log10(value) / Math.log10(base);
}

/** @see https://www.elastic.co/docs/reference/query-languages/esql/functions-operators/math-functions */
export const MATH_FUNCTIONS: readonly FunctionRow[] = [
  {
    kind: 'scalar',
    name: 'abs',
    parameters: [NUMBER],
    returns: sameNumber,
    doc: 'The number without its sign.',
    evaluate: absolute,
  },
  real('acos', 'The arc cosine.', Math.acos, (value) => Math.abs(value) <= 1),
  real('asin', 'The arc sine.', Math.asin, (value) => Math.abs(value) <= 1),
  real('atan', 'The arc tangent.', Math.atan),
  {
    kind: 'scalar',
    name: 'atan2',
    parameters: [parameter('y', ...NUMBERS), parameter('x', ...NUMBERS)],
    returns: 'double',
    doc: 'The angle between the x axis and the ray to a point.',
    evaluate: ([y, x]) => Math.atan2(Number(y), Number(x)),
  },
  real('cbrt', 'The cube root.', Math.cbrt),
  rounding('ceil', 'The least integer that is not below the number.', Math.ceil),
  real('cos', 'The cosine.', Math.cos),
  real('cosh', 'The hyperbolic cosine.', Math.cosh),
  constant('e', 'The base of natural logarithms.', Math.E),
  real('exp', 'e to the power of a number.', Math.exp),
  rounding('floor', 'The greatest integer that is not above the number.', Math.floor),
  {
    kind: 'scalar',
    name: 'hypot',
    parameters: [parameter('number1', ...NUMBERS), parameter('number2', ...NUMBERS)],
    returns: 'double',
    doc: 'The length of the hypotenuse.',
    evaluate: ([a, b]) => Math.hypot(Number(a), Number(b)),
  },
  {
    kind: 'scalar',
    name: 'log',
    parameters: [parameter('base', ...NUMBERS), optional('number', ...NUMBERS)],
    returns: 'double',
    doc: 'The logarithm to a base; the natural logarithm if there is a single argument.',
    evaluate: logarithm,
  },
  real('log10', 'The logarithm to base 10.', Math.log10, (value) => value > 0),
  constant('pi', 'The ratio of a circle to its diameter.', Math.PI),
  {
    kind: 'scalar',
    name: 'pow',
    parameters: [parameter('base', ...NUMBERS), parameter('exponent', ...NUMBERS)],
    returns: 'double',
    doc: 'A number raised to the power of another.',
    evaluate: power,
  },
  {
    kind: 'scalar',
    name: 'round',
    parameters: [NUMBER, optional('decimals', ...WHOLE)],
    returns: sameNumber,
    doc: 'The number rounded to the given decimals, by default to an integer.',
    evaluate: round,
  },
  real('signum', 'The sign: -1, 0 or 1.', Math.sign),
  real('sin', 'The sine.', Math.sin),
  real('sinh', 'The hyperbolic sine.', Math.sinh),
  real('sqrt', 'The square root.', Math.sqrt, (value) => value >= 0),
  real('tan', 'The tangent.', Math.tan),
  real('tanh', 'The hyperbolic tangent.', Math.tanh),
  constant('tau', 'Twice pi.', 2 * Math.PI),
  real('to_degrees', 'Converts radians to degrees.', (value) => (value * 180) / Math.PI),
  real('to_radians', 'Converts degrees to radians.', (value) => (value / 180) * Math.PI),
];
