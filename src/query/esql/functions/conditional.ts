import { type DataType, STORABLE } from '../data-type.ts';
import type { FunctionRow } from '../function-row.ts';
import { compareScalars, isMany, type Scalar, toList, type Value } from '../value.ts';

const VALUE = { name: 'value', types: STORABLE, same: 'widens' } as const;

/** The type of the first argument that has one. */
function firstType(types: readonly DataType[]): DataType {
  return types.find((type) => type !== 'null') ?? 'null';
}

/** The conditions of CASE are the arguments at even positions; an odd last argument is the default. */
function isCondition(index: number, count: number): boolean {
  return index % 2 === 0 && index < count - 1;
}

/** The greatest or least of all values of all arguments; null if one argument is null. */
function extreme(name: string, sign: 1 | -1, doc: string): FunctionRow {
  return {
    kind: 'whole',
    name,
    parameters: [VALUE],
    variadic: true,
    returns: firstType,
    doc,
    evaluate: (values, { returns, spend }) => {
      let best: Scalar | undefined;
      for (const value of values) {
        if (value === null) return null;
        const items = toList(value);
        spend(items.length);
        for (const item of items) {
          if (best === undefined || compareScalars(item, best, returns) * sign > 0) best = item;
        }
      }
      return best ?? null;
    },
  };
}

/**
 * @see
 * https://www.elastic.co/docs/reference/query-languages/esql/functions-operators/conditional-functions-and-expressions
 */
export const CONDITIONAL_FUNCTIONS: readonly FunctionRow[] = [
  {
    kind: 'lazy',
    name: 'case',
    parameters: [
      { name: 'condition', types: ['boolean'] },
      { name: 'value', types: STORABLE },
      { name: 'more', types: STORABLE, optional: true },
    ],
    variadic: true,
    parameterAt: (index, count) => (isCondition(index, count) ? { name: 'condition', types: ['boolean'] } : VALUE),
    returns: (types) => firstType(types.filter((_, index) => !isCondition(index, types.length))),
    doc: 'The value after the first true condition; otherwise the default, if there is one, or null. A condition that is null or has several values counts as false.',
    evaluate: (operands, row, run, place): Value => {
      for (let at = 0; at < operands.length - 1; at += 2) {
        run.spend(1);
        const condition = operands[at]?.(row, run) ?? null;
        if (isMany(condition)) run.warn(place, 'CASE expects a single-valued boolean');
        if (condition === true) return operands[at + 1]?.(row, run) ?? null;
      }
      return operands.length % 2 === 1 ? (operands[operands.length - 1]?.(row, run) ?? null) : null;
    },
  },
  {
    kind: 'lazy',
    name: 'coalesce',
    parameters: [VALUE],
    variadic: true,
    returns: firstType,
    doc: 'The first non-null argument.',
    evaluate: (operands, row, run) => {
      for (const operand of operands) {
        run.spend(1);
        const value = operand(row, run);
        if (value !== null) return value;
      }
      return null;
    },
  },
  extreme('greatest', 1, 'The greatest value of all arguments; null if an argument is null.'),
  extreme('least', -1, 'The least value of all arguments; null if an argument is null.'),
];
