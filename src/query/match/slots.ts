import type { DecodedEvent } from '../../audit/event.ts';
import type { Field, FieldValues } from '../../ecs/field.ts';
import { addressKey } from '../values/address.ts';
import { type Budget, createBudget } from './budget.ts';

/** Numbers the fields that a set of rules reads. Rules with the same slots share what is read from an event. */
export interface FieldSlots {
  /** The number of a field; new fields are numbered from 0. Fields are compared by identity. */
  readonly slotOf: (field: Field) => number;
  /** A cache for one event at a time; it also serves fields added later. */
  readonly createMemo: () => FieldMemo;
}

/** Field values of the current event, each read at most once. */
export interface FieldMemo {
  /** Switches to another event. Constant time, allocates nothing. */
  readonly reset: (event: DecodedEvent) => void;
  /** The field's values on the current event. */
  readonly read: (slot: number) => FieldValues;
  /** The values of the field as address keys (see `addressKey`); values that are not addresses are left out. */
  readonly readAddresses: (slot: number) => FieldValues;
  /** The remaining budget of expressions; full for each event, to be restored for each rule. */
  readonly budget: Budget;
}

/** An empty set of slots. */
export function createFieldSlots(): FieldSlots {
  const fields: Field[] = [];
  const slots = new Map<Field, number>();
  return {
    slotOf: (field) => {
      let slot = slots.get(field);
      if (slot === undefined) {
        slot = fields.length;
        fields.push(field);
        slots.set(field, slot);
      }
      return slot;
    },
    createMemo: () => createFieldMemo(fields),
  };
}

/**
 * `fields` may grow later. Values of an earlier event are recognised by their generation, so a reset is one addition.
 */
function createFieldMemo(fields: readonly Field[]): FieldMemo {
  let current: DecodedEvent | undefined;
  let generation = 0;
  const values: FieldValues[] = [];
  const readAt: number[] = [];
  const addresses: FieldValues[] = [];
  const addressesAt: number[] = [];
  const budget = createBudget();

  function read(slot: number): FieldValues {
    if (readAt[slot] === generation) return values[slot];
    while (readAt.length < fields.length) {
      readAt.push(-1);
      addressesAt.push(-1);
      values.push(undefined);
      addresses.push(undefined);
    }
    const value = current === undefined ? undefined : fields[slot]?.read(current);
    values[slot] = value;
    readAt[slot] = generation;
    return value;
  }

  function readAddresses(slot: number): FieldValues {
    if (addressesAt[slot] === generation) return addresses[slot];
    const keys = toAddressKeys(read(slot));
    addresses[slot] = keys;
    addressesAt[slot] = generation;
    return keys;
  }

  return {
    reset: (event) => {
      current = event;
      generation += 1;
      budget.refill();
    },
    read,
    readAddresses,
    budget,
  };
}

function toAddressKeys(values: FieldValues): FieldValues {
  if (typeof values === 'string') return addressKey(values);
  if (typeof values !== 'object') return undefined;
  const keys: string[] = [];
  for (const value of values) {
    const key = typeof value === 'string' ? addressKey(value) : undefined;
    if (key !== undefined) keys.push(key);
  }
  return keys.length === 0 ? undefined : keys;
}
