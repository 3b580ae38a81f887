import type { RuleKind } from '../compiled-rule.ts';
import type { RuleType } from '../document.ts';
import { newTermsKind } from './new-terms.ts';
import { queryKind } from './query.ts';

/** Every rule type that this version runs: a new one is a file beside this and a line here. */
export const RULE_KINDS: Readonly<Record<RuleType, RuleKind>> = {
  query: queryKind,
  new_terms: newTermsKind,
};
