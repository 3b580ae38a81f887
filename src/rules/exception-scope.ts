import type { RuleDocument, RuleExceptionDocument } from './document.ts';

/** Whether an exception that stands by itself is for a rule: it names the rule, or one of its tags. */
export function isFor(
  { rules, tags }: Pick<RuleExceptionDocument, 'rules' | 'tags'>,
  rule: Pick<RuleDocument, 'name' | 'tags'>,
): boolean {
  return rules.includes(rule.name) || tags.some((tag) => rule.tags.includes(tag));
}
