import type { DecodedEvent } from '../audit/event.ts';
import { isHiddenPlace, patchedPlaces, redactEvent } from '../audit/redact-event.ts';
import { REDACTED, redactText } from '../audit/redact-text.ts';
import type { RedactionOptions } from '../audit/redaction-options.ts';
import { redactUri } from '../audit/request-uri.ts';
import { COMMAND, commandOf } from './derived-fields.ts';
import { PREFIX } from './kubernetes-fields.ts';

/** Removes secrets from what is kept or shown of an event. Rules see the event as it came. */
export interface Redactor {
  /** The event without secrets. Repeated calls with the same event return the same object. */
  event(event: DecodedEvent): DecodedEvent;
  /** A value of a field without secrets; the same text if it has none. */
  value(field: string, value: string, event: DecodedEvent): string;
}

/** Fields that are paths into bodies, or derived from one. */
const BODY = /^(?:kubernetes\.audit|firstseen)\.(requestObject|responseObject|pod)(?:\.(.+))?$/;

export function createRedactor(options: RedactionOptions): Redactor {
  let last: { readonly from: DecodedEvent; readonly redacted: DecodedEvent } | undefined;

  function redacted(event: DecodedEvent): DecodedEvent {
    if (last?.from !== event) last = { from: event, redacted: redactEvent(event, options) };
    return last.redacted;
  }

  return {
    event: redacted,
    value(field, value, event) {
      if (field === `${PREFIX}requestURI`) return redactUri(value, options.execArguments);
      if (field === 'event.original') return JSON.stringify(redacted(event).event);
      if (field === COMMAND) {
        const shown = commandOf(redacted(event).event);
        return shown === commandOf(event.event) ? redactText(value) : String(shown);
      }
      const [, body, path = ''] = BODY.exec(field) ?? [];
      return body !== undefined && isHidden(path, body, event) ? REDACTED : redactText(value);
    },
  };
}

/** In a JSON patch the values are at `value`, and each operation names the path that it changes. */
function isHidden(path: string, body: string, { event }: DecodedEvent): boolean {
  if (isHiddenPlace(path)) return true;
  const [, rest] = /^value(\..+)?$/.exec(path) ?? ['', undefined];
  if (path !== 'value' && rest === undefined) return false;
  const places = patchedPlaces(body === 'requestObject' ? event.requestObject : event.responseObject) ?? [];
  return places.some((place) => isHiddenPlace(`${place}${rest ?? ''}`));
}
