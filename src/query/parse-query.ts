import type { Field } from '../ecs/field.ts';
import { type EqlSequence, parseEql } from './eql/parse.ts';
import { parseRuleQuery, type RuleQuery } from './esql/rule-query.ts';
import { parseKql } from './kql/parse.ts';
import type { Predicate } from './predicate/predicate.ts';
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
  | { readonly kind: 'sequence'; readonly sequence: EqlSequence }
  /** Commands that rows go through, one after another. */
  | { readonly kind: 'pipeline'; readonly query: RuleQuery }
  | { readonly kind: 'invalid'; readonly problems: readonly Problem[] };

/** What can be read in a language of conditions. */
export type ParsedCondition = Exclude<ParsedQuery, { readonly kind: 'pipeline' }>;

/** Reads a query in the language that it is written in: the one place that knows them all. Never throws. */
export function parseQuery(language: 'kuery' | 'eql', source: string, fields: QueryFields): ParsedCondition;
export function parseQuery(language: 'kuery' | 'eql' | 'esql', source: string, fields: QueryFields): ParsedQuery;
export function parseQuery(language: 'kuery' | 'eql' | 'esql', source: string, fields: QueryFields): ParsedQuery {
  switch (language) {
    case 'kuery': {
      const result = parseKql(source, fields);
      return result.kind === 'ok' ? { kind: 'event', predicate: result.predicate } : result;
    }
    case 'eql':
      return parseEql(source, fields);
    case 'esql':
      return parseRuleQuery(source, fields);
  }
}
