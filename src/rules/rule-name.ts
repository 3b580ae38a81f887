export const MAX_RULE_NAME_LENGTH = 200;
/** The prefix of firstseen's rules about itself: no file and no resource may use it. */
export const RESERVED_RULE_NAMES = 'firstseen-tamper-';

/** True for a DNS-1123 subdomain of at most 200 characters: a valid name of a Kubernetes resource. */
export function isRuleName(text: string): boolean {
  if (text.length > MAX_RULE_NAME_LENGTH) return false;
  return text.split('.').every((label) => /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/.test(label));
}

/**
 * A readable rule name from any text: accents are dropped, and other characters become one `-`. The same text always
 * gives the same name. Undefined if nothing is left.
 */
export function toRuleName(text: string): string | undefined {
  const words = text
    .slice(0, 2 * MAX_RULE_NAME_LENGTH)
    .normalize('NFKD')
    .replace(/\p{Mark}/gu, '')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '');
  const name = words.join('-').slice(0, MAX_RULE_NAME_LENGTH);
  const trimmed = name.endsWith('-') ? name.slice(0, -1) : name;
  return trimmed === '' ? undefined : trimmed;
}
