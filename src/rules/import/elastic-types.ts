import { QUERY_LANGUAGES, RULE_TYPES } from '../document.ts';
import { quoteName } from '../document-problem.ts';
import type { UnsupportedReason } from './unsupported-reason.ts';

/** Known rule types that are not supported, and what to do instead. */
const TYPE_HINTS: ReadonlyMap<string, string> = new Map([
  ['machine_learning', 'firstseen has no anomaly jobs: try a rule of type new_terms or threshold'],
  ['saved_query', 'in Kibana, turn off loading the saved query in the rule, and export it again'],
  ['threat_match', 'firstseen has no indicator index: write the indicators as a list, or in the query'],
]);

const LANGUAGE_HINTS: ReadonlyMap<string, string> = new Map([
  ['lucene', 'write the query in KQL: field: value, and, or, not, * as a wildcard'],
]);

/** Why a rule's type or language is not supported. */
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
