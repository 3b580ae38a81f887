import { QUERY_LANGUAGES, RULE_TYPES } from '../document.ts';
import { quoteName } from '../document-problem.ts';
import type { UnsupportedReason } from './unsupported-reason.ts';

/** Types of rules that are known and do not run here; what to do instead. */
const TYPE_HINTS: ReadonlyMap<string, string> = new Map([
  ['machine_learning', 'there are no anomaly jobs here: a rule of type new_terms or threshold may come near'],
  ['saved_query', 'open the rule in Kibana, switch off that it loads the saved query, and export it again'],
  ['threat_match', 'there is no index of indicators here: write them as a list, or in the query'],
]);

const LANGUAGE_HINTS: ReadonlyMap<string, string> = new Map([
  ['lucene', 'write the query in KQL: field: value, and, or, not, * as a wildcard'],
]);

/** Why a rule cannot run here for its type or its language. */
export function typeReasons({ type, language }: Readonly<Record<string, unknown>>): readonly UnsupportedReason[] {
  const reasons: UnsupportedReason[] = [];
  const types: readonly string[] = RULE_TYPES;
  const languages: readonly string[] = QUERY_LANGUAGES;
  if (typeof type === 'string' && !types.includes(type)) {
    const name = quoteName(type);
    const message = `rule type ${name} is not supported by this version; supported: ${types.join(', ')}`;
    const hint = TYPE_HINTS.get(type);
    reasons.push({ kind: 'type', name, message, path: ['type'], ...(hint !== undefined && { hint }) });
  }
  if (typeof language === 'string' && !languages.includes(language)) {
    const name = quoteName(language);
    const message = `language ${name} is not supported by this version; supported: ${languages.join(', ')}`;
    const hint = LANGUAGE_HINTS.get(language);
    reasons.push({ kind: 'language', name, message, path: ['language'], ...(hint !== undefined && { hint }) });
  }
  return reasons;
}
