import type { AuditEvent, DecodedEvent } from '../../src/audit/event.ts';
import type { Field, FieldType, FieldValue, FieldValues } from '../../src/ecs/field.ts';

/** A plain JSON document as an event, for the fields of `createDocumentFields`. */
export function documentEvent(document: unknown): DecodedEvent {
  const event: AuditEvent = { requestObject: document };
  return { event, ordinal: 0, truncated: false, receivedAt: 0, at: 0, skewed: false };
}

/**
 * Resolves any dotted name to a field that reads this path of the document: objects inside lists flatten to a set of
 * values, null and empty lists are absent. What has no type in `types` is a keyword.
 */
export function createDocumentFields(types: Readonly<Record<string, FieldType>>): (name: string) => Field {
  const fields = new Map<string, Field>();
  return (name) => {
    const known = fields.get(name);
    if (known !== undefined) return known;
    const path = name.split('.');
    const field: Field = {
      name,
      type: Object.hasOwn(types, name) ? (types[name] ?? 'keyword') : 'keyword',
      doc: 'A path of a test document.',
      read: ({ event }) => readPath(event.requestObject, path),
    };
    fields.set(name, field);
    return field;
  };
}

function readPath(document: unknown, path: readonly string[]): FieldValues {
  const values: FieldValue[] = [];
  collect(document, path, 0, values);
  return values.length > 1 ? values : values[0];
}

function collect(value: unknown, path: readonly string[], depth: number, values: FieldValue[]): void {
  if (Array.isArray(value)) {
    for (const element of value) collect(element, path, depth, values);
  } else if (typeof value === 'object' && value !== null) {
    const key = path[depth];
    if (key !== undefined && Object.hasOwn(value, key)) collect(Reflect.get(value, key), path, depth + 1, values);
  } else if (depth === path.length && isScalar(value)) {
    values.push(value);
  }
}

function isScalar(value: unknown): value is FieldValue {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}
