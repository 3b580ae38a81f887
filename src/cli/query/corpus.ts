import type { DecodedEvent } from '../../audit/event.ts';
import type { AuditDocument } from '../../ingest/audit-input.ts';
import type { Table } from '../../query/esql/table.ts';
import type { QueryFields } from '../../query/parse-query.ts';

/** What a query searches: how its documents are read, and what names stand for in them. */
export interface Corpus extends QueryFields {
  readonly read: (document: AuditDocument) => ReadDocument;
  /** What FROM reads. */
  readonly table: Table<DecodedEvent>;
  /** The columns of an event as a table shows it. */
  readonly columns: readonly Column[];
  /** What is wrong with a query that can only be told when all was read; none if nothing is. */
  readonly complaints: () => readonly string[];
}

export interface ReadDocument {
  readonly events: readonly DecodedEvent[];
  /** How many parts of the document are no events. */
  readonly skipped: number;
  /** Why the first of them is none. */
  readonly reason?: string;
  /** What the file says of the event with this ordinal: one line, without its end. */
  readonly lineOf: (ordinal: number) => Buffer;
}

export interface Column {
  readonly name: string;
  /** Need not be safe to show. */
  readonly read: (event: DecodedEvent) => string;
}

/** A document as one line: breaks of lines stand only between the parts of JSON, never in them, so that nothing of it is lost. */
export function asOneLine({ bytes, text }: Pick<AuditDocument, 'bytes' | 'text'>): Buffer {
  return bytes.includes('\n') ? Buffer.from(joinLines(text)) : bytes;
}

export function joinLines(json: string): string {
  return json.trim().replace(/\s*[\r\n]\s*/g, '');
}
