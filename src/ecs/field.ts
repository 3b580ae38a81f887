import type { DecodedEvent } from '../audit/event.ts';

export type FieldType = 'keyword' | 'ip' | 'integer' | 'boolean' | 'date';

/** One value of a field. A date is integer microseconds since the epoch. */
export type FieldValue = string | number | boolean;

/**
 * The values of a field on one event: nothing, one value, or the set of values of a flattened array. Empty values
 * (null, "", {}, []) are absent. An array is never nested and has no duplicates. An empty array means that the field
 * leads to a non-empty object: the field exists, as in Elasticsearch, but no test of a value can match.
 */
export type FieldValues = FieldValue | readonly FieldValue[] | undefined;

/** A field that a rule may name: resolved once per compiled rule, read once per event. */
export interface Field {
  readonly name: string;
  readonly type: FieldType;
  /** One sentence for people who write rules. */
  readonly doc: string;
  /** Pure; never throws, whatever the event holds. */
  readonly read: (event: DecodedEvent) => FieldValues;
  /** True if the name is known but no audit event has the field: a condition on it cannot match. */
  readonly neverSet?: true;
  /** Set if the field has this value on every event. */
  readonly constant?: FieldValue;
}
