import type { AuditEvent, DecodedEvent } from './event.ts';
import { REDACTED, redactText } from './redact-text.ts';
import type { RedactionOptions } from './redaction-options.ts';
import { redactUri } from './request-uri.ts';
import { isObject } from './shape.ts';

/**
 * Places in a body whose values are always hidden: the content of Secrets and ConfigMaps (and of anything with such a
 * member, because the resource named in the event is not trusted), values of environment variables, and the tokens of
 * token requests and reviews.
 */
const HIDDEN_PLACE =
  /^(?:items\.)?(?:(?:data|stringData|binaryData)(?:\.|$)|(?:spec|status)\.token$)|(?:^|\.)env\.value$|last-applied-configuration/;

/**
 * A member whose name says it is a secret, such as `spec.password` of a custom resource. References to a secret
 * (`secretName`, `secret.name`) stay.
 */
const HIDDEN_NAME =
  /(?:^|\.)(?:pass(?:word|wd|phrase)?|secret|token|credentials?|(?:api|access|secret|private)[-_]?key|(?:client|shared)[-_]?secret|(?:access|auth|bearer|refresh|id)[-_]?token)$/i;

/** @param path in the body: names joined by dots, without array indices */
export function isHiddenPlace(path: string): boolean {
  return HIDDEN_PLACE.test(path) || HIDDEN_NAME.test(path);
}

/**
 * The paths that the operations of a JSON patch change; undefined if the body is not a JSON patch.
 * @see https://www.rfc-editor.org/rfc/rfc6902
 */
export function patchedPlaces(body: unknown): readonly string[] | undefined {
  if (!Array.isArray(body)) return undefined;
  return body.flatMap((operation: unknown) => {
    const path = isObject(operation) ? operation.path : undefined;
    return typeof path === 'string' ? [pathOfPointer(path)] : [];
  });
}

/** @see https://www.rfc-editor.org/rfc/rfc6901 */
function pathOfPointer(pointer: string): string {
  return pointer
    .split('/')
    .slice(1)
    .filter((name) => !/^(?:\d+|-)$/.test(name))
    .map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'))
    .join('.');
}

/**
 * The event without secrets, safe to keep and show. It has the shape of the original; only `REDACTED` is new.
 *
 * Bodies are redacted on first access, because they are rarely read.
 */
export function redactEvent(decoded: DecodedEvent, options: RedactionOptions): DecodedEvent {
  const members = Object.entries(decoded.event).map(
    ([name, member]: [string, unknown]): [string, PropertyDescriptor] => {
      if (name === 'requestObject' || name === 'responseObject')
        return [name, { enumerable: true, get: lazily(member) }];
      const isUri = name === 'requestURI' && typeof member === 'string';
      const value = isUri ? redactUri(member, options.execArguments) : redactAt(member, undefined);
      return [name, { enumerable: true, value }];
    },
  );
  return { ...decoded, event: Object.defineProperties<AuditEvent>({}, Object.fromEntries(members)) };
}

function lazily(body: unknown): () => unknown {
  let redacted: { readonly body: unknown } | undefined;
  return () => {
    redacted ??= { body: redactBody(body) };
    return redacted.body;
  };
}

function redactBody(body: unknown): unknown {
  if (!Array.isArray(body)) return redactAt(body, '');
  return body.map((operation: unknown) => {
    const [place] = patchedPlaces([operation]) ?? [];
    if (!isObject(operation) || place === undefined) return redactAt(operation, '');
    return { ...redactObject(operation, ''), value: redactAt(operation.value, place) };
  });
}

/**
 * @param path where the value is in its body; undefined outside of bodies. Events are bounded in depth, so recursion is
 * safe.
 */
function redactAt(value: unknown, path: string | undefined): unknown {
  if (Array.isArray(value)) return value.map((item: unknown) => redactAt(item, path));
  if (isObject(value)) return redactObject(value, path);
  if (path !== undefined && value !== null && value !== undefined && isHiddenPlace(path)) return REDACTED;
  return typeof value === 'string' ? redactText(value) : value;
}

function redactObject(object: Readonly<Record<string, unknown>>, path: string | undefined): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(object).map(([name, member]) => {
      const at = path === undefined ? undefined : path === '' ? name : `${path}.${name}`;
      return [name, redactAt(member, at)];
    }),
  );
}
