import { describe, expect, test } from '@jest/globals';
import { anonymousRequest } from '../../test/support/events.ts';
import { detectorOf } from '../../test/support/rules.ts';
import type { AuditEvent } from '../audit/event.ts';
import { type TamperTargets, tamperRules } from './tamper-rules.ts';

const TARGETS: TamperTargets = {
  namespace: 'watch',
  names: ['firstseen', 'firstseen-*'],
  identities: ['system:serviceaccount:flux-system:kustomize-controller', 'oidc:ops*'],
};

interface Change {
  readonly verb?: string;
  readonly user?: string;
  readonly agent?: string;
  readonly group?: string;
  readonly resource: string;
  readonly subresource?: string;
  readonly namespace?: string;
  readonly name?: string;
  readonly code?: number;
  readonly query?: string;
  readonly body?: AuditEvent['requestObject'];
  readonly truncated?: boolean;
}

/** The rules about firstseen that a change fires, without what their names have in common. */
function fired(change: Change, targets: TamperTargets = TARGETS): readonly string[] {
  const {
    verb = 'patch',
    user = 'mallory',
    agent = 'kubectl/v1.36.3',
    group = '',
    code = 200,
    body,
    truncated = false,
  } = change;
  const { resource, subresource, namespace, name } = change;
  const decoded = anonymousRequest({
    username: user,
    userAgent: agent,
    event: {
      verb,
      requestURI: `/api/v1/some/${resource}${change.query ?? ''}`,
      objectRef: {
        resource,
        ...(group !== '' && { apiGroup: group }),
        ...(subresource !== undefined && { subresource }),
        ...(namespace !== undefined && { namespace }),
        ...(name !== undefined && { name }),
      },
      responseStatus: { code },
      ...(body !== undefined && { level: 'Request', requestObject: body }),
    },
  });
  const { decisions, faults } = detectorOf(...tamperRules(targets)).detect('local', [{ ...decoded, truncated }]);
  expect(faults).toEqual([]);
  return decisions.map(({ rule }) => rule.document.name.replace(/^firstseen-tamper-/, '')).sort();
}

const workload = { group: 'apps', resource: 'deployments', namespace: 'watch', name: 'firstseen' };
const rule = { group: 'firstseen.dev', resource: 'detectionrules', name: 'exec-into-pod' };
const rbac = 'rbac.authorization.k8s.io';
const definition = { group: 'apiextensions.k8s.io', resource: 'customresourcedefinitions' };

const admission = 'admissionregistration.k8s.io';
const status = { group: 'firstseen.dev', resource: 'alerts', subresource: 'status', name: 'a' };
const controller = 'system:serviceaccount:kube-system:';

