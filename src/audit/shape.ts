/** Any JSON object with unknown members. If the name comes from data or from a rule, read own properties only. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** The metadata fields of the Event, all but its bodies. Small and telling fields come first. */
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

/** The fields that may hold any JSON. */
const BODIES: ReadonlySet<string> = new Set(['requestObject', 'responseObject']);
/** How deep the fields of the Event go: `user.extra.<key>`. */
const FIELD_DEPTH = 3;

/**
 * The event, if all its fields have the right JSON type; else the problem: `.user: expected an object, found a string`.
 *
 * `null` counts as absent: Go writes it for an unset field. Readers of an event never see null: an event with a null in
 * one of its fields is copied without it. Other events, nearly all, are returned unchanged after one check per field.
 *
 * Unknown fields are not checked, nor are the bodies, which may hold any JSON. The problem quotes nothing of the event.
 *
 * @see k8s.io/apiserver/pkg/apis/audit/v1 `Event`
 */
export function checkShape(event: JsonObject): JsonObject | string {
  if (shapeProblem(event) === undefined) return event;
  const present = withoutNulls(event, FIELD_DEPTH);
  return shapeProblem(present) ?? present;
}

/** The object without members that are null, so many levels down. Bodies are left as they are. */
function withoutNulls(object: JsonObject, levels: number): JsonObject {
  const members = Object.entries(object).flatMap(([name, member]): readonly (readonly [string, unknown])[] => {
    if (levels === FIELD_DEPTH && BODIES.has(name)) return [[name, member]];
    if (member === null) return [];
    return [[name, levels > 1 && isObject(member) ? withoutNulls(member, levels - 1) : member]];
  });
  return Object.fromEntries(members);
}

/**
 * The first field that has the wrong JSON type. Written out field by field because it runs on every event, and loads by a
 * constant name are the fast ones.
 */
function shapeProblem(event: JsonObject): string | undefined {
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
    (typeof code === 'number' || code === undefined ? undefined : mismatch('.code', 'a number', code))
  );
}

function authenticationProblem(metadata: JsonObject): string | undefined {
  return notText('.impersonationConstraint', metadata.impersonationConstraint);
}

function extraProblem(extra: JsonObject): string | undefined {
  for (const key in extra) {
    const problem = notTexts('', extra[key]);
    if (problem !== undefined) return `[*]${problem}`;
  }
  return undefined;
}

function annotationsProblem(annotations: JsonObject): string | undefined {
  for (const key in annotations) {
    const problem = notText('', annotations[key]);
    if (problem !== undefined) return `[*]${problem}`;
  }
  return undefined;
}

function notText(place: string, value: unknown): string | undefined {
  return typeof value === 'string' || value === undefined ? undefined : mismatch(place, 'a string', value);
}

function notTexts(place: string, list: unknown): string | undefined {
  if (list === undefined) return undefined;
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
  if (value === undefined) return undefined;
  if (!isObject(value)) return mismatch(place, 'an object', value);
  const problem = problemInside(value);
  return problem === undefined ? undefined : place + problem;
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function mismatch(place: string, expected: string, value: unknown): string {
  return `${place}: expected ${expected}, found ${jsonTypeOf(value)}`;
}

/** The JSON type of a value, with an article. */
export function jsonTypeOf(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
