import { type DataType, NUMBERS, STORABLE } from './data-type.ts';
import type { Parameter } from './function-row.ts';
import { LONG_RANGE } from './parse-literal.ts';
import { compareScalars, fromList, type Scalar, toList, type Value } from './value.ts';

/** The call of an aggregate and its execution. */
export interface Aggregation {
  /** The types of the arguments. */
  readonly types: readonly DataType[];
  readonly returns: DataType;
  /** See `Run`. */
  readonly hold: (values: number) => void;
  readonly warn: (message: string) => null;
}

/** The accumulated state of one group. */
export interface Accumulator {
  /** Adds the argument values of one row. */
  readonly add: (values: readonly Value[]) => void;
  readonly result: () => Value;
}

/** A function over all rows of a group. To add a function, add a row to the table. */
export interface AggregateRow {
  readonly name: string;
  readonly parameters: readonly Parameter[];
  readonly returns: DataType | ((types: readonly DataType[]) => DataType);
  /** One sentence for people who write rules. */
  readonly doc: string;
  /** It may be called with an asterisk or without arguments. */
  readonly star?: true;
  /** What is wrong with constant arguments, beyond their types. */
  readonly check?: (literals: readonly (Value | undefined)[]) => string | undefined;
  readonly create: (aggregation: Aggregation) => Accumulator;
}

const FIELD: Parameter = { name: 'field', types: STORABLE };
const NUMBER: Parameter = { name: 'number', types: NUMBERS };

function sameType([type = 'null']: readonly DataType[]): DataType {
  return type;
}

function sumType([type = 'null']: readonly DataType[]): DataType {
  return type === 'double' ? 'double' : 'long';
}

function count(): Accumulator {
  let rows = 0;
  return {
    add: (values) => {
      rows += values.length === 0 ? 1 : toList(values[0] ?? null).length;
    },
    result: () => BigInt(rows),
  };
}

/** The distinct values in order of arrival. */
function distinct({ hold }: Aggregation, result: (values: ReadonlySet<Scalar>) => Value): Accumulator {
  const seen = new Set<Scalar>();
  return {
    add: ([value = null]) => {
      for (const item of toList(value)) {
        if (seen.has(item)) continue;
        seen.add(item);
        hold(1);
      }
    },
    result: () => result(seen),
  };
}

function extreme(sign: 1 | -1): AggregateRow['create'] {
  return ({ returns }) => {
    let best: Scalar | null = null;
    return {
      add: ([value = null]) => {
        for (const item of toList(value)) {
          if (best === null || compareScalars(item, best, returns) * sign > 0) best = item;
        }
      },
      result: () => best,
    };
  };
}

function sum({ returns, warn }: Aggregation): Accumulator {
  let total = 0;
  // Low-order bits lost by adding doubles (Neumaier); Elasticsearch compensates too.
  let lost = 0;
  let whole = 0n;
  let empty = true;
  return {
    add: ([value = null]) => {
      for (const item of toList(value)) {
        empty = false;
        if (returns === 'long') {
          whole += typeof item === 'bigint' ? item : BigInt(Number(item));
          continue;
        }
        const number = Number(item);
        const next = total + number;
        lost += Math.abs(total) >= Math.abs(number) ? total - next + number : number - next + total;
        total = next;
      }
    },
    result: () => {
      if (empty) return null;
      if (returns === 'double') return total + lost;
      return whole >= LONG_RANGE.least && whole <= LONG_RANGE.most ? whole : warn('long overflow');
    },
  };
}

function average(): Accumulator {
  let total = 0;
  let values = 0;
  return {
    add: ([value = null]) => {
      for (const item of toList(value)) {
        total += Number(item);
        values += 1;
      }
    },
    result: () => {
      return values === 0 ? null : total / values;
    },
  };
}

/** Collects all values as numbers, and computes the result from them in order. */
function ordered(
  { hold }: Aggregation,
  result: (sorted: readonly number[], last: readonly Value[]) => Value,
): Accumulator {
  const numbers: number[] = [];
  let last: readonly Value[] = [];
  return {
    add: (values) => {
      last = values;
      for (const item of toList(values[0] ?? null)) {
        numbers.push(Number(item));
        hold(1);
      }
    },
    result: () =>
      numbers.length === 0
        ? null
        : result(
            [...numbers].sort((a, b) => a - b),
            last,
          ),
  };
}

/** Linear interpolation between the two nearest. */
function quantile(sorted: readonly number[], share: number): number {
  const at = share * (sorted.length - 1);
  const low = sorted[Math.floor(at)] ?? 0;
  const high = sorted[Math.ceil(at)] ?? low;
  return low + (high - low) * (at - Math.floor(at));
}

function deviations(sorted: readonly number[]): number {
  const mean = sorted.reduce((before, value) => before + value, 0) / sorted.length;
  return sorted.reduce((before, value) => before + (value - mean) ** 2, 0) / sorted.length;
}