describe('alerts', () => {
  test.each<readonly [string, Change, string]>([
    ['a rule is edited', rule, 'rules'],
    ['a rule is made', { ...rule, verb: 'create' }, 'rules'],
    ['a rule is applied by a client that calls itself Helm', { ...rule, agent: 'Helm/3.19.0' }, 'rules'],
    ['all rules are deleted', { ...rule, verb: 'deletecollection', name: '' }, 'rules'],
    ['an exception is made', { ...rule, resource: 'ruleexceptions', verb: 'create' }, 'rules'],
    ['the status of a rule is forged', { ...rule, subresource: 'status' }, 'rules'],
    ['an alert is deleted', { group: 'firstseen.dev', resource: 'alerts', verb: 'delete', name: 'a' }, 'alerts'],
    ['all alerts are deleted', { group: 'firstseen.dev', resource: 'alerts', verb: 'deletecollection' }, 'alerts'],
    ['a definition is deleted', { ...definition, verb: 'delete', name: 'alerts.firstseen.dev' }, 'definitions'],
    ['all definitions are deleted', { ...definition, verb: 'deletecollection' }, 'definitions'],
    ['the Deployment is patched', workload, 'workload'],
    ['the Deployment is scaled', { ...workload, subresource: 'scale' }, 'workload'],
    ['it is scaled by one who calls itself Helm', { ...workload, subresource: 'scale', agent: 'Helm/3.1' }, 'workload'],
    ['it is deleted by one who calls itself Helm', { ...workload, verb: 'delete', agent: 'Helm/3.1' }, 'workload'],
    ['the DaemonSet is deleted', { ...workload, resource: 'daemonsets', verb: 'delete' }, 'workload'],
    ['all Deployments of the namespace are deleted', { ...workload, verb: 'deletecollection', name: '' }, 'workload'],
    ['a Secret of its own', { resource: 'secrets', namespace: 'watch', name: 'a-tls', verb: 'update' }, 'workload'],
    ['the ConfigMap', { resource: 'configmaps', namespace: 'watch', name: 'firstseen-rules' }, 'workload'],
    [
      'the volume',
      { resource: 'persistentvolumeclaims', namespace: 'watch', name: 'firstseen-state', verb: 'delete' },
      'workload',
    ],
    ['the namespace', { resource: 'namespaces', namespace: 'watch', name: 'watch', verb: 'delete' }, 'workload'],
    ['a ClusterRole', { group: rbac, resource: 'clusterroles', name: 'firstseen-author' }, 'access'],
    ['a binding', { group: rbac, resource: 'clusterrolebindings', name: 'firstseen', verb: 'delete' }, 'access'],
    [
      'a new binding that lets somebody write rules',
      {
        group: rbac,
        resource: 'clusterrolebindings',
        name: 'harmless',
        verb: 'create',
        body: { roleRef: { kind: 'ClusterRole', name: 'firstseen-author' } },
      },
      'access',
    ],
    ['a Deployment of any name, whose pods could be taken for its own', { ...workload, name: 'shop' }, 'workload'],
    ['its status', { ...workload, subresource: 'status', verb: 'update' }, 'workload'],
    ['a pod is given another image', { resource: 'pods', namespace: 'watch', name: 'firstseen-0' }, 'workload'],
    [
      'a pod is evicted',
      { resource: 'pods', subresource: 'eviction', namespace: 'watch', name: 'firstseen-0', verb: 'create' },
      'workload',
    ],
    [
      'a program is run in a pod, over a WebSocket',
      { resource: 'pods', subresource: 'exec', namespace: 'watch', name: 'firstseen-0', verb: 'get', code: 101 },
      'workload',
    ],
    [
      'a token is issued for its account',
      { resource: 'serviceaccounts', subresource: 'token', namespace: 'watch', name: 'firstseen', verb: 'create' },
      'workload',
    ],
    [
      'a policy of any name walls it in',
      { group: 'networking.k8s.io', resource: 'networkpolicies', namespace: 'watch', name: 'x', verb: 'create' },
      'workload',
    ],
    [
      'a policy of a network plugin',
      { group: 'cilium.io', resource: 'ciliumnetworkpolicies', namespace: 'watch', name: 'x', verb: 'create' },
      'workload',
    ],
    ['a quota', { resource: 'resourcequotas', namespace: 'watch', name: 'x', verb: 'create' }, 'workload'],
    ['a ConfigMap with a list of an exception', { resource: 'configmaps', namespace: 'watch', name: 'x' }, 'workload'],
    [
      'the finalizers of the namespace',
      { resource: 'namespaces', subresource: 'finalize', namespace: 'watch', name: 'watch', verb: 'update' },
      'workload',
    ],
    [
      'a pod that a kubelet makes of a file',
      { resource: 'pods', namespace: 'watch', name: 'x', verb: 'create', user: 'system:node:n1' },
      'workload',
    ],
    [
      'a pod that a controller changes',
      { resource: 'pods', namespace: 'watch', name: 'x', verb: 'update', user: `${controller}replicaset-controller` },
      'workload',
    ],
    [
      'the priority of its pods',
      { group: 'scheduling.k8s.io', resource: 'priorityclasses', name: 'firstseen', verb: 'delete' },
      'workload',
    ],
    ['an alert is forged', { group: 'firstseen.dev', resource: 'alerts', verb: 'create', name: 'a' }, 'alerts'],
    ['the count of an alert', { ...status, body: { status: { phase: 'Closed', count: 9 } } }, 'alerts'],
    [
      'the evidence of an alert',
      { ...status, body: { status: { phase: 'Closed', evidence: [{ time: 'x' }] } } },
      'alerts',
    ],
    ['all of its status', { ...status, body: { status: null } }, 'alerts'],
    [
      'a JSON patch of more than the phase',
      {
        ...status,
        body: [
          { op: 'replace', path: '/status/phase', value: 'Closed' },
          { op: 'remove', path: '/status/count' },
        ],
      },
      'alerts',
    ],
    ['a status that is put in its place, not recorded', { ...status, verb: 'update' }, 'alerts'],
    ['a status that a program writes, not recorded', { ...status, user: 'system:serviceaccount:x:y' }, 'alerts'],
    ['a status that a person writes, not recorded', status, 'status'],
    [
      'the status of a definition',
      { ...definition, subresource: 'status', verb: 'update', name: 'alerts.firstseen.dev' },
      'definitions',
    ],
    [
      'its API is given to another server',
      { group: 'apiregistration.k8s.io', resource: 'apiservices', name: 'v1alpha1.firstseen.dev' },
      'definitions',
    ],
    [
      'any binding in its namespace',
      { group: rbac, resource: 'rolebindings', namespace: 'watch', name: 'x', verb: 'create' },
      'access',
    ],
    [
      'a role of any name for its resources',
      {
        group: rbac,
        resource: 'clusterroles',
        name: 'x',
        verb: 'create',
        body: { rules: [{ apiGroups: ['', 'firstseen.dev'] }] },
      },
      'access',
    ],
    [
      'a binding whose body was cut off',
      { group: rbac, resource: 'clusterrolebindings', name: 'x', verb: 'create', truncated: true },
      'access',
    ],
    ['a binding whose body is not recorded', { group: rbac, resource: 'clusterrolebindings', name: 'x' }, 'reach'],
    [
      'a webhook that decides about alerts',
      {
        group: admission,
        resource: 'validatingwebhookconfigurations',
        name: 'x',
        verb: 'create',
        body: { webhooks: [{ rules: [{ apiGroups: ['firstseen.dev'] }] }] },
      },
      'access',
    ],
    [
      'a policy that may decide about everything',
      { group: admission, resource: 'validatingadmissionpolicies', name: 'x', verb: 'create' },
      'reach',
    ],
    [
      'a flow schema',
      { group: 'flowcontrol.apiserver.k8s.io', resource: 'flowschemas', name: 'x', verb: 'create' },
      'reach',
    ],
    ['Helm, which is told once for each user', { ...workload, agent: 'Helm/3.19.0' }, 'helm'],
    [
      'a Role of the namespace with Helm',
      { group: rbac, resource: 'roles', namespace: 'watch', name: 'firstseen', agent: 'Helm/3.19.0' },
      'helm',
    ],
  ])('%s', (_, change, expected) => {
    expect(fired(change)).toEqual([expected]);
  });
});

