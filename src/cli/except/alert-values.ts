import type { AlertObject } from '../alerts/alert-object.ts';

const AUDIT = 'kubernetes.audit';

/** Fields of an event that its Alert tells, by the place where it does. */
const FIELDS: Readonly<Record<string, (alert: AlertObject['spec']) => string | undefined>> = {
  'user.name': ({ actor }) => actor.user,
  [`${AUDIT}.impersonatedUser.username`]: ({ actor }) => actor.impersonated,
  'firstseen.source.ip': ({ actor }) => actor.sourceIP,
  'user_agent.original': ({ actor }) => actor.userAgent,
  'event.action': ({ request }) => request.verb,
  [`${AUDIT}.objectRef.apiGroup`]: ({ request }) => request.apiGroup,
  [`${AUDIT}.objectRef.resource`]: ({ request }) => request.resource,
  [`${AUDIT}.objectRef.subresource`]: ({ request }) => request.subresource,
  [`${AUDIT}.objectRef.namespace`]: ({ request }) => request.namespace,
  [`${AUDIT}.objectRef.name`]: ({ request }) => request.name,
  [`${AUDIT}.requestURI`]: ({ request }) => request.uri,
  [`${AUDIT}.annotations.authorization_k8s_io/decision`]: ({ request }) => request.decision,
};

/** The values that the alert is known to have of a field: what it tells of the event, and the values that made it. */
export function valuesOf({ spec }: AlertObject, field: string): readonly string[] {
  const told = FIELDS[field]?.(spec);
  const made = [...(spec.newTerms ?? []), ...(spec.groupBy ?? [])];
  const values = made.filter((one) => one.field === field).map(({ value }) => value);
  return told === undefined || told === '' || values.includes(told) ? values : [told, ...values];
}

/** True unless the value was cut, written for reading, or hidden on its way into the alert: then no event has it. */
export function isWhole(value: string): boolean {
  return !value.endsWith('…') && !/\\u\{[0-9a-f]+\}/.test(value) && !value.includes('REDACTED');
}
