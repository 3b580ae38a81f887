import type { AuditEvent, DecodedEvent } from '../audit/event.ts';
import { OWN_REQUESTS } from '../policy/own-requests.ts';

/** firstseen's identity at the API server, which marks its own writes. */
export interface OwnIdentity {
  /** For example `system:serviceaccount:firstseen:firstseen`. */
  readonly username: string;
  /** Uid of the pod that the credential is bound to, if any; `user.extra` shows it for a bound token. */
  readonly podUid?: string;
}

export interface OwnWrites {
  /**
   * Removes our own writes from the events of a batch.
   * @throws OperationalError if the store, which knows them, is unavailable
   */
  foreign(cluster: string, events: readonly DecodedEvent[]): Promise<readonly DecodedEvent[]>;
}

export interface OwnWritesDeps {
  /** Our user name at the API server. */
  readonly username: string;
  /** The monitored cluster of that user. An account of the same name in another cluster is somebody else. */
  readonly cluster: string;
  /** Which of these pods are our replicas. Undefined if our token is not bound to a pod: then the name decides. */
  readonly ourPods: ((uids: readonly string[]) => Promise<ReadonlySet<string>>) | undefined;
  /** Which of these events are firstseen's own changes of rules; see `OwnChanges`. */
  readonly ourChanges?: ((events: readonly DecodedEvent[]) => Promise<ReadonlySet<DecodedEvent>>) | undefined;
}

const POD_UID = 'authentication.kubernetes.io/pod-uid';

/** Verbs by `resource.group` of firstseen's routine requests; an audit policy leaves out the same. */
const OWN_VERBS: ReadonlyMap<string, readonly string[]> = new Map(
  OWN_REQUESTS.flatMap(({ verbs, resources }) =>
    resources.flatMap(({ group, resources: names }) => names.map((name) => [`${name}.${group}`, verbs] as const)),
  ),
);

/**
 * Drops the requests by which firstseen writes or watches its results, because each alert would otherwise cause more
 * events; and its announced changes of rules. Any other request of the account is evaluated, because its token may be
 * stolen. If the event names the pod of the token, it must be one of our replicas.
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

/** True for routine requests about firstseen's results by this user. */
export function isOwnRequest({ user, objectRef, verb }: AuditEvent, username: string): boolean {
  if (user?.username !== username) return false;
  const { apiGroup = '', resource = '', subresource } = objectRef ?? {};
  const what = `${subresource === undefined ? resource : `${resource}/${subresource}`}.${apiGroup}`;
  return OWN_VERBS.get(what)?.includes(verb ?? '') === true;
}

function podsOf({ user }: AuditEvent): readonly string[] | undefined {
  return user?.extra?.[POD_UID];
}