describe('no alert', () => {
  test.each<readonly [string, Change]>([
    ['a GitOps controller that is named', { ...rule, user: 'system:serviceaccount:flux-system:kustomize-controller' }],
    ['one that a pattern names', { ...workload, user: 'oidc:ops-anna' }],
    ['a change that was refused', { ...rule, code: 403 }],
    ['a dry run', { ...rule, query: '?dryRun=All&fieldManager=kubectl' }],
    ['somebody who acknowledges an alert', { ...status, body: { status: { phase: 'Acknowledged' } } }],
    [
      'the same as a JSON patch',
      { ...status, body: [{ op: 'replace', path: '/status/phase', value: 'Acknowledged' }] },
    ],
    ['somebody who reads the rules', { ...rule, verb: 'list' }],
    ['alerts of Flux', { group: 'notification.toolkit.fluxcd.io', resource: 'alerts', verb: 'delete', name: 'a' }],
    ['one of that name elsewhere', { ...workload, namespace: 'shop' }],
    [
      'the controller that notes a revision',
      {
        ...workload,
        subresource: 'status',
        user: 'system:serviceaccount:kube-system:deployment-controller',
        verb: 'update',
      },
    ],
    [
      'the controller that makes its pods',
      { resource: 'pods', namespace: 'watch', verb: 'create', user: `${controller}replicaset-controller` },
    ],
    [
      'the same where controllers have no accounts of their own',
      { resource: 'pods', namespace: 'watch', verb: 'create', user: 'system:kube-controller-manager' },
    ],
    [
      'a kubelet whose pod has stopped',
      { resource: 'pods', namespace: 'watch', verb: 'delete', user: 'system:node:n1' },
    ],
    [
      'what a scanner reports',
      { group: 'aquasecurity.github.io', resource: 'vulnerabilityreports', namespace: 'watch' },
    ],
    ['a lease', { group: 'coordination.k8s.io', resource: 'leases', namespace: 'watch', name: 'x', verb: 'update' }],
    ['a port that is forwarded', { resource: 'pods', subresource: 'portforward', namespace: 'watch', verb: 'create' }],
    [
      'the API server that serves a definition',
      { ...definition, subresource: 'status', name: 'alerts.firstseen.dev', user: 'system:apiserver' },
    ],
    [
      'the token of a pod',
      {
        resource: 'serviceaccounts',
        subresource: 'token',
        namespace: 'watch',
        name: 'firstseen',
        verb: 'create',
        user: 'system:node:n1',
      },
    ],
    [
      'the claim when it is bound',
      { resource: 'persistentvolumeclaims', namespace: 'watch', name: 'firstseen-state', verb: 'update' },
    ],
    ['another definition', { ...definition, name: 'alerts.example.org' }],
    ['another namespace', { resource: 'namespaces', namespace: 'shop', name: 'shop', verb: 'delete' }],
    [
      'a binding for those who only look',
      {
        group: rbac,
        resource: 'clusterrolebindings',
        name: 'x',
        verb: 'create',
        body: { roleRef: { name: 'firstseen-view' } },
      },
    ],
  ])('%s', (_, change) => {
    expect(fired(change)).toEqual([]);
  });
});

