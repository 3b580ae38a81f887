import type { AuditEvent, DecodedEvent } from '../../src/audit/event.ts';
import { formatTimestamp } from '../../src/audit/timestamp.ts';

/** 2026-03-01T12:00:00Z, in microseconds: when the first request of a test happens. */
export const NOON = 1_772_366_400_000_000;

export interface RequestChanges {
  /** Of the stage and of the request, in microseconds; NOON unless given. */
  readonly at?: number;
  /** When the request was received, if not `at`: a later stage of the same request keeps it. */
  readonly requestedAt?: number;
  /** When the batch was received, if not `at`. */
  readonly receivedAt?: number;
  /** The auditID: another one is another request. */
  readonly id?: string;
  readonly ordinal?: number;
  /** Null: the request says none. */
  readonly userAgent?: string | null;
  readonly sourceIPs?: readonly string[];
  readonly username?: string;
  /** Anything else of the event. */
  readonly event?: Partial<AuditEvent>;
}

/** An anonymous request for the pods of a namespace, that was allowed. */
export function anonymousRequest(changes: RequestChanges = {}): DecodedEvent {
  const { at = NOON, userAgent = 'masscan/1.3' } = changes;
  const event: AuditEvent = {
    level: 'Metadata',
    auditID: changes.id ?? `request-at-${at}`,
    stage: 'ResponseComplete',
    requestURI: '/api/v1/namespaces/default/pods?limit=500',
    verb: 'list',
    user: { username: changes.username ?? 'system:anonymous', groups: ['system:unauthenticated'] },
    sourceIPs: changes.sourceIPs ?? ['203.0.113.7'],
    ...(userAgent === null ? {} : { userAgent }),
    objectRef: { resource: 'pods', namespace: 'default', apiVersion: 'v1' },
    responseStatus: { code: 200 },
    requestReceivedTimestamp: formatTimestamp(changes.requestedAt ?? at),
    stageTimestamp: formatTimestamp(at),
    annotations: { 'authorization.k8s.io/decision': 'allow' },
    ...changes.event,
  };
  return {
    event,
    ordinal: changes.ordinal ?? 0,
    truncated: false,
    receivedAt: changes.receivedAt ?? at,
    at,
    skewed: false,
  };
}

/** The events as one batch, in the order given. */
export function batchOf(...events: readonly DecodedEvent[]): readonly DecodedEvent[] {
  return events.map((event, ordinal) => ({ ...event, ordinal }));
}
