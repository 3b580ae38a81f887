import { decodeDocument } from '../audit/decode.ts';
import type { DecodedEvent } from '../audit/event.ts';
import { type AuditInput, AuditInputError } from '../ingest/audit-input.ts';
import type { Io } from './io.ts';
import { startProgressBar } from './progress-bar.ts';

/** Events taken at once: as many as a busy API server sends in a few batches. */
const BATCH = 500;

export interface EventsRead {
  events: number;
  /** Lines and items of lists that are no audit events. */
  skipped: number;
  /** Files that could not be read to their end. */
  broken: number;
}

/**
 * Reads audit logs to their ends, one after another, with a progress bar for `verb`. What is no event is skipped, and a
 * file that breaks off is left there; both are said on standard error.
 * @param take gets the events in the order of the files, some hundred at once
 */
export async function readEvents(
  verb: string,
  inputs: readonly AuditInput[],
  io: Io,
  take: (events: readonly DecodedEvent[]) => Promise<void> | void,
): Promise<EventsRead> {
  const counts: EventsRead = { events: 0, skipped: 0, broken: 0 };
  const bar = startProgressBar(verb, inputs, io);
  const progress = (bytes: number) => bar.advance(bytes, counts.events);
  /** Said once the bar is gone. */
  const notes: string[] = [];
  let waiting: DecodedEvent[] = [];
  const flush = async () => {
    // What came first in the files comes first at the same time, over all documents of a batch.
    await take(waiting.map((event, ordinal) => ({ ...event, ordinal })));
    counts.events += waiting.length;
    waiting = [];
  };
  /** The first one stands for all: they are counted. */
  const skip = (where: string, reason: string, items: number) => {
    if (counts.skipped === 0) notes.push(`${where}: skipped: ${reason}\n`);
    counts.skipped += items;
  };
  const read = async (input: AuditInput) => {
    for await (const documents of input.batches(progress)) {
      for (const { text, line } of documents) {
        const decoded = decodeDocument(text, Date.now() * 1_000);
        if (decoded.kind === 'rejected') {
          skip(`${input.name}:${line}`, decoded.message, 1);
          continue;
        }
        const [first] = decoded.quarantined;
        if (first !== undefined) skip(`${input.name}:${line}`, first.reason, decoded.quarantined.length);
        // Not spread into arguments: a list holds any number of them.
        for (const event of decoded.events) waiting.push(event);
        if (waiting.length >= BATCH) await flush();
      }
    }
  };
  try {
    for (const input of inputs) {
      await read(input).catch((error: unknown) => {
        if (!(error instanceof AuditInputError)) throw error;
        notes.push(`${error.message}\n`);
        counts.broken += 1;
      });
    }
    await flush();
  } finally {
    bar.stop();
    for (const note of notes) io.err(note);
  }
  return counts;
}
