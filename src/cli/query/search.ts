import type { DecodedEvent } from '../../audit/event.ts';

/** An event with its text in the file. */
export interface SearchedEvent {
  readonly event: DecodedEvent;
  /** One line without line break; valid until the next event. */
  readonly line: () => Buffer;
  /** The name of its file. */
  readonly file: string;
}

/** A running query. */
export interface Search {
  /** False if the query reads no events. */
  readonly reads: boolean;
  /** Takes the next event. False if the search needs no more. */
  readonly push: (searched: SearchedEvent) => boolean;
  /** Call after the last event. */
  readonly finish: () => void;
  /** The number of events, sequences or rows found. */
  readonly found: () => number;
  /** Why the search stopped early, if it did. Results so far are valid. */
  readonly failure: () => string | undefined;
  /** Notes on the result, such as skipped events. */
  readonly notes: () => readonly string[];
}

/** Output options of a search. */
export interface SearchOptions {
  readonly output: 'lines' | 'json' | 'table' | 'count';
  /** The most events, sequences or rows to find. */
  readonly maxCount: number;
  /** Prefix each line with its file name. */
  readonly withFilename: boolean;
}
