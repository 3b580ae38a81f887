import { createHash } from 'node:crypto';

/**
 * A digest of what of an Alert's status is firstseen's: all but the phase. Equal for a status as it is written and as it is read
 * back: neither the order of fields nor a null, by which a merge patch takes a field away, makes a difference.
 */
export function statusDigest(status: unknown): string {
  const { phase: _, ...own } = Object(status);
  return createHash('sha256')
    .update(JSON.stringify(canonical(own)))
    .digest('base64url');
}

function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical);
  if (typeof value !== 'object' || value === null) return value;
  return Object.entries(value)
    .filter(([, item]) => item !== null && item !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, item]) => [key, canonical(item)]);
}
