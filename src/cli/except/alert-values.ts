import type { AlertObject } from '../alerts/alert-object.ts';

const AUDIT = 'kubernetes.audit';

/** Event fields, by the place of their value in the Alert. */
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

/** The alert's values of a field: from the request, and from its new terms and group. */
export function valuesOf({ spec }: AlertObject, field: string): readonly string[] {
  const told = FIELDS[field]?.(spec);
  const made = [...(spec.newTerms ?? []), ...(spec.groupBy ?? [])];
  const values = made.filter((one) => one.field === field).map(({ value }) => value);
  return told === undefined || told === '' || values.includes(told) ? values : [told, ...values];
}

/** False if the alert holds a cut, escaped or redacted form of the value, which no event has. */
export function isWhole(value: string): boolean {
  return !value.endsWith('…') && !/\\u\{[0-9a-f]+\}/.test(value) && !value.includes('REDACTED');
}
