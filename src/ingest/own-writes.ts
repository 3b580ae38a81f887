import type { AuditEvent, DecodedEvent } from '../audit/event.ts';
import { OWN_REQUESTS } from '../policy/own-requests.ts';

/** Who firstseen is to the API server, so that it can tell its own writes. */
export interface OwnIdentity {
  /** For example `system:serviceaccount:firstseen:firstseen`. */
  readonly username: string;
  /** The uid of the pod that the credential is bound to, where it is: what `user.extra` shows of a bound token. */
  readonly podUid?: string;
}

export interface OwnWrites {
  /**
   * The events of a batch without those of our own writes. What is not known as ours is evaluated.
   * @throws OperationalError if the store is away that could tell
   */
  foreign(cluster: string, events: readonly DecodedEvent[]): Promise<readonly DecodedEvent[]>;
}

export interface OwnWritesDeps {
  /** Our name to the API server. */
  readonly username: string;
  /** The monitored cluster that the name belongs to. An account of the same name in another cluster is somebody else. */
  readonly cluster: string;
  /** Which of these pods are replicas of this firstseen. Undefined where our token is bound to no pod: then the name is enough. */
  readonly ourPods: ((uids: readonly string[]) => Promise<ReadonlySet<string>>) | undefined;
  /** Which of these events are changes of rules that firstseen makes itself; see `OwnChanges`. */
  readonly ourChanges?: ((events: readonly DecodedEvent[]) => Promise<ReadonlySet<DecodedEvent>>) | undefined;
}

const POD_UID = 'authentication.kubernetes.io/pod-uid';

/** `resource.group` → verbs of what firstseen does all day: an audit policy leaves out the same. */
const OWN_VERBS: ReadonlyMap<string, readonly string[]> = new Map(
  OWN_REQUESTS.flatMap(({ verbs, resources }) =>
    resources.flatMap(({ group, resources: names }) => names.map((name) => [`${name}.${group}`, verbs] as const)),
  ),
);

/**
 * Leaves out the requests by which firstseen itself writes or follows its results, or each alert would be an event that may
 * be an alert; and its changes of rules, each of which was announced. Whatever else the account does is evaluated: its
 * token may be stolen. Where the event tells which pod held the token, it must be one of our replicas.
 */
export function createOwnWrites({ username, cluster, ourPods, ourChanges }: OwnWritesDeps): OwnWrites {
  return {
    async foreign(from, all) {
      if (from !== cluster) return all;
      const changes = await ourChanges?.(all);
      const events = changes === undefined || changes.size === 0 ? all : all.filter((event) => !changes.has(event));
      const candidates = events.filter(({ event }) => isOwnRequest(event, username));
      if (candidates.length === 0) return events;
      const uids = new Set(candidates.flatMap(({ event }) => podsOf(event) ?? []));
      const ours = await ourPods?.([...uids]);
      const own = new Set(
        candidates.filter(({ event }) => {
          const pods = podsOf(event);
          return ours === undefined || pods === undefined || (pods.length > 0 && pods.every((uid) => ours.has(uid)));
        }),
      );
      return events.filter((event) => !own.has(event));
    },
  };
}

/** True for what firstseen does with its results, if the user is of this name. */
export function isOwnRequest({ user, objectRef, verb }: AuditEvent, username: string): boolean {
  if (user?.username !== username) return false;
  const { apiGroup = '', resource = '', subresource } = objectRef ?? {};
  const what = `${subresource === undefined ? resource : `${resource}/${subresource}`}.${apiGroup}`;
  return OWN_VERBS.get(what)?.includes(verb ?? '') === true;
}

function podsOf({ user }: AuditEvent): readonly string[] | undefined {
  return user?.extra?.[POD_UID];
}
