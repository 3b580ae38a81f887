import fc from 'fast-check';
import type { AuditEvent, DecodedEvent } from '../../src/audit/event.ts';
import type { AuditPolicy, Level, PolicyRule, Stage } from '../../src/policy/audit-policy.ts';
import { anonymousRequest, NOON } from './events.ts';

/** A request as kube-apiserver knows it when it decides what to record, and as much of its outcome as rules read. */
export interface AuditedRequest {
  readonly verb: string;
  readonly path: string;
  readonly query: string;
  readonly user: string | undefined;
  readonly groups: readonly string[];
  /** Undefined: not about a resource. */
  readonly object:
    | {
        readonly group: string;
        readonly resource: string;
        readonly subresource: string;
        readonly namespace: string;
        /** In the path. */
        readonly name: string;
        /** In the body. */
        readonly bodyName: string;
      }
    | undefined;
  readonly stage: Stage;
  readonly decision: 'allow' | 'forbid';
  readonly code: number;
  readonly userAgent: string | undefined;
  readonly requestObject: unknown;
  readonly responseObject: unknown;
}

export const OWN_ACCOUNT = 'system:serviceaccount:firstseen:firstseen';

const RESOURCES: readonly (readonly [string, string, readonly string[]])[] = [
  ['', 'pods', ['', '', 'exec', 'status']],
  ['', 'secrets', ['']],
  ['', 'configmaps', ['']],
  ['', 'serviceaccounts', ['', 'token']],
  ['apps', 'deployments', ['', 'status', 'scale']],
  ['rbac.authorization.k8s.io', 'clusterroles', ['']],
  ['firstseen.dev', 'alerts', ['', 'status']],
  ['events.k8s.io', 'events', ['']],
  ['', 'events', ['']],
];
const CUSTOM: typeof RESOURCES = [
  ['example.com', 'pods', ['', 'exec']],
  ['example.com', 'widgets', ['', 'status']],
];
const VERBS = ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete', 'deletecollection'];
const BODIES = [undefined, {}, { spec: { hostNetwork: true } }, { spec: { hostNetwork: false } }, { kind: 'Pod' }];

/** Requests that can be: `custom` ones are of resources of other groups, too. */
export function auditedRequests({ custom }: { readonly custom: boolean }): fc.Arbitrary<AuditedRequest> {
  const object = fc.constantFrom(...RESOURCES, ...(custom ? CUSTOM : [])).chain(([group, resource, subresources]) =>
    fc.record({
      group: fc.constant(group),
      resource: fc.constant(resource),
      subresource: fc.constantFrom(...subresources),
      namespace: fc.constantFrom('', 'default', 'kube-system'),
      name: fc.constantFrom('', 'web', 'aws-auth'),
      bodyName: fc.constantFrom('web', 'aws-auth'),
    }),
  );
  const user = fc.constantFrom(undefined, 'eve', 'system:anonymous', OWN_ACCOUNT, 'system:kube-controller-manager');
  return fc
    .record({
      object: fc.oneof({ weight: 4, arbitrary: object }, { weight: 1, arbitrary: fc.constant(undefined) }),
      verb: fc.constantFrom(...VERBS),
      method: fc.constantFrom('get', 'post', 'head'),
      path: fc.constantFrom('/healthz', '/healthz/etcd', '/version', '/metrics', '/apis'),
      query: fc.constantFrom('', '?verbose'),
      user,
      group: fc.constantFrom([], ['developers'], ['system:nodes'], ['developers', 'system:nodes']),
      isStart: fc.boolean(),
      decision: fc.constantFrom<'allow' | 'forbid'>('allow', 'forbid'),
      code: fc.constantFrom(200, 403, 500),
      userAgent: fc.constantFrom(undefined, 'curl', 'kubectl'),
      requestObject: fc.constantFrom<unknown>(...BODIES),
      responseObject: fc.constantFrom<unknown>(...BODIES),
    })
    .map(({ method, isStart, group, ...request }): AuditedRequest => {
      const { object: about } = request;
      const takesLong = about !== undefined && (request.verb === 'watch' || about.subresource === 'exec');
      const groups =
        request.user === undefined
          ? []
          : request.user === 'system:anonymous'
            ? ['system:unauthenticated']
            : ['system:authenticated', ...group];
      return {
        ...request,
        groups,
        verb: about === undefined ? method : request.verb,
        path: about === undefined ? request.path : `/api/v1/${about.resource}/${about.name}`,
        stage: request.user === undefined || (takesLong && isStart) ? 'ResponseStarted' : 'ResponseComplete',
      };
    });
}

