import { decodeDocument } from '../audit/decode.ts';
import type { DecodedEvent } from '../audit/event.ts';
import { type AuditInput, AuditInputError } from '../ingest/audit-input.ts';
import type { Io } from './io.ts';
import { startProgressBar } from './progress-bar.ts';

/** Events per call of `take`, about a few batches of a busy API server. */
const BATCH = 500;

export interface EventsRead {
  events: number;
  /** Lines and list items that are not audit events. */
  skipped: number;
  /** Files that could not be read to the end. */
  broken: number;
}

/**
 * Reads audit logs one after another, with a progress bar for `verb`. Skips parts that are not events, goes on with the
 * next file after a read error, and reports both on standard error.
 * @param take gets some hundred events at a time, in the order of the files
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
  /** Printed after the bar is removed. */
  const notes: string[] = [];
  let waiting: DecodedEvent[] = [];
  const flush = async () => {
    // At equal times, the order in the files counts, across all documents of a batch.
    await take(waiting.map((event, ordinal) => ({ ...event, ordinal })));
    counts.events += waiting.length;
    waiting = [];
  };
  /** Reports the first skipped part; the rest is counted. */
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
        // No spread: a list may exceed the limit on arguments.
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
