import type { FieldType, FieldValue, FieldValues } from '../../ecs/field.ts';
import type { Value } from '../predicate/function-row.ts';

/** The number in a value of a numeric field; like Elasticsearch, text with a number counts. */
export function numberOf(value: FieldValue): number | undefined {
  if (typeof value === 'number') return value;
  if (typeof value !== 'string') return undefined;
  const number = Number(value);
  return Number.isFinite(number) && String(number) === value ? number : undefined;
}

/** One value of a field as expressions see it, by the field's type; null if it does not fit the type. */
export function toValue(value: FieldValue, type: FieldType): Value {
  switch (type) {
    case 'keyword':
      return typeof value === 'string' ? value : String(value);
    case 'ip':
      return typeof value === 'string' ? value : null;
    case 'integer':
    case 'date':
      return numberOf(value) ?? null;
    case 'boolean':
      if (typeof value === 'boolean') return value;
      return value === 'true' ? true : value === 'false' ? false : null;
  }
}

/** All values of a field as expressions see them; none if an event has an object there. */
export function toValues(values: FieldValues, type: FieldType): readonly Value[] {
  if (values === undefined) return [];
  if (typeof values !== 'object') return [toValue(values, type)];
  return Array.isArray(values) ? values.map((value) => toValue(value, type)) : [];
}
