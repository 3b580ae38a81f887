import type { DecodedEvent } from '../audit/event.ts';

export type FieldType = 'keyword' | 'ip' | 'integer' | 'boolean' | 'date';

/** One value of a field. A date is integer microseconds since the epoch. */
export type FieldValue = string | number | boolean;

/**
 * What a field holds on one event: nothing, one value, or the set of values that an array flattens to.
 * Empty values (null, "", {}, []) are absent. An array is never nested and repeats no value. It is empty in one case: the field
 * leads to an object with something in it, so that it exists, as in Elasticsearch, although no test of a value can hold.
 */
export type FieldValues = FieldValue | readonly FieldValue[] | undefined;

/** A field that a rule may name: resolved once when a rule is compiled, read once per event. */
export interface Field {
  readonly name: string;
  readonly type: FieldType;
  /** One sentence for people who write rules. */
  readonly doc: string;
  /** Pure; never throws, whatever the event holds. */
  readonly read: (event: DecodedEvent) => FieldValues;
  /** True if the name is known but no event that we read has the field: a condition on it cannot hold. */
  readonly neverSet?: true;
  /** The value that the field has on every event. */
  readonly constant?: FieldValue;
}
