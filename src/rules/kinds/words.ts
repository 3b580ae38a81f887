import type { FieldAndValue } from '../compiled-rule.ts';

/** Fields that a sentence calls by a shorter name. */
const FIELD_WORDS: Readonly<Record<string, string>> = {
  'user_agent.original': 'user agent',
  'user.name': 'user',
  'source.ip': 'source IP',
};

export function fieldWord(field: string): string {
  return FIELD_WORDS[field] ?? field;
}

/** For example `user "eve", source IP "10.0.0.1"`. Not sanitised. */
export function nameValues(values: readonly FieldAndValue[]): string {
  return values.map(({ field, value }) => `${fieldWord(field)} "${value}"`).join(', ');
}