test('a change that timed out in the API server counts, because it may have been made', () => {
  expect(fired({ ...rule, verb: 'delete', query: '?timeout=2ms', code: 504 })).toEqual(['rules']);
  expect(fired({ ...rule, verb: 'delete', code: 409 })).toEqual([]);
});

test('an uncertain dry run counts', () => {
  expect(fired({ ...rule, query: '?fieldManager=x?dryRun=All' })).toEqual(['rules']);
  // With a body in the request, the API server deletes in spite of the query.
  expect(fired({ ...rule, verb: 'delete', query: '?dryRun=All' })).toEqual(['rules']);
  const alerts = { group: 'firstseen.dev', resource: 'alerts', verb: 'deletecollection' };
  expect(fired({ ...alerts, query: '?dryRun=All' })).toEqual(['alerts']);
});

test('without a namespace only cluster-wide resources are watched', () => {
  const targets = { ...TARGETS, namespace: undefined };
  expect(fired(rule, targets)).toEqual(['rules']);
  expect(fired({ ...workload, agent: 'Helm/3.19.0' }, targets)).toEqual([]);
  expect(fired({ group: rbac, resource: 'clusterroles', name: 'firstseen', agent: 'Helm/3.1' }, targets)).toEqual([
    'helm',
  ]);
});

test.each(['or', 'a b', 'CN=x|y', 'a"b', 'a:(b)<c>{d}\\e', 'müller', 'a\u200bb', '👩‍💻'])(
  'the identity %j allows exactly that user',
  (user) => {
    const targets = { ...TARGETS, identities: [user] };
    expect(fired({ ...rule, user }, targets)).toEqual([]);
    expect(fired({ ...rule, user: `${user}x` }, targets)).toEqual(['rules']);
  },
);

test('without identities every user raises an alert', () => {
  expect(fired(rule, { ...TARGETS, identities: [] })).toEqual(['rules']);
});

test.each(tamperRules(TARGETS))(
  '$name has a reserved name, and high severity unless it watches more than firstseen',
  ({ name, severity, enabled }) => {
    expect(name).toMatch(/^firstseen-tamper-[a-z]+$/);
    expect(severity).toBe(/-(status|reach)$/.test(name) ? 'medium' : 'high');
    expect(enabled).toBe(true);
  },
);
