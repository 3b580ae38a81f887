/**
 * The static types of ES|QL in firstseen. Elasticsearch has more (unsigned_long, date_nanos, geometries, vectors), but
 * no field of an audit event has one of these. Text fields are `keyword` here.
 */
export type DataType =
  | 'null'
  | 'boolean'
  | 'integer'
  | 'long'
  | 'double'
  | 'keyword'
  | 'date'
  | 'ip'
  | 'version'
  | 'date_period'
  | 'time_duration';

const NUMERIC: ReadonlySet<DataType> = new Set<DataType>(['integer', 'long', 'double']);
const SPANS: ReadonlySet<DataType> = new Set<DataType>(['date_period', 'time_duration']);

export const NUMBERS: readonly DataType[] = ['integer', 'long', 'double'];
export const WHOLE: readonly DataType[] = ['integer', 'long'];
/** All types that a column can have. */
export const STORABLE: readonly DataType[] = [
  'boolean',
  'integer',
  'long',
  'double',
  'keyword',
  'date',
  'ip',
  'version',
];

export function isNumeric(type: DataType): boolean {
  return NUMERIC.has(type);
}

/** Time spans are constants: no column has their type. */
export function isSpan(type: DataType): boolean {
  return SPANS.has(type);
}

/** The type names for `::`: Elasticsearch's own types and their aliases. */
export const TYPE_NAMES: Readonly<Record<string, DataType>> = {
  bool: 'boolean',
  boolean: 'boolean',
  date: 'date',
  date_period: 'date_period',
  datetime: 'date',
  double: 'double',
  int: 'integer',
  integer: 'integer',
  ip: 'ip',
  keyword: 'keyword',
  long: 'long',
  string: 'keyword',
  time_duration: 'time_duration',
  version: 'version',
};

/** The name of a type in Elasticsearch's messages. */
export function typeName(type: DataType): string {
  return type === 'date' ? 'datetime' : type;
}

/** The type to which both convert without loss; undefined if there is none. Null converts to any type. */
export function commonType(left: DataType, right: DataType): DataType | undefined {
  if (left === right || right === 'null') return left;
  if (left === 'null') return right;
  if (!isNumeric(left) || !isNumeric(right)) return undefined;
  if (left === 'double' || right === 'double') return 'double';
  return 'long';
}
