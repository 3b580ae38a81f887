import type { RuleKind } from '../compiled-rule.ts';
import type { RuleType } from '../document.ts';
import { esqlRowKind } from './esql-row.ts';
import { newTermsKind } from './new-terms.ts';
import { eqlEventKind, queryKind } from './query.ts';
import { thresholdKind } from './threshold.ts';

/**
 * Every rule type that this version runs: a new one is a file beside this and a line here. A rule of type eql that is a
 * sequence has another kind, `sequence.ts`, and one of type esql with STATS too, `stats.ts`: the query decides.
 */
export const RULE_KINDS: Readonly<Record<RuleType, RuleKind>> = {
  query: queryKind,
  new_terms: newTermsKind,
  threshold: thresholdKind,
  eql: eqlEventKind,
  esql: esqlRowKind,
};