/** The event of a request as it is recorded at a level. */
export function recordedAt(level: Exclude<Level, 'None'>, request: AuditedRequest): DecodedEvent {
  const { object, user, verb } = request;
  const event = {
    level,
    stage: request.stage,
    verb,
    requestURI: request.path + request.query,
    user: user === undefined ? {} : { username: user, groups: request.groups },
    userAgent: request.userAgent,
    ...(object === undefined
      ? {}
      : {
          objectRef: {
            resource: object.resource,
            ...(object.group === '' ? {} : { apiGroup: object.group }),
            ...(object.subresource === '' ? {} : { subresource: object.subresource }),
            ...(object.namespace === '' ? {} : { namespace: object.namespace }),
            name: verb === 'create' && object.name === '' ? object.bodyName : object.name,
          },
        }),
    responseStatus: { code: user === undefined ? 401 : request.code },
    ...(level === 'Metadata' ? {} : { requestObject: request.requestObject }),
    ...(level === 'RequestResponse' ? { responseObject: request.responseObject } : {}),
    annotations: user === undefined ? undefined : { 'authorization.k8s.io/decision': request.decision },
  };
  return { ...anonymousRequest({ at: NOON }), event: JSON.parse(JSON.stringify(event)) as AuditEvent };
}

/**
 * What kube-apiserver records of a request, written from its documents and not from our code; undefined: nothing at this stage.
 * @see https://kubernetes.io/docs/tasks/debug/debug-cluster/audit/#audit-policy
 */
export function recordOf(policy: AuditPolicy, request: AuditedRequest): Exclude<Level, 'None'> | undefined {
  const rule = policy.rules.find((each) => applies(each, request));
  if (rule === undefined || rule.level === 'None') return undefined;
  if (policy.omitStages.includes(request.stage) || rule.omitStages.includes(request.stage)) return undefined;
  return rule.level;
}

function applies(rule: PolicyRule, { user, groups, verb, object, path }: AuditedRequest): boolean {
  if (rule.users.length > 0 && !(user !== undefined && rule.users.includes(user))) return false;
  if (rule.userGroups.length > 0 && !groups.some((group) => rule.userGroups.includes(group))) return false;
  if (rule.verbs.length > 0 && !rule.verbs.includes(verb)) return false;
  if (rule.nonResourceURLs.length > 0) {
    if (object !== undefined) return false;
    return rule.nonResourceURLs.some((url) => (url.endsWith('*') ? path.startsWith(url.slice(0, -1)) : path === url));
  }
  if (rule.namespaces.length === 0 && rule.resources.length === 0) return true;
  if (object === undefined) return false;
  if (rule.namespaces.length > 0 && !rule.namespaces.includes(object.namespace)) return false;
  if (rule.resources.length === 0) return true;
  const { resource, subresource } = object;
  const is = (pattern: string) => {
    if (pattern === '*') return true;
    const [head, sub] = pattern.split('/');
    if (sub === undefined) return head === resource && subresource === '';
    if (sub === '*') return head === resource;
    return (head === '*' || head === resource) && sub === subresource;
  };
  return rule.resources.some(
    (entry) =>
      (entry.group === object.group || entry.group === '*') &&
      (entry.resources.length === 0 ||
        (entry.resources.some(is) && (entry.resourceNames.length === 0 || entry.resourceNames.includes(object.name)))),
  );
}
