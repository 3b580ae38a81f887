import { decodeDocument } from '../../audit/decode.ts';
import type { DecodedEvent } from '../../audit/event.ts';
import { lastHop } from '../../audit/identity.ts';
import { excerpt } from '../../audit/text.ts';
import { parseTimestamp } from '../../audit/timestamp.ts';
import { ALERT_BOUNDS } from '../../kubernetes/alert-resource.ts';
import type { AlertObject } from '../alerts/alert-object.ts';
import type { Io } from '../io.ts';
import { openAuditInputs } from '../open-audit-inputs.ts';

export interface EventsAround {
  /** The request that opened the alert, if it is in the log. */
  readonly event: DecodedEvent | undefined;
  /** Requests of the same user or address at that time, and evidence, oldest first. */
  readonly around: readonly DecodedEvent[];
  /** The evidence among them. */
  readonly evidence: ReadonlySet<DecodedEvent>;
  /** The number of requests beyond these. */
  readonly more: number;
}

/** The limit. The same user comes before the same address, then the nearest in time. */
const MOST_AROUND = 20;

/**
 * Finds the requests around an alert in audit logs.
 * @param spanMicros how long before and after the request
 * @throws CommandError if a file cannot be read
 */
export async function eventsAround(
  files: readonly string[],
  { spec, status }: AlertObject,
  spanMicros: number,
  io: Io,
): Promise<EventsAround> {
  const at = parseTimestamp(spec.request.time ?? '');
  let event: DecodedEvent | undefined;
  const evidence = new Set<DecodedEvent>();
  let near: DecodedEvent[] = [];
  let count = 0;
  const distance = (other: DecodedEvent) => Math.abs(other.at - (at ?? 0));
  for (const input of await openAuditInputs(files, io)) {
    for await (const { text } of input.documents()) {
      const decoded = decodeDocument(text, Date.now() * 1_000);
      if (decoded.kind === 'rejected') continue;
      for (const other of decoded.events) {
        if (isOpener(other, spec, at)) event = other;
        else if (isEvidence(other, status)) evidence.add(other);
        else if (at !== undefined && distance(other) <= spanMicros && isRelated(other, spec)) {
          count += 1;
          near.push(other);
        }
      }
      if (near.length > 8 * MOST_AROUND) near = nearestOf(near);
    }
  }
  const nearest = nearestOf(near);
  const around = [...evidence, ...nearest].toSorted((a, b) => a.at - b.at);
  return { event, around, evidence, more: count - nearest.length };

  function nearestOf(events: readonly DecodedEvent[]): DecodedEvent[] {
    const isOthers = ({ event }: DecodedEvent) => Number(event.user?.username !== spec.actor.user);
    return events.toSorted((a, b) => isOthers(a) - isOthers(b) || distance(a) - distance(b)).slice(0, MOST_AROUND);
  }
}

/** Also compares time and stage, because clients can choose audit IDs. */
function isOpener({ event, at }: DecodedEvent, { request }: AlertObject['spec'], time: number | undefined): boolean {
  return isSameId(event.auditID, request.auditID) && event.stage === request.stage && at === time;
}

function isEvidence({ event, at }: DecodedEvent, { evidence }: AlertObject['status']): boolean {
  return evidence.some(({ auditID, time }) => isSameId(event.auditID, auditID) && parseTimestamp(time) === at);
}

/** The alert holds a sanitised, cut copy. */
function isSameId(auditID: string | undefined, ofAlert: string | undefined): boolean {
  return auditID !== undefined && excerpt(auditID, ALERT_BOUNDS['spec.request.auditID'] ?? 0) === ofAlert;
}

/** Skips stage RequestReceived, so that a request is listed once. */
function isRelated({ event }: DecodedEvent, { actor, request }: AlertObject['spec']): boolean {
  if (event.stage === 'RequestReceived' || isSameId(event.auditID, request.auditID)) return false;
  const isSameUser =
    actor.user !== undefined && event.user?.username === actor.user && actor.user !== 'system:anonymous';
  return isSameUser || (actor.sourceIP !== undefined && lastHop(event) === actor.sourceIP);
}
