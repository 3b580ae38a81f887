import type { AuditEvent, DecodedEvent } from './event.ts';
import { isObject } from './shape.ts';
import { parseTimestamp } from './timestamp.ts';

const MICROS_PER_HOUR = 3_600_000_000;

/**
 * What tells one request from another, as the JSON text of a list, which no choice of names can make ambiguous; the caller hashes it.
 *
 * `Audit-ID` is a header that the client chooses and that the API server copies (kubernetes/kubernetes#101597), so an auditID alone
 * identifies nothing: a second request could hide behind it. `undefined` if the event has no auditID or no time of receipt:
 * such an event is known only by all that it says and its place in the batch.
 */
export function requestKeyParts(cluster: string, event: AuditEvent): string | undefined {
  const parts = requestParts(cluster, event);
  return parts === undefined ? undefined : JSON.stringify(parts);
}

/**
 * What tells one event from another: the request, the stage and the time of the stage. `undefined` if one of the times
 * or the auditID is missing.
 */
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
 * The peer that the API server itself saw. All entries before the last come from headers that the client sends
 * (X-Forwarded-For, X-Real-Ip).
 * @see k8s.io/apimachinery/pkg/util/net `SourceIPs`
 */
export function lastHop(event: AuditEvent): string | undefined {
  return event.sourceIPs?.at(-1) || undefined;
}

/** The verbs that change something. */
export const WRITES: ReadonlySet<string> = new Set(['create', 'update', 'patch', 'delete', 'deletecollection']);
/** Subresources that connect to something. */
export const CONNECTS: ReadonlySet<string> = new Set(['exec', 'attach', 'portforward', 'proxy']);

const DELETES: ReadonlySet<string> = new Set(['delete', 'deletecollection']);
/** Groups of questions, which are answered and never stored. */
const QUESTIONS: ReadonlySet<string> = new Set(['authentication.k8s.io', 'authorization.k8s.io']);

/**
 * True if the request asked for nothing to be stored: `dryRun=All` in the query of a write. It is the only trace that a dry run leaves, the
 * answer is 201 as ever. A `dryRun` with any other value is refused by the API server, and on reads and connects it means nothing.
 *
 * Of a deletion only the body counts: where there is one, the API server does not look at the query, and a body is not always in the audit
 * log. kubernetes, `staging/src/k8s.io/apiserver/pkg/endpoints/handlers/delete.go`.
 *
 * An exec, a token and a question about rights are what they are with a `dryRun`, too: the API server does not look at it, so naming it
 * must not make them look harmless.
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

/** The hour, counted from the epoch, in which the request was received; of `at` if the event does not say. */
export function hourOf(decoded: DecodedEvent): number {
  const received = decoded.event.requestReceivedTimestamp;
  const micros = (received ? parseTimestamp(received) : undefined) ?? decoded.at;
  return Math.floor(micros / MICROS_PER_HOUR);
}
