import { createHash } from 'node:crypto';

/**
 * A digest of the part of an Alert's status that firstseen owns: all but the phase. It is the same for a status as written
 * and as read back, because it ignores the order of fields and nulls, with which a merge patch removes a field.
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
