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
  doc: 'Only after BY: the start of the bucket that a date or number falls into, for buckets of the given size.',
  evaluate: ([field, size], call) => {
    if (typeof size === 'object') {
      if (call.types[0] !== 'date') return call.warn('a number cannot be put into time intervals');
      return (
        truncateDate(Number(field), size as TimeSpan) ?? call.warn('Zero or negative time interval is not supported')
      );
    }
    if (call.types[0] === 'date' || !(Number(size) > 0))
      return call.warn('the size of a bucket must be above 0, and a time span for a date');
    return Math.floor(Number(field) / Number(size)) * Number(size);
  },
};
