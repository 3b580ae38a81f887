import { convert, mayConvert } from '../convert.ts';
import { type DataType, STORABLE } from '../data-type.ts';
import type { FunctionRow } from '../function-row.ts';

/** One value after the other is converted; a value that has no counterpart is left out, with a warning. */
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
  ...conversion('to_boolean to_bool', 'boolean', 'A boolean: of texts only "true" is true, of numbers all but 0.'),
  ...conversion('to_datetime to_dt', 'date', 'A date, of ISO 8601 or of milliseconds since the epoch.'),
  ...conversion('to_double to_dbl', 'double', 'A number with decimals.'),
  ...conversion('to_integer to_int', 'integer', 'A whole number of 32 bits, decimals rounded.'),
  ...conversion('to_ip', 'ip', 'An IP address, of either family.'),
  ...conversion('to_long', 'long', 'A whole number of 64 bits, decimals rounded.'),
  ...conversion('to_string to_str', 'keyword', 'A text.'),
  ...conversion('to_version to_ver', 'version', 'A version, which is ordered as Semantic Versioning says.'),
  {
    kind: 'scalar',
    name: 'to_dateperiod',
    parameters: [{ name: 'field', types: ['date_period'], constant: true }],
    returns: 'date_period',
    doc: 'A span of days, weeks, months or years, of a text such as "3 days".',
    evaluate: ([span = null]) => span,
  },
  {
    kind: 'scalar',
    name: 'to_timeduration',
    parameters: [{ name: 'field', types: ['time_duration'], constant: true }],
    returns: 'time_duration',
    doc: 'A span of time, of a text such as "5 minutes".',
    evaluate: ([span = null]) => span,
  },
];
