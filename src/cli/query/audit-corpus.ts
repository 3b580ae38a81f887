import { decodeDocument } from '../../audit/decode.ts';
import type { DecodedEvent } from '../../audit/event.ts';
import { splitItems } from '../../audit/split-items.ts';
import { formatTimestamp } from '../../audit/timestamp.ts';
import { displayEvent } from '../../detect/draft.ts';
import { FIELDS } from '../../ecs/fields.ts';
import type { AuditDocument } from '../../ingest/audit-input.ts';
import { createEventTable } from '../../query/esql/event-table.ts';
import { QUERY_FIELDS } from '../../rules/find-field.ts';
import { asOneLine, type Column, type Corpus, joinLines, type ReadDocument } from './corpus.ts';

const COLUMNS: readonly Column[] = [
  { name: 'TIME', read: ({ at }) => formatTimestamp(at) },
  { name: 'USER', read: ({ event }) => displayEvent(event).user },
  { name: 'ACTION', read: ({ event }) => displayEvent(event).action },
  { name: 'OBJECT', read: ({ event }) => displayEvent(event).object },
  { name: 'CODE', read: ({ event }) => String(event.responseStatus?.code ?? '') },
  { name: 'SOURCE', read: ({ event }) => displayEvent(event).source },
];

/**
 * Audit events with the fields of rules. Each event of a list is printed on its own line, unchanged.
 * @param receivedAt time of receipt in µs; events dated more than 10 minutes later get this time
 */
export function createAuditCorpus(receivedAt: number): Corpus {
  return {
    ...QUERY_FIELDS,
    table: createEventTable({ listed: FIELDS, ...QUERY_FIELDS }),
    columns: COLUMNS,
    complaints: () => [],
    read: (document) => readDocument(document, receivedAt),
  };
}

function readDocument(document: AuditDocument, receivedAt: number): ReadDocument {
  const decoded = decodeDocument(document.text, receivedAt);
  if (decoded.kind === 'rejected')
    return { events: [], skipped: 1, reason: decoded.message, lineOf: () => Buffer.of() };
  const { events, quarantined } = decoded;
  const reason = quarantined[0]?.reason;
  return {
    events,
    skipped: quarantined.length,
    ...(reason === undefined ? {} : { reason }),
    lineOf: createLineOf(document, events),
  };
}

/** The lines of a document's events. Splits a list only on demand. */
function createLineOf(document: AuditDocument, events: readonly DecodedEvent[]): (ordinal: number) => Buffer {
  let items: readonly string[] | undefined;
  return (ordinal) => {
    items ??= isList(document.text) ? splitItems(document.text, Number.POSITIVE_INFINITY)?.items : undefined;
    const item = items?.[ordinal];
    if (item !== undefined) return Buffer.from(joinLines(item));
    return events.length === 1 ? asOneLine(document) : Buffer.from(JSON.stringify(events[ordinal]?.event));
  };
}

/** True for a list. A decoded document is a list or one event, which may contain the text `EventList`. */
function isList(text: string): boolean {
  if (!text.includes('EventList')) return false;
  try {
    return JSON.parse(text).kind === 'EventList';
  } catch {
    return true;
  }
}
