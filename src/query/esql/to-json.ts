import { formatDate, toText } from './convert.ts';
import type { DataType } from './data-type.ts';
import { isMany, type Scalar, type Value } from './value.ts';

type JsonScalar = string | number | boolean;

/**
 * A value as Elasticsearch writes it in JSON: dates in ISO 8601, addresses as text. A long beyond 2⁵³ becomes the
 * nearest double.
 */
export function toJson(value: Value, type: DataType): JsonScalar | readonly JsonScalar[] | null {
  if (value === null) return null;
  return isMany(value) ? value.map((item) => scalarToJson(item, type)) : scalarToJson(value, type);
}

function scalarToJson(value: Scalar, type: DataType): JsonScalar {
  switch (type) {
    case 'date':
      return formatDate(Number(value));
    case 'integer':
    case 'long':
    case 'double':
      return Number(value);
    case 'boolean':
      return value === true;
    default:
      return toText(value, type);
  }
}
