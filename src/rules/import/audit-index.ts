/** The data stream of Elastic's audit integration, which firstseen replaces. */
const AUDIT_STREAM = 'logs-kubernetes.audit_logs-default';
const AUDIT_DATASET = 'kubernetes.audit_logs';

export type IndexKind =
  /** It names the audit events. */
  | 'audit'
  /** It covers audit events and much else, like `logs-*`. */
  | 'broad'
  /** It holds other data. */
  | 'other';

/** What an index pattern of an Elastic rule reads. A cluster prefix before `:` (cross-cluster search) is ignored. */
export function indexKind(pattern: string): IndexKind {
  const local = pattern.slice(pattern.indexOf(':') + 1);
  if (local.includes(AUDIT_DATASET)) return 'audit';
  return covers(local, AUDIT_STREAM) ? 'broad' : 'other';
}

/** True if a query mentions audit events: their dataset or a field below `kubernetes.audit`. */
export function mentionsAudit(query: string): boolean {
  return query.includes('kubernetes.audit');
}

/** True if a pattern with `*` for any text matches the whole name; in linear time. */
function covers(pattern: string, name: string): boolean {
  const [first = '', ...rest] = pattern.split('*');
  const last = rest.pop();
  if (last === undefined) return pattern === name;
  if (!name.startsWith(first)) return false;
  let at = first.length;
  for (const part of rest) {
    const found = name.indexOf(part, at);
    if (found === -1) return false;
    at = found + part.length;
  }
  return name.length - last.length >= at && name.endsWith(last);
}
