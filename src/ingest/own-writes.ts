import type { AuditEvent } from '../audit/event.ts';

/** Who firstseen is to the API server, so that it can tell its own writes. */
export interface OwnIdentity {
  /** For example `system:serviceaccount:firstseen:firstseen`. */
  readonly username: string;
  /** The pod's uid and the ids of its credentials, where known: what `user.extra` shows of a bound token. */
  readonly podUid?: string;
}

const POD_UID = 'authentication.kubernetes.io/pod-uid';

/** What firstseen writes, and nothing else: never its rules. */
const OWN_RESOURCES: Readonly<Record<string, readonly string[]>> = {
  'firstseen.dev': ['alerts'],
  'events.k8s.io': ['events'],
};

/**
 * True for a request that is firstseen's own write of a result. Such events are dropped before evaluation, or each alert
 * would be an event that may be an alert. Whatever else the account does is evaluated: its token may be stolen. Where the
 * event tells which pod held the token, it must be ours.
 */
export function isOwnWrite(event: AuditEvent, own: OwnIdentity | undefined): boolean {
  if (own === undefined || event.user?.username !== own.username) return false;
  const { apiGroup = '', resource = '' } = event.objectRef ?? {};
  if (OWN_RESOURCES[apiGroup]?.includes(resource) !== true) return false;
  const pods = event.user.extra?.[POD_UID];
  return own.podUid === undefined || pods === undefined || pods.includes(own.podUid);
}
