import { excerpt } from './text.ts';

/** Any JSON object, nothing known about its members. Read own properties only where the name comes from data or from a rule. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** The fields of the Event that are its metadata, all but its bodies: what is small and says most first. */
export const METADATA_FIELDS = [
  'kind',
  'apiVersion',
  'auditID',
  'level',
  'stage',
  'verb',
  'requestReceivedTimestamp',
  'stageTimestamp',
  'requestURI',
  'userAgent',
  'objectRef',
  'responseStatus',
  'authenticationMetadata',
  'sourceIPs',
  'user',
  'impersonatedUser',
  'annotations',
] as const;

/**
 * The first field of the event that has the wrong JSON type, as `.user: expected an object, found a string`; `undefined` if there is none.
 *
 * `null` counts as absent: Go writes it for a time or a list that is not set. Fields that the Event does not have are
 * not looked at, nor are the bodies, which may hold any JSON. Written out field by field because it runs on every
 * event, and loads by a constant name are the fast ones.
 *
 * @see k8s.io/apiserver/pkg/apis/audit/v1 `Event`
 */
export function shapeProblem(event: JsonObject): string | undefined {
  return (
    notText('.kind', event.kind) ??
    notText('.apiVersion', event.apiVersion) ??
    notText('.auditID', event.auditID) ??
    notText('.level', event.level) ??
    notText('.stage', event.stage) ??
    notText('.verb', event.verb) ??
    notText('.requestReceivedTimestamp', event.requestReceivedTimestamp) ??
    notText('.stageTimestamp', event.stageTimestamp) ??
    notText('.requestURI', event.requestURI) ??
    notText('.userAgent', event.userAgent) ??
    notObject('.objectRef', event.objectRef, objectReferenceProblem) ??
    notObject('.responseStatus', event.responseStatus, responseStatusProblem) ??
    notObject('.authenticationMetadata', event.authenticationMetadata, authenticationProblem) ??
    notTexts('.sourceIPs', event.sourceIPs) ??
    notObject('.user', event.user, userProblem) ??
    notObject('.impersonatedUser', event.impersonatedUser, userProblem) ??
    notObject('.annotations', event.annotations, annotationsProblem)
  );
}

function userProblem(user: JsonObject): string | undefined {
  return (
    notText('.username', user.username) ??
    notText('.uid', user.uid) ??
    notTexts('.groups', user.groups) ??
    notObject('.extra', user.extra, extraProblem)
  );
}

function objectReferenceProblem(reference: JsonObject): string | undefined {
  return (
    notText('.resource', reference.resource) ??
    notText('.namespace', reference.namespace) ??
    notText('.name', reference.name) ??
    notText('.uid', reference.uid) ??
    notText('.apiGroup', reference.apiGroup) ??
    notText('.apiVersion', reference.apiVersion) ??
    notText('.resourceVersion', reference.resourceVersion) ??
    notText('.subresource', reference.subresource)
  );
}

function responseStatusProblem(status: JsonObject): string | undefined {
  const { code } = status;
  return (
    notText('.status', status.status) ??
    notText('.message', status.message) ??
    notText('.reason', status.reason) ??
    (typeof code === 'number' || isAbsent(code) ? undefined : mismatch('.code', 'a number', code))
  );
}

function authenticationProblem(metadata: JsonObject): string | undefined {
  return notText('.impersonationConstraint', metadata.impersonationConstraint);
}

function extraProblem(extra: JsonObject): string | undefined {
  for (const key in extra) {
    const problem = notTexts('', extra[key]);
    if (problem !== undefined) return `["${excerpt(key, 128)}"]${problem}`;
  }
  return undefined;
}

function annotationsProblem(annotations: JsonObject): string | undefined {
  for (const key in annotations) {
    const problem = notText('', annotations[key]);
    if (problem !== undefined) return `["${excerpt(key, 128)}"]${problem}`;
  }
  return undefined;
}

function notText(place: string, value: unknown): string | undefined {
  return typeof value === 'string' || isAbsent(value) ? undefined : mismatch(place, 'a string', value);
}

function notTexts(place: string, list: unknown): string | undefined {
  if (isAbsent(list)) return undefined;
  if (!Array.isArray(list)) return mismatch(place, 'an array', list);
  for (let index = 0; index < list.length; index++) {
    if (typeof list[index] !== 'string') return mismatch(`${place}[${index}]`, 'a string', list[index]);
  }
  return undefined;
}

function notObject(
  place: string,
  value: unknown,
  problemInside: (value: JsonObject) => string | undefined,
): string | undefined {
  if (isAbsent(value)) return undefined;
  if (!isObject(value)) return mismatch(place, 'an object', value);
  const problem = problemInside(value);
  return problem === undefined ? undefined : place + problem;
}

function isAbsent(value: unknown): value is null | undefined {
  return value === null || value === undefined;
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function mismatch(place: string, expected: string, value: unknown): string {
  return `${place}: expected ${expected}, found ${jsonTypeOf(value)}`;
}

/** The JSON type of a value, with its article. */
export function jsonTypeOf(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
