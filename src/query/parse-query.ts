import type { Field } from '../ecs/field.ts';
import { parseKql } from './kql/parse.ts';
import type { Predicate } from './predicate.ts';
import type { Problem } from './problem.ts';

/** What the names in a query stand for. */
export interface QueryFields {
  /** The field of a name, always the same object for the same field; undefined if there is none. */
  readonly resolveField: (name: string) => Field | undefined;
  /** The name that was most likely meant by one that resolves to nothing. */
  readonly suggestField?: (name: string) => string | undefined;
}

export type ParsedQuery =
  /** A condition on one event. */
  | { readonly kind: 'event'; readonly predicate: Predicate }
  /** Events one after another. */
  | { readonly kind: 'sequence'; readonly sequence: ParsedSequence }
  | { readonly kind: 'invalid'; readonly problems: readonly Problem[] };

export interface ParsedSequence {
  readonly items: readonly ParsedItem[];
  /** An event that ends what is under way. */
  readonly until?: ParsedItem;
  /** The longest time between the first event and the last (µs). */
  readonly maxspanMicros?: number;
}

export interface ParsedItem {
  readonly predicate: Predicate;
  /** The fields whose values the events have in common, the same number for each item. */
  readonly by: readonly { readonly field: Field; readonly optional: boolean }[];
  /** How many events in turn it stands for. */
  readonly runs: number;
}

/** Reads a query in the language that it is written in: the one place that knows them all. Never throws. */
export function parseQuery(language: 'kuery' | 'eql', source: string, fields: QueryFields): ParsedQuery {
  switch (language) {
    case 'kuery': {
      const result = parseKql(source, fields);
      return result.kind === 'ok' ? { kind: 'event', predicate: result.predicate } : result;
    }
    case 'eql':
      return { kind: 'invalid', problems: [{ message: 'EQL is not read by this version', line: 1, column: 1 }] };
  }
}
