import type { Field } from '../ecs/field.ts';
import { type EqlSequence, parseEql } from './eql/parse.ts';
import { parseRuleQuery, type RuleQuery } from './esql/rule-query.ts';
import { parseKql } from './kql/parse.ts';
import type { Predicate } from './predicate/predicate.ts';
import type { Problem } from './problem.ts';

/** Resolves the names in a query. */
export interface QueryFields {
  /** The field of a name, always the same object for the same field; undefined if there is none. */
  readonly resolveField: (name: string) => Field | undefined;
  /** The name that was most likely meant by an unknown one. */
  readonly suggestField?: (name: string) => string | undefined;
}

export type ParsedQuery =
  /** A condition on one event. */
  | { readonly kind: 'event'; readonly predicate: Predicate }
  /** A sequence of events. */
  | { readonly kind: 'sequence'; readonly sequence: EqlSequence }
  /** A pipeline of commands. */
  | { readonly kind: 'pipeline'; readonly query: RuleQuery }
  | { readonly kind: 'invalid'; readonly problems: readonly Problem[] };

/** The result for a language of conditions. */
export type ParsedCondition = Exclude<ParsedQuery, { readonly kind: 'pipeline' }>;

/** Parses a query in any language: the only place that knows all of them. Never throws. */
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
