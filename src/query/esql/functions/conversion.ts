import { convert, mayConvert } from '../convert.ts';
import { type DataType, STORABLE } from '../data-type.ts';
import type { FunctionRow } from '../function-row.ts';

/** Values are converted one by one; a value that cannot be converted is left out, with a warning. */
function conversion(names: string, to: DataType, doc: string): readonly FunctionRow[] {
  const types = STORABLE.filter((type) => mayConvert(type, to));
  return names.split(' ').map((name, index) => ({
    kind: 'each',
    name,
    parameters: [{ name: 'field', types }],
    returns: to,
    doc: index === 0 ? doc : `The same as ${names.split(' ')[0]?.toUpperCase()}.`,
    evaluate: ([value = ''], call) => {
      const converted = convert(value, call.types[0] ?? 'keyword', to);
      return 'fault' in converted ? call.warn(converted.fault) : converted.value;
    },
  }));
}

/** @see https://www.elastic.co/docs/reference/query-languages/esql/functions-operators/type-conversion-functions */
export const CONVERSION_FUNCTIONS: readonly FunctionRow[] = [
  ...conversion(
    'to_boolean to_bool',
    'boolean',
    'Converts to a boolean: among texts only "true" is true, among numbers all but 0.',
  ),
  ...conversion('to_datetime to_dt', 'date', 'Converts ISO 8601, or milliseconds since the epoch, to a date.'),
  ...conversion('to_double to_dbl', 'double', 'Converts to a number with decimals.'),
  ...conversion('to_integer to_int', 'integer', 'Converts to a 32-bit integer, rounding decimals.'),
  ...conversion('to_ip', 'ip', 'Converts to an IP address of either family.'),
  ...conversion('to_long', 'long', 'Converts to a 64-bit integer, rounding decimals.'),
  ...conversion('to_string to_str', 'keyword', 'Converts to text.'),
  ...conversion('to_version to_ver', 'version', 'Converts to a version, ordered by Semantic Versioning.'),
  {
    kind: 'scalar',
    name: 'to_dateperiod',
    parameters: [{ name: 'field', types: ['date_period'], constant: true }],
    returns: 'date_period',
    doc: 'Converts a text such as "3 days" to a span of days, weeks, months or years.',
    evaluate: ([span = null]) => span,
  },
  {
    kind: 'scalar',
    name: 'to_timeduration',
    parameters: [{ name: 'field', types: ['time_duration'], constant: true }],
    returns: 'time_duration',
    doc: 'Converts a text such as "5 minutes" to a time span.',
    evaluate: ([span = null]) => span,
  },
];
