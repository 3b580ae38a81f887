import type { DecodedEvent } from '../../audit/event.ts';
import { formatTimestamp, parseTimestamp } from '../../audit/timestamp.ts';
import type { Field, FieldType, FieldValue, FieldValues } from '../../ecs/field.ts';
import { compilePath, MAX_SEGMENTS } from '../../ecs/walk.ts';
import type { AuditDocument } from '../../ingest/audit-input.ts';
import { createDocumentTable, type DocumentTableOptions } from '../../query/esql/document-table.ts';
import { kqlCondition } from '../../query/esql/kql-condition.ts';
import type { Table, TableColumn } from '../../query/esql/table.ts';
import { nearest } from '../../query/nearest.ts';
import { asOneLine, type Corpus, type ReadDocument } from './corpus.ts';
import type { DocumentType, DocumentTypes } from './document-types.ts';

const TIME = '@timestamp';

/**
 * Any JSON documents. A field is a dotted path through lists and objects, with its given type or else keyword. After
 * all documents are read, a field without a given type that none of them has is reported as a typing error.
 */
export function createDocumentCorpus(types: DocumentTypes): Corpus {
  const fields = new Map<string, Field>();
  /** Fields in the query without a given type, not yet found in a document. */
  const missing = new Map<string, Field>();
  let documents = 0;

  const resolveField = (name: string): Field | undefined => {
    const known = fields.get(name);
    if (known !== undefined) return known;
    const segments = name.split('.');
    if (segments.length > MAX_SEGMENTS || segments.includes('')) return undefined;
    const field = createField(name, types.get(name) ?? 'keyword');
    fields.set(name, field);
    if (!types.has(name)) missing.set(name, field);
    return field;
  };
  const suggestField = (name: string) => nearest(name, types.keys());
  const time = createField(TIME, 'date');

  return {
    resolveField,
    suggestField,
    table: createTable(types, resolveField),
    columns: [
      { name: 'TIME', read: ({ at }) => (Number.isNaN(at) ? '' : formatTimestamp(at)) },
      { name: 'DOCUMENT', read: ({ event }) => JSON.stringify(event.requestObject) },
    ],
    complaints: () => {
      if (documents === 0) return [];
      return [...missing.keys()].map((name) => {
        const near = suggestField(name);
        const hint =
          near === undefined ? 'list a field that may be absent in the file of --types' : `did you mean ${near}?`;
        return `unknown field ${name}: no document has it\n  hint: ${hint}`;
      });
    },
    read: (document) => {
      const value = parse(document);
      if (value === undefined) return NOTHING;
      documents += 1;
      const untimed = toEvent(value, Number.NaN);
      for (const [name, field] of missing) if (field.read(untimed) !== undefined) missing.delete(name);
      const at = time.read(untimed);
      const event = typeof at === 'number' ? toEvent(value, at) : untimed;
      return { events: [event], skipped: 0, lineOf: () => asOneLine(document) };
    },
  };
}

const NOTHING: ReadDocument = { events: [], skipped: 1, reason: 'not a JSON object', lineOf: () => Buffer.of() };

function parse({ text }: AuditDocument): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Wraps the document as a request body, the part of an event that holds any JSON. */
function toEvent(document: object, at: number): DecodedEvent {
  return { event: { requestObject: document }, ordinal: 0, truncated: false, receivedAt: at, at, skewed: false };
}

const FIELD_TYPES: Readonly<Record<DocumentType, FieldType>> = {
  keyword: 'keyword',
  ip: 'ip',
  integer: 'integer',
  long: 'integer',
  double: 'integer',
  boolean: 'boolean',
  date: 'date',
};

function createField(name: string, type: DocumentType): Field {
  const read = compilePath(name);
  const doc = 'A path of a document.';
  if (type !== 'date') return { name, type: FIELD_TYPES[type], doc, read: ({ event }) => read(event.requestObject) };
  return { name, type: 'date', doc, read: ({ event }) => toDates(read(event.requestObject)) };
}

function toDates(values: FieldValues): FieldValues {
  if (values === undefined) return undefined;
  if (typeof values !== 'object') return toDate(values);
  const dates = values.map(toDate).filter((date) => date !== undefined);
  return dates.length > 1 ? dates : dates[0];
}

/** Microseconds since the epoch, from RFC 3339 text or a number of milliseconds as in Elasticsearch. */
function toDate(value: FieldValue): number | undefined {
  if (typeof value === 'string') return parseTimestamp(value);
  return typeof value === 'number' && Number.isFinite(value) ? Math.round(value * 1_000) : undefined;
}

function createTable(types: DocumentTypes, resolveField: (name: string) => Field | undefined): Table<DecodedEvent> {
  const typed = createDocumentTable({ ...NO_DOCUMENTS, types: Object.fromEntries(types) });
  const ofDocument = ({ type, read }: TableColumn<unknown>): TableColumn<DecodedEvent> => ({
    type,
    read: ({ event }) => read(event.requestObject),
  });
  const untyped = (name: string) => {
    if (resolveField(name) === undefined) return undefined;
    return createDocumentTable({ ...NO_DOCUMENTS, types: { [name]: 'keyword' } }).column(name);
  };
  return {
    names: typed.names,
    column: (name) => {
      const column = typed.column(name) ?? untyped(name);
      return column === undefined ? undefined : ofDocument(column);
    },
    metadata: () => undefined,
    suggest: typed.suggest,
    kql: (query) => kqlCondition(query, { resolveField }),
  };
}

/** Parts of a table that do not apply to documents. */
const NO_DOCUMENTS: Omit<DocumentTableOptions, 'types'> = {
  metadata: () => undefined,
  kql: () => ({ kind: 'invalid', problems: [] }),
};
