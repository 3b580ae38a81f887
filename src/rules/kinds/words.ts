import type { Term } from '../compiled-rule.ts';

/** Fields with a shorter name in sentences. */
const FIELD_WORDS: Readonly<Record<string, string>> = {
  'user_agent.original': 'user agent',
  'user.name': 'user',
  'source.ip': 'source IP',
  'firstseen.source.ip': 'source IP',
  'firstseen.image.registry': 'image registry',
  'firstseen.image.repository': 'image',
  'kubernetes.audit.objectRef.namespace': 'namespace',
  'kubernetes.audit.objectRef.name': 'name',
  'kubernetes.audit.objectRef.resource': 'resource',
  'kubernetes.audit.verb': 'verb',
};

export function fieldWord(field: string): string {
  return FIELD_WORDS[field] ?? field;
}

/** For example `user "eve", source IP "10.0.0.1" (as 10.0.0.0/24)`. Not sanitised. */
export function nameValues(values: readonly Term[]): string {
  return values
    .map(({ field, value, canonical = value }) => {
      const as = canonical === value ? '' : ` (as ${canonical})`;
      return `${fieldWord(field)} "${value}"${as}`;
    })
    .join(', ');
}