function weightedAverage(): Accumulator {
  let total = 0;
  let weights = 0;
  return {
    add: ([value = null, weight = null]) => {
      const [number] = toList(value);
      const [heavy] = toList(weight);
      if (number === undefined || heavy === undefined) return;
      total += Number(number) * Number(heavy);
      weights += Number(heavy);
    },
    result: () => (weights === 0 ? null : total / weights),
  };
}

const MOST_TOP = 1_000;

function top({ types, hold }: Aggregation): Accumulator {
  const type = types[0] ?? 'keyword';
  let kept: Scalar[] = [];
  let limit = 0;
  let sign = 1;
  const cut = () => {
    kept = kept.sort((a, b) => compareScalars(a, b, type) * sign).slice(0, limit);
  };
  return {
    add: ([value = null, most = 0, order = 'asc']) => {
      limit = Math.min(Number(most), MOST_TOP);
      sign = String(order).toLowerCase() === 'desc' ? -1 : 1;
      for (const item of toList(value)) {
        kept.push(item);
        if (kept.length <= limit) hold(1);
        else if (kept.length > 2 * limit) cut();
      }
    },
    result: () => {
      cut();
      return fromList(kept);
    },
  };
}

/**
 * The functions of STATS. Those that Elasticsearch estimates (COUNT_DISTINCT, MEDIAN, PERCENTILE) are exact here.
 * @see https://www.elastic.co/docs/reference/query-languages/esql/functions-operators/aggregation-functions
 */
export const AGGREGATES: readonly AggregateRow[] = [
  { name: 'avg', parameters: [NUMBER], returns: 'double', doc: 'The mean of all values.', create: average },
  {
    name: 'count',
    parameters: [{ ...FIELD, optional: true }],
    returns: 'long',
    doc: 'The number of rows, or of the values of a field.',
    star: true,
    create: count,
  },
  {
    name: 'count_distinct',
    parameters: [FIELD, { name: 'precision', types: ['integer', 'long'], optional: true, constant: true }],
    returns: 'long',
    doc: 'The number of distinct values; exact, whatever the precision.',
    create: (aggregation) => distinct(aggregation, (values) => BigInt(values.size)),
  },
  { name: 'max', parameters: [FIELD], returns: sameType, doc: 'The greatest value.', create: extreme(1) },
  {
    name: 'median',
    parameters: [NUMBER],
    returns: 'double',
    doc: 'The median: half of the values are below it.',
    create: (aggregation) => ordered(aggregation, (sorted) => quantile(sorted, 0.5)),
  },
  {
    name: 'median_absolute_deviation',
    parameters: [NUMBER],
    returns: 'double',
    doc: 'The median absolute deviation: the median of the distances from the median.',
    create: (aggregation) =>
      ordered(aggregation, (sorted) => {
        const middle = quantile(sorted, 0.5);
        return quantile(
          sorted.map((value) => Math.abs(value - middle)).sort((a, b) => a - b),
          0.5,
        );
      }),
  },
  { name: 'min', parameters: [FIELD], returns: sameType, doc: 'The least value.', create: extreme(-1) },
  {
    name: 'percentile',
    parameters: [NUMBER, { name: 'percentile', types: NUMBERS, constant: true }],
    returns: 'double',
    doc: 'The value below which the given percentage of the values lies.',
    check: ([, percent]) =>
      percent === undefined || (Number(percent) >= 0 && Number(percent) <= 100)
        ? undefined
        : 'the percentile must be a number from 0 to 100',
    create: (aggregation) => ordered(aggregation, (sorted, [, percent]) => quantile(sorted, Number(percent) / 100)),
  },
  {
    name: 'std_dev',
    parameters: [NUMBER],
    returns: 'double',
    doc: 'The standard deviation of all values.',
    create: (aggregation) => ordered(aggregation, (sorted) => Math.sqrt(deviations(sorted))),
  },
  { name: 'sum', parameters: [NUMBER], returns: sumType, doc: 'The sum of all values.', create: sum },
  {
    name: 'top',
    parameters: [
      FIELD,
      { name: 'limit', types: ['integer'], constant: true },
      { name: 'order', types: ['keyword'], constant: true, optional: true },
    ],
    returns: sameType,
    doc: `The greatest or least values, "desc" or "asc", repeats included; at most ${MOST_TOP}.`,
    check: ([, limit, order]) => {
      if (limit !== undefined && !(Number(limit) > 0)) return 'the limit must be above 0';
      return order === undefined || /^(?:asc|desc)$/i.test(String(order))
        ? undefined
        : 'the order must be "asc" or "desc"';
    },
    create: top,
  },
  {
    name: 'values',
    parameters: [FIELD],
    returns: sameType,
    doc: 'The distinct values in order of arrival.',
    create: (aggregation) => distinct(aggregation, (values) => fromList([...values])),
  },
  {
    name: 'variance',
    parameters: [NUMBER],
    returns: 'double',
    doc: 'The variance of all values.',
    create: (aggregation) => ordered(aggregation, deviations),
  },
  {
    name: 'weighted_avg',
    parameters: [NUMBER, { name: 'weight', types: NUMBERS }],
    returns: 'double',
    doc: 'The weighted mean of all values.',
    create: weightedAverage,
  },
];
