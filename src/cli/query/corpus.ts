import type { DecodedEvent } from '../../audit/event.ts';
import type { AuditDocument } from '../../ingest/audit-input.ts';
import type { Table } from '../../query/esql/table.ts';
import type { QueryFields } from '../../query/parse-query.ts';

/** The documents of a query: how to read them, and their fields. */
export interface Corpus extends QueryFields {
  readonly read: (document: AuditDocument) => ReadDocument;
  /** The table that FROM reads. */
  readonly table: Table<DecodedEvent>;
  /** The columns of an event in a table. */
  readonly columns: readonly Column[];
  /** Problems of the query that show only after all documents are read. */
  readonly complaints: () => readonly string[];
}

export interface ReadDocument {
  readonly events: readonly DecodedEvent[];
  /** The number of parts that are not events. */
  readonly skipped: number;
  /** Why the first of them is not an event. */
  readonly reason?: string;
  /** The text of the event with this ordinal as one line, without line break. */
  readonly lineOf: (ordinal: number) => Buffer;
}

export interface Column {
  readonly name: string;
  /** May be unsafe to print. */
  readonly read: (event: DecodedEvent) => string;
}

/** A document as one line. JSON tokens contain no line breaks, so this loses nothing. */
export function asOneLine({ bytes, text }: Pick<AuditDocument, 'bytes' | 'text'>): Buffer {
  return bytes.includes('\n') ? Buffer.from(joinLines(text)) : bytes;
}

export function joinLines(json: string): string {
  return json.trim().replace(/\s*[\r\n]\s*/g, '');
}
