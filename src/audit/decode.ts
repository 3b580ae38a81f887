import { type Bounds, clipMetadata, DEFAULT_BOUNDS, exceedsBounds, withoutBodies } from './bounds.ts';
import type { AuditEvent, DecodedEvent } from './event.ts';
import { parseJson } from './parse-json.ts';
import { redactText } from './redact-text.ts';
import { pathOf } from './request-uri.ts';
import { checkShape, isObject, type JsonObject, jsonTypeOf } from './shape.ts';
import { splitItems } from './split-items.ts';
import { excerpt, wellFormedJson } from './text.ts';
import { parseTimestamp } from './timestamp.ts';

/**
 * An item of a batch that could not be decoded, and why. Short, sanitised and without secrets, so it may be logged.
 */
export interface QuarantinedItem {
  readonly ordinal: number;
  /** With the place in the document, without text of the item: `items[3].user: expected an object, found a string`. */
  readonly reason: string;
  readonly auditID?: string;
  readonly verb?: string;
  /** Without the query, which can hold secrets. */
  readonly requestPath?: string;
}

export type DecodedBatch =
  | {
      readonly kind: 'batch';
      readonly events: readonly DecodedEvent[];
      readonly quarantined: readonly QuarantinedItem[];
    }
  | Rejection;

/** The document as a whole is unusable. `message` says what was expected and what was found. */
export interface Rejection {
  readonly kind: 'rejected';
  readonly reason: 'not_json' | 'not_event_list';
  readonly message: string;
}

const API_VERSION = 'audit.k8s.io/v1';
const LIST_KIND = 'EventList';
const EVENT_KIND = 'Event';
/** How far an event's time may be ahead of ours, to allow for clock skew. Beyond this the time of receipt is used. */
export const MAX_AHEAD_MICROS = 10 * 60 * 1_000_000;

/**
 * Decodes the body of one POST of the API server's audit webhook: an EventList of audit.k8s.io/v1. Never throws.
 *
 * A broken item is quarantined and the others are decoded, even if it is not JSON, as long as its end can be found. A
 * field of the wrong type quarantines the whole item, because dropping the field would change what the event says.
 *
 * @param receivedAt integer microseconds since the epoch
 */
export function decodeBatch(text: string, receivedAt: number, bounds: Bounds = DEFAULT_BOUNDS): DecodedBatch {
  const source = wellFormedJson(text);
  const document = parseJson(source);
  if (document === undefined) return decodeBrokenList(source, receivedAt, bounds);
  return decodeList(document, receivedAt, bounds);
}

/**
 * Decodes an EventList or a single Event, such as a line of an audit log file. Never throws. An Event may omit `kind`
 * and `apiVersion` if it has at least one field that only events have.
 */
export function decodeDocument(text: string, receivedAt: number, bounds: Bounds = DEFAULT_BOUNDS): DecodedBatch {
  const source = wellFormedJson(text);
  const document = parseJson(source);
  if (document === undefined) return decodeBrokenList(source, receivedAt, bounds);
  if (!looksLikeEvent(document)) return decodeList(document, receivedAt, bounds);
  const item = decodeEvent(document, 0, receivedAt, bounds, 'event');
  return 'reason' in item ? batch([], [item]) : batch([item], []);
}

/**
 * Decodes one event that is already parsed. Never throws, never changes `value`.
 * @param ordinal its position in the batch, from 0
 * @param place how the reason of a quarantine names it
 */
export function decodeEvent(
  value: unknown,
  ordinal: number,
  receivedAt: number,
  bounds: Bounds = DEFAULT_BOUNDS,
  place?: string,
): DecodedEvent | QuarantinedItem {
  if (!isObject(value)) return quarantine(value, ordinal, `: expected an object, found ${jsonTypeOf(value)}`, place);
  const shaped = checkShape(value);
  if (typeof shaped === 'string') return quarantine(value, ordinal, shaped, place);
  const problem = typeProblem(shaped);
  if (problem !== undefined) return quarantine(value, ordinal, problem, place);

  const over = exceedsBounds(shaped, bounds);
  const event = (over ? fit(shaped, bounds) : shaped) as AuditEvent;
  const claimed = timeOf(event.stageTimestamp) ?? timeOf(event.requestReceivedTimestamp) ?? receivedAt;
  const skewed = claimed > receivedAt + MAX_AHEAD_MICROS;
  return {
    event,
    ordinal,
    truncated: over || event.annotations?.['audit.k8s.io/truncated'] === 'true',
    receivedAt,
    at: skewed ? receivedAt : claimed,
    skewed,
  };
}

