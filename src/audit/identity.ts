import type { AuditEvent, DecodedEvent } from './event.ts';
import { isObject } from './shape.ts';
import { parseTimestamp } from './timestamp.ts';

const MICROS_PER_HOUR = 3_600_000_000;

/**
 * Identifies a request: JSON text of a list, so no choice of names makes two requests look alike. The caller hashes it.
 *
 * Clients choose the `Audit-ID` header and the API server copies it (kubernetes/kubernetes#101597), so an auditID alone
 * identifies nothing: a second request could hide behind it. `undefined` if the event has no auditID or no time of
 * receipt; such an event is identified by its whole content and its position in the batch.
 */
export function requestKeyParts(cluster: string, event: AuditEvent): string | undefined {
  const parts = requestParts(cluster, event);
  return parts === undefined ? undefined : JSON.stringify(parts);
}

/** Identifies an event: its request, stage and time of the stage. `undefined` if a time or the auditID is missing. */
export function eventKeyParts(cluster: string, event: AuditEvent): string | undefined {
  const parts = requestParts(cluster, event);
  if (parts === undefined || !event.stageTimestamp) return undefined;
  return JSON.stringify([...parts, event.stage ?? null, event.stageTimestamp]);
}

function requestParts(cluster: string, event: AuditEvent): readonly unknown[] | undefined {
  if (!event.auditID || !event.requestReceivedTimestamp) return undefined;
  return [
    cluster,
    event.auditID,
    event.requestReceivedTimestamp,
    event.verb ?? null,
    event.requestURI ?? null,
    event.user?.username ?? null,
    event.sourceIPs ?? null,
  ];
}

/**
 * The peer address that the API server itself saw. All entries before the last come from headers of the client
 * (X-Forwarded-For, X-Real-Ip).
 * @see k8s.io/apimachinery/pkg/util/net `SourceIPs`
 */
export function lastHop(event: AuditEvent): string | undefined {
  return event.sourceIPs?.at(-1) || undefined;
}

/** Verbs that change an object. */
export const WRITES: ReadonlySet<string> = new Set(['create', 'update', 'patch', 'delete', 'deletecollection']);
/** Subresources that open a connection. */
export const CONNECTS: ReadonlySet<string> = new Set(['exec', 'attach', 'portforward', 'proxy']);

const DELETES: ReadonlySet<string> = new Set(['delete', 'deletecollection']);
/** API groups whose objects are questions: answered, never stored. */
const QUESTIONS: ReadonlySet<string> = new Set(['authentication.k8s.io', 'authorization.k8s.io']);

/**
 * True for a dry run: `dryRun=All` in the query of a write. The query is the only trace of a dry run; the answer is 201
 * as usual. The API server refuses any other value of `dryRun`, and ignores it on reads and connects.
 *
 * For a deletion only the body counts: if there is a body, the API server ignores the query, and the audit log does not
 * always have the body. kubernetes, `staging/src/k8s.io/apiserver/pkg/endpoints/handlers/delete.go`.
 *
 * The API server also ignores `dryRun` on an exec, a token request and a question about rights, so the parameter must
 * not make these look harmless.
 * @see https://kubernetes.io/docs/reference/using-api/api-concepts/#dry-run
 */
export function isDryRun(event: AuditEvent): boolean {
  const uri = event.requestURI ?? '';
  if (!WRITES.has(event.verb ?? '') || ignoresDryRun(event)) return false;
  if (DELETES.has(event.verb ?? '')) {
    const { requestObject: options } = event;
    return isObject(options) && Array.isArray(options.dryRun) && options.dryRun.includes('All');
  }
  for (let start = uri.indexOf('?') + 1; start > 0; start = uri.indexOf('&', start) + 1) {
    const next = uri.indexOf('&', start);
    if (isDryRunParameter(uri.slice(start, next === -1 ? uri.length : next))) return true;
  }
  return false;
}

function ignoresDryRun({ objectRef }: AuditEvent): boolean {
  const subresource = objectRef?.subresource ?? '';
  return CONNECTS.has(subresource) || subresource === 'token' || QUESTIONS.has(objectRef?.apiGroup ?? '');
}

function isDryRunParameter(parameter: string): boolean {
  if (parameter === 'dryRun=All') return true;
  const LONGEST_ENCODING = 30;
  if (parameter.length > LONGEST_ENCODING || !parameter.includes('%')) return false;
  try {
    return parameter.split('=').map(decodeURIComponent).join('=') === 'dryRun=All' && parameter.includes('=');
  } catch {
    return false;
  }
}

/** The hour of receipt, counted from the epoch; the hour of `at` if the event has no time of receipt. */
export function hourOf(decoded: DecodedEvent): number {
  const received = decoded.event.requestReceivedTimestamp;
  const micros = (received ? parseTimestamp(received) : undefined) ?? decoded.at;
  return Math.floor(micros / MICROS_PER_HOUR);
}
