import type { AuditEvent } from '../audit/event.ts';

/** Who firstseen is to the API server, so that it can tell its own writes. */
export interface OwnIdentity {
  /** For example `system:serviceaccount:firstseen:firstseen`. */
  readonly username: string;
  /** The pod's uid and the ids of its credentials, where known: what `user.extra` shows of a bound token. */
  readonly podUid?: string;
}

const POD_UID = 'authentication.kubernetes.io/pod-uid';

/** What firstseen does all day, and nothing else: `resource.group` → verbs. The audit policy that is shipped leaves out the same. */
const OWN_REQUESTS: ReadonlyMap<string, readonly string[]> = new Map([
  ['alerts.firstseen.dev', ['get', 'list', 'watch', 'create', 'delete']],
  ['alerts/status.firstseen.dev', ['patch']],
  ['events.events.k8s.io', ['create']],
]);

/**
 * True for a request by which firstseen itself writes or follows its results. Such events are dropped before evaluation, or each alert
 * would be an event that may be an alert. Whatever else the account does is evaluated: its token may be stolen. Where the
 * event tells which pod held the token, it must be ours.
 */
export function isOwnWrite(event: AuditEvent, own: OwnIdentity | undefined): boolean {
  if (own === undefined || event.user?.username !== own.username) return false;
  const { apiGroup = '', resource = '', subresource } = event.objectRef ?? {};
  const what = `${subresource === undefined ? resource : `${resource}/${subresource}`}.${apiGroup}`;
  if (OWN_REQUESTS.get(what)?.includes(event.verb ?? '') !== true) return false;
  const pods = event.user.extra?.[POD_UID];
  return own.podUid === undefined || pods === undefined || pods.includes(own.podUid);
}
