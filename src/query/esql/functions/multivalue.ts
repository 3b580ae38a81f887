import { type DataType, NUMBERS, STORABLE } from '../data-type.ts';
import { type Call, type FunctionRow, LONGEST_TEXT, MOST_VALUES, optional, parameter } from '../function-row.ts';
import { LONG_RANGE } from '../parse-literal.ts';
import { compareScalars, fromList, isMany, type Scalar, toList, type Value } from '../value.ts';

const FIELD = parameter('field', ...STORABLE);
const NUMBER = parameter('number', ...NUMBERS);

type Reduce = (values: readonly Scalar[], call: Call) => Value;

/** A function of all the values of one argument. */
function reduction(
  name: string,
  field: typeof FIELD,
  returns: FunctionRow['returns'],
  doc: string,
  reduce: Reduce,
): FunctionRow {
  const evaluate = ([value = null]: readonly Value[], call: Call): Value => {
    if (value === null) return null;
    const values = toList(value);
    call.spend(values.length);
    return reduce(values, call);
  };
  return { kind: 'whole', name, parameters: [field], returns, doc, evaluate };
}

function sameType([type = 'null']: readonly DataType[]): DataType {
  return type;
}

function sorted(values: readonly Scalar[], type: DataType): readonly Scalar[] {
  return [...values].sort((a, b) => compareScalars(a, b, type));
}

function distinct(values: readonly Scalar[]): readonly Scalar[] {
  return [...new Set(values)];
}

/** A sum in the type of its numbers; null with a warning on overflow. */
function sum(values: readonly Scalar[], call: Call): Value {
  if (call.returns === 'double') return total(values);
  const whole = values.reduce<bigint>(
    (before, value) => before + BigInt(Number.isInteger(value) ? Number(value) : String(value)),
    0n,
  );
  if (call.returns === 'long') {
    return whole >= LONG_RANGE.least && whole <= LONG_RANGE.most ? whole : call.warn('long overflow');
  }
  return whole >= -2_147_483_648n && whole <= 2_147_483_647n ? Number(whole) : call.warn('integer overflow');
}

function total(values: readonly Scalar[]): number {
  return values.reduce<number>((before, value) => before + Number(value), 0);
}

/** The middle value, or the mean of the two middle ones, rounded down for integers. */
function median(values: readonly Scalar[], call: Call): Value {
  const order = sorted(values, call.returns);
  const half = order.length >> 1;
  const upper = order[half] ?? 0;
  if (order.length % 2 === 1) return upper;
  const lower = order[half - 1] ?? 0;
  if (typeof upper === 'bigint' && typeof lower === 'bigint') return (upper + lower) >> 1n;
  const mean = (Number(lower) + Number(upper)) / 2;
  return call.returns === 'integer' ? Math.floor(mean) : mean;
}

/** Linear interpolation between the two nearest. */
function percentile([value = null, percent = null]: readonly Value[], call: Call): Value {
  if (value === null || percent === null || isMany(percent)) return null;
  const share = Number(percent);
  if (share < 0 || share > 100)
    return call.warn(`Percentile parameter must be a number between 0 and 100, found [${share}]`);
  const order = sorted(toList(value), call.returns);
  call.spend(order.length);
  const at = (share / 100) * (order.length - 1);
  const low = order[Math.floor(at)] ?? 0;
  const high = order[Math.ceil(at)] ?? low;
  const between = Number(low) + (Number(high) - Number(low)) * (at - Math.floor(at));
  if (call.returns === 'double') return between;
  return call.returns === 'long' ? BigInt(Math.trunc(between)) : Math.trunc(between);
}

function concat([value = null, delimiter = null]: readonly Value[], call: Call): Value {
  if (value === null || delimiter === null) return null;
  if (isMany(delimiter)) return call.warn('the delimiter has several values');
  const values = toList(value);
  call.spend(values.length);
  const joined = values.join(String(delimiter));
  return joined.length <= LONGEST_TEXT ? joined : call.warn(`the result is longer than ${LONGEST_TEXT} characters`);
}

/** From position `start` to `end`, both inclusive, counted from 0, or from the end if negative. */
function slice([value = null, start = null, end = start]: readonly Value[], call: Call): Value {
  if (value === null || start === null || end === null || isMany(start) || isMany(end)) return null;
  const values = toList(value);
  call.spend(values.length);
  const [from, to] = [Number(start), Number(end)].map((place) => (place < 0 ? values.length + place : place));
  if (Number(start) > Number(end) && Number(start) < 0 === Number(end) < 0) {
    return call.warn(`Start offset is greater than end offset`);
  }
  if (from === undefined || to === undefined || to < 0) return null;
  return fromList(values.slice(Math.max(from, 0), to + 1));
}

