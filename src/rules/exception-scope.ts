import type { RuleDocument, RuleExceptionDocument } from './document.ts';

/** Whether a separate exception applies to a rule: it names the rule or one of its tags. */
export function isFor(
  { rules, tags }: Pick<RuleExceptionDocument, 'rules' | 'tags'>,
  rule: Pick<RuleDocument, 'name' | 'tags'>,
): boolean {
  return rules.includes(rule.name) || tags.some((tag) => rule.tags.includes(tag));
}
