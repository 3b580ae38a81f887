import { z } from 'zod';

/** The name under which firstseen applies rules: what others change of them is then known by any other name. */
export const FIELD_MANAGER = 'firstseen';

/**
 * Who set which field of an object: `metav1.ManagedFieldsEntry`. The API server keeps it, for every way of writing:
 * https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management
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

/** Of an object of the API; empty if it says nothing of it. */
export function managedFieldsOf(object: unknown): ManagedFields {
  const parsed = objectSchema.safeParse(object);
  return parsed.success ? parsed.data.metadata.managedFields : [];
}

/** True if firstseen has applied the object, so that it is not somebody else's of the same name. */
export function isApplied(fields: ManagedFields): boolean {
  return fields.some(({ manager, operation }) => manager === FIELD_MANAGER && operation === 'Apply');
}

/** True if anybody else has set a field of the object outside of its status. */
export function isTouched(fields: ManagedFields): boolean {
  return othersOf(fields).some(({ fieldsV1 }) => Object.keys(fieldsV1).length > 0);
}

/**
 * What is left of an object to apply when each field that somebody else has set is taken out of it: applied, it leaves those
 * alone. A list is one field, since those of our resources are atomic.
 */
export function withoutOthers(object: object, fields: ManagedFields): object {
  const left = othersOf(fields).reduce<unknown>((value, { fieldsV1 }) => without(value, fieldsV1), object);
  return typeof left === 'object' && left !== null ? left : {};
}

/** A status is written by whoever is asked to, and says nothing about who wants what. */
function othersOf(fields: ManagedFields): ManagedFields {
  return fields.filter(({ manager, subresource }) => manager !== FIELD_MANAGER && subresource === '');
}

/**
 * A set of fields is a tree: `f:NAME` leads to a field, `.` says that the field itself is in the set beside what is below it, and
 * an empty node is a field as a whole.
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
  // A mapping of which nothing is left would be applied as an empty one.
  return left.size === 0 ? undefined : Object.fromEntries(left);
}

function toTree(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
