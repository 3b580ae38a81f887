import type { DecodedEvent } from '../../audit/event.ts';

/** An event that is searched, and what its file says. */
export interface SearchedEvent {
  readonly event: DecodedEvent;
  /** One line, without its end; valid until the next event. */
  readonly line: () => Buffer;
  /** The name of its file. */
  readonly file: string;
}

/** A query on its way through the events. */
export interface Search {
  /** False if it asks nothing of events. */
  readonly reads: boolean;
  /** False if no more events are wanted. */
  readonly push: (searched: SearchedEvent) => boolean;
  /** All events were pushed that there are. */
  readonly finish: () => void;
  /** How many events, sequences or rows were found. */
  readonly found: () => number;
  /** Why it was given up; what was found stands. Undefined if it was not. */
  readonly failure: () => string | undefined;
  /** What a person has to know about the result, such as what was left out of it. */
  readonly notes: () => readonly string[];
}

/** What a search is to print. */
export interface SearchOptions {
  readonly output: 'lines' | 'json' | 'table' | 'count';
  /** The most events, sequences or rows that are looked for. */
  readonly maxCount: number;
  /** Each line stands behind the name of its file. */
  readonly withFilename: boolean;
}