function decodeList(document: unknown, receivedAt: number, bounds: Bounds): DecodedBatch {
  if (!isObject(document)) return notEventList(jsonTypeOf(document));
  if (document.kind !== LIST_KIND || document.apiVersion !== API_VERSION) {
    return notEventList(`kind ${quoted(document.kind)} and apiVersion ${quoted(document.apiVersion)}`);
  }
  const items = document.items ?? (Object.hasOwn(document, 'items') ? [] : undefined);
  if (!Array.isArray(items)) return notEventList(`${jsonTypeOf(items)} as its items`);
  if (items.length > bounds.items) return notEventList(`${items.length} items, which is more than ${bounds.items}`);
  const events: DecodedEvent[] = [];
  const quarantined: QuarantinedItem[] = [];
  for (let ordinal = 0; ordinal < items.length; ordinal++) {
    const item = decodeEvent(items[ordinal], ordinal, receivedAt, bounds);
    if ('reason' in item) quarantined.push(item);
    else events.push(item);
  }
  return batch(events, quarantined);
}

/**
 * The slow path for text that does not parse as a whole: decodes each item that parses, if the list around the items is
 * intact.
 */
function decodeBrokenList(text: string, receivedAt: number, bounds: Bounds): DecodedBatch {
  const split = splitItems(text, bounds.items);
  const frame = split === undefined ? undefined : parseJson(split.frame);
  if (split === undefined || frame === undefined) return notJson(text);
  const list = decodeList(frame, receivedAt, bounds);
  if (list.kind === 'rejected') return list;
  const events: DecodedEvent[] = [];
  const quarantined: QuarantinedItem[] = [];
  for (const [ordinal, itemText] of split.items.entries()) {
    const parsed = parseJson(itemText);
    const item =
      parsed === undefined
        ? quarantine(undefined, ordinal, ': expected an object, found text that is not JSON')
        : decodeEvent(parsed, ordinal, receivedAt, bounds);
    if ('reason' in item) quarantined.push(item);
    else events.push(item);
  }
  return batch(events, quarantined);
}

function batch(events: readonly DecodedEvent[], quarantined: readonly QuarantinedItem[]): DecodedBatch {
  return { kind: 'batch', events, quarantined };
}

/** An item may omit its kind and version, as items from the API server do, but they must not be wrong. */
function typeProblem(event: JsonObject): string | undefined {
  if ((event.kind ?? EVENT_KIND) !== EVENT_KIND) return `.kind: expected "${EVENT_KIND}", found another text`;
  if ((event.apiVersion ?? API_VERSION) !== API_VERSION)
    return `.apiVersion: expected "${API_VERSION}", found another text`;
  return undefined;
}

function looksLikeEvent(value: unknown): boolean {
  if (!isObject(value)) return false;
  if (value.kind !== undefined) return value.kind === EVENT_KIND && (value.apiVersion ?? API_VERSION) === API_VERSION;
  return ['auditID', 'stage', 'requestURI', 'stageTimestamp'].some((name) => Object.hasOwn(value, name));
}

/** The event within the bounds: its bodies go first; its metadata is clipped only if it is too large without them. */
function fit(event: JsonObject, bounds: Bounds): JsonObject {
  const metadata = withoutBodies(event);
  return exceedsBounds(metadata, bounds) ? clipMetadata(metadata, bounds) : metadata;
}

function timeOf(text: string | undefined): number | undefined {
  return text ? parseTimestamp(text) : undefined;
}

function quarantine(value: unknown, ordinal: number, problem: string, place = `items[${ordinal}]`): QuarantinedItem {
  const item = isObject(value) ? value : {};
  const { auditID, verb, requestURI } = item;
  return {
    ordinal,
    reason: `${place}${problem}`,
    ...(typeof auditID === 'string' ? { auditID: excerpt(redactText(auditID), 128) } : {}),
    ...(typeof verb === 'string' ? { verb: excerpt(redactText(verb), 64) } : {}),
    ...(typeof requestURI === 'string' ? { requestPath: excerpt(redactText(pathOf(requestURI)), 256) } : {}),
  };
}

function notEventList(found: string): Rejection {
  const message = `expected an object of kind "${LIST_KIND}" and apiVersion "${API_VERSION}", found ${found}`;
  return { kind: 'rejected', reason: 'not_event_list', message };
}

function notJson(text: string): Rejection {
  const found = text.trim() === '' ? 'an empty text' : `${text.length} characters that are not JSON`;
  const message = `expected the JSON of an object of kind "${LIST_KIND}", found ${found}`;
  return { kind: 'rejected', reason: 'not_json', message };
}

function quoted(value: unknown): string {
  return typeof value === 'string' ? `"${excerpt(redactText(value), 64)}"` : jsonTypeOf(value);
}
