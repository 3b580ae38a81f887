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
  /** The request that opened the alert, if the log has it. */
  readonly event: DecodedEvent | undefined;
  /** What the same user, or the same address, did at that time, and what else is evidence; in the order of time. */
  readonly around: readonly DecodedEvent[];
  /** Those of them that are evidence of the alert. */
  readonly evidence: ReadonlySet<DecodedEvent>;
  /** How many more there were. */
  readonly more: number;
}

/** So many are shown: those of the same user before others from the same address, and then those that are nearest. */
const MOST_AROUND = 20;

/**
 * Reads audit logs for what happened around the alert.
 * @param spanMicros how long before and after the request
 * @throws CommandError for a file that cannot be read
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

/** An audit ID is chosen by the client: the time and the stage have to be those of the alert as well. */
function isOpener({ event, at }: DecodedEvent, { request }: AlertObject['spec'], time: number | undefined): boolean {
  return isSameId(event.auditID, request.auditID) && event.stage === request.stage && at === time;
}

function isEvidence({ event, at }: DecodedEvent, { evidence }: AlertObject['status']): boolean {
  return evidence.some(({ auditID, time }) => isSameId(event.auditID, auditID) && parseTimestamp(time) === at);
}

/** The alert has it sanitised and cut. */
function isSameId(auditID: string | undefined, ofAlert: string | undefined): boolean {
  return auditID !== undefined && excerpt(auditID, ALERT_BOUNDS['spec.request.auditID'] ?? 0) === ofAlert;
}

/** A request is told of at its end; its beginning would tell it twice. */
function isRelated({ event }: DecodedEvent, { actor, request }: AlertObject['spec']): boolean {
  if (event.stage === 'RequestReceived' || isSameId(event.auditID, request.auditID)) return false;
  const isSameUser =
    actor.user !== undefined && event.user?.username === actor.user && actor.user !== 'system:anonymous';
  return isSameUser || (actor.sourceIP !== undefined && lastHop(event) === actor.sourceIP);
}
