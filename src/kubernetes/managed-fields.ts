import { z } from 'zod';

/** firstseen's field manager for rules; fields with any other manager were changed by others. */
export const FIELD_MANAGER = 'firstseen';

/**
 * Who set which field of an object: `metav1.ManagedFieldsEntry`, which the API server maintains for every kind of
 * write:
 */
const managedFieldsSchema = z.array(
  z.object({
    manager: z.string().default(''),
    operation: z.string().default(''),
    subresource: z.string().default(''),
    fieldsV1: z.record(z.string(), z.unknown()).default({}),
  }),
);
export type ManagedFields = z.infer<typeof managedFieldsSchema>;

const objectSchema = z.object({ metadata: z.object({ managedFields: managedFieldsSchema.default([]) }) });

/** The entries of an API object; empty if it has none. */
export function managedFieldsOf(object: unknown): ManagedFields {
  const parsed = objectSchema.safeParse(object);
  return parsed.success ? parsed.data.metadata.managedFields : [];
}

/** True if firstseen has applied the object; otherwise it is somebody else's object of the same name. */
export function isApplied(fields: ManagedFields): boolean {
  return fields.some(({ manager, operation }) => manager === FIELD_MANAGER && operation === 'Apply');
}

/** True if somebody else has set a field of the object outside its status. */
export function isTouched(fields: ManagedFields): boolean {
  return othersOf(fields).some(({ fieldsV1 }) => Object.keys(fieldsV1).length > 0);
}

/**
 * The object to apply without the fields that somebody else has set, so that applying it does not change them. A list
 * is one field, because lists of our resources are atomic.
 */
export function withoutOthers(object: object, fields: ManagedFields): object {
  const left = othersOf(fields).reduce<unknown>((value, { fieldsV1 }) => without(value, fieldsV1), object);
  return typeof left === 'object' && left !== null ? left : {};
}

/** Writes of the status do not show that somebody has tuned the object. */
function othersOf(fields: ManagedFields): ManagedFields {
  return fields.filter(({ manager, subresource }) => manager !== FIELD_MANAGER && subresource === '');
}

/**
 * A set of fields is a tree: `f:NAME` leads to a field, `.` means that the field itself is in the set beside its
 * children, and an empty node is a whole field.
 */
function without(value: unknown, owned: Readonly<Record<string, unknown>>): unknown {
  const names = Object.keys(owned).filter((name) => name !== '.');
  if (names.length === 0) return '.' in owned ? value : undefined;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const left = new Map(Object.entries(value));
  for (const name of names) {
    const field = name.slice('f:'.length);
    if (!name.startsWith('f:') || !left.has(field)) continue;
    const rest = without(left.get(field), toTree(owned[name]));
    if (rest === undefined) left.delete(field);
    else left.set(field, rest);
  }
  // A mapping without remaining fields would be applied as an empty one.
  return left.size === 0 ? undefined : Object.fromEntries(left);
}

function toTree(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
