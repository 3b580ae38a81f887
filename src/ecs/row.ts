import type { AuditEvent } from '../audit/event.ts';
import type { Field, FieldType, FieldValues } from './field.ts';

type Read = (event: AuditEvent) => FieldValues;

/** A row of the field table whose values come from the event. */
export function row(name: string, type: FieldType, doc: string, read: Read): Field {
  return { name, type, doc, read: ({ event }) => read(event) };
}

/** A row with the same value on every event. */
export function constant(name: string, value: string, doc: string): Field {
  return { name, type: 'keyword', doc: `Always \`${value}\`. ${doc}`, read: () => value, constant: value };
}

/** A known name that never has a value. */
export function neverSet(name: string, doc: string): Field {
  return { name, type: 'keyword', doc, read: () => undefined, neverSet: true };
}
