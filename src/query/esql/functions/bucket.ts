import { NUMBERS } from '../data-type.ts';
import { type FunctionRow, parameter } from '../function-row.ts';
import { truncateDate } from '../truncate-date.ts';
import type { TimeSpan } from '../value.ts';

/** @see https://www.elastic.co/docs/reference/query-languages/esql/functions-operators/grouping-functions */
export const BUCKET_FUNCTION: FunctionRow = {
  kind: 'scalar',
  name: 'bucket',
  parameters: [
    parameter('field', 'date', ...NUMBERS),
    { name: 'size', types: ['date_period', 'time_duration', ...NUMBERS], constant: true },
  ],
  returns: ([field]) => (field === 'date' ? 'date' : 'double'),
  doc: 'Behind BY: the beginning of the interval of a date, or of so many of a number, that a value falls into.',
  evaluate: ([field, size], call) => {
    if (typeof size === 'object') {
      if (call.types[0] !== 'date') return call.warn('a number has no interval of time');
      return (
        truncateDate(Number(field), size as TimeSpan) ?? call.warn('Zero or negative time interval is not supported')
      );
    }
    if (call.types[0] === 'date' || !(Number(size) > 0))
      return call.warn('the size of a bucket must be above 0, and for a date a span of time');
    return Math.floor(Number(field) / Number(size)) * Number(size);
  },
};