function append([left = null, right = null]: readonly Value[], call: Call): Value {
  if (left === null || right === null) return null;
  const values = [...toList(left), ...toList(right)];
  call.spend(values.length);
  return values.length > MOST_VALUES ? call.warn(`the result has more than ${MOST_VALUES} values`) : fromList(values);
}

/** Pairs of texts joined by a delimiter; surplus values of the longer list stay alone. */
function zip([left = null, right = null, delimiter = ',']: readonly Value[], call: Call): Value {
  if (delimiter === null || isMany(delimiter)) return null;
  const [first, second] = [toList(left), toList(right)];
  const pairs = Array.from({ length: Math.max(first.length, second.length) }, (_, index) =>
    [first[index], second[index]].filter((text) => text !== undefined).join(String(delimiter)),
  );
  call.spend(pairs.length);
  return fromList(pairs);
}

function sort([value = null, order = 'ASC']: readonly Value[], call: Call): Value {
  if (value === null || !isMany(value)) return value;
  call.spend(value.length);
  const type = call.types[0] ?? 'keyword';
  const ascending = sorted(value, type);
  return String(order).toUpperCase() === 'DESC' ? [...ascending].reverse() : ascending;
}

/** @see https://www.elastic.co/docs/reference/query-languages/esql/functions-operators/mv-functions */
export const MULTIVALUE_FUNCTIONS: readonly FunctionRow[] = [
  {
    kind: 'whole',
    name: 'mv_append',
    parameters: [
      { name: 'field1', types: STORABLE, same: true },
      { name: 'field2', types: STORABLE, same: true },
    ],
    returns: (types) => types.find((type) => type !== 'null') ?? 'null',
    doc: 'The values of both arguments in order; null if one argument is null.',
    evaluate: append,
  },
  reduction('mv_avg', NUMBER, 'double', 'The mean of the values.', (values) => total(values) / values.length),
  {
    kind: 'whole',
    name: 'mv_concat',
    parameters: [parameter('string', 'keyword'), parameter('delim', 'keyword')],
    returns: 'keyword',
    doc: 'The values joined by the delimiter.',
    evaluate: concat,
  },
  reduction('mv_count', FIELD, 'integer', 'The number of values.', (values) => values.length),
  reduction('mv_dedupe', FIELD, sameType, 'The distinct values.', (values) => fromList(distinct(values))),
  reduction('mv_first', FIELD, sameType, 'The first value.', (values) => values[0] ?? null),
  reduction('mv_last', FIELD, sameType, 'The last value.', (values) => values[values.length - 1] ?? null),
  reduction('mv_max', FIELD, sameType, 'The greatest value.', (values, { returns }) =>
    values.reduce((best, value) => (compareScalars(value, best, returns) > 0 ? value : best)),
  ),
  reduction('mv_median', NUMBER, sameType, 'The median of the values.', median),
  reduction('mv_min', FIELD, sameType, 'The least value.', (values, { returns }) =>
    values.reduce((best, value) => (compareScalars(value, best, returns) < 0 ? value : best)),
  ),
  {
    kind: 'whole',
    name: 'mv_percentile',
    parameters: [NUMBER, parameter('percentile', ...NUMBERS)],
    returns: sameType,
    doc: 'The value below which the given percentage of the values lies.',
    evaluate: percentile,
  },
  {
    kind: 'whole',
    name: 'mv_slice',
    parameters: [FIELD, parameter('start', 'integer'), optional('end', 'integer')],
    returns: sameType,
    doc: 'The values between two positions, both inclusive. Positions count from 0, or from the end if negative.',
    evaluate: slice,
  },
  {
    kind: 'whole',
    name: 'mv_sort',
    parameters: [FIELD, { name: 'order', types: ['keyword'], optional: true, constant: true }],
    returns: sameType,
    doc: 'The values sorted, "ASC" or "DESC".',
    check: ([, order]) =>
      order === undefined || order === null || /^(?:asc|desc)$/i.test(String(order))
        ? undefined
        : 'the order must be "ASC" or "DESC"',
    evaluate: sort,
  },
  reduction('mv_sum', NUMBER, sameType, 'The sum of the values.', sum),
  {
    kind: 'whole',
    name: 'mv_zip',
    parameters: [parameter('string1', 'keyword'), parameter('string2', 'keyword'), optional('delim', 'keyword')],
    returns: 'keyword',
    doc: 'The values of both arguments in pairs, joined by the delimiter, by default a comma.',
    evaluate: zip,
  },
];
