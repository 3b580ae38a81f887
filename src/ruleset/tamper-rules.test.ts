import { describe, expect, test } from '@jest/globals';
import { anonymousRequest } from '../../test/support/events.ts';
import { detectorOf } from '../../test/support/rules.ts';
import type { AuditEvent } from '../audit/event.ts';
import { type TamperTargets, tamperRules } from './tamper-rules.ts';

const TARGETS: TamperTargets = {
  namespace: 'watch',
  names: ['firstseen', 'firstseen-*', 'my-tls'],
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
}

/** The rules about firstseen that a change fires, without what their names have in common. */
function fired(change: Change, targets: TamperTargets = TARGETS): readonly string[] {
  const { verb = 'patch', user = 'mallory', agent = 'kubectl/v1.36.3', group = '', code = 200, body } = change;
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
      ...(body !== undefined && { requestObject: body }),
    },
  });
  const { decisions, faults } = detectorOf(...tamperRules(targets)).detect('local', [decoded]);
  expect(faults).toEqual([]);
  return decisions.map(({ rule }) => rule.document.name.replace(/^firstseen-tamper-/, '')).sort();
}

const workload = { group: 'apps', resource: 'deployments', namespace: 'watch', name: 'firstseen' };
const rule = { group: 'firstseen.dev', resource: 'detectionrules', name: 'exec-into-pod' };
const rbac = 'rbac.authorization.k8s.io';
const definition = { group: 'apiextensions.k8s.io', resource: 'customresourcedefinitions' };

describe('what is an alert', () => {
  const cases: readonly (readonly [string, Change, string])[] = [
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
    ['a Secret of its own', { resource: 'secrets', namespace: 'watch', name: 'my-tls', verb: 'update' }, 'workload'],
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
    ['Helm, which is told once for each user', { ...workload, agent: 'Helm/3.19.0' }, 'helm'],
    [
      'a Role of the namespace with Helm',
      { group: rbac, resource: 'roles', namespace: 'watch', name: 'firstseen', agent: 'Helm/3.19.0' },
      'helm',
    ],
  ];
  for (const [what, change, expected] of cases) {
    test(what, () => expect(fired(change)).toEqual([expected]));
  }
});

describe('what is none', () => {
  const cases: readonly (readonly [string, Change])[] = [
    ['a GitOps controller that is named', { ...rule, user: 'system:serviceaccount:flux-system:kustomize-controller' }],
    ['one that a pattern names', { ...workload, user: 'oidc:ops-anna' }],
    ['a change that was refused', { ...rule, code: 403 }],
    ['a dry run', { ...rule, query: '?dryRun=All&fieldManager=kubectl' }],
    ['somebody who acknowledges an alert', { group: 'firstseen.dev', resource: 'alerts', subresource: 'status' }],
    ['somebody who reads the rules', { ...rule, verb: 'list' }],
    ['alerts of Flux', { group: 'notification.toolkit.fluxcd.io', resource: 'alerts', verb: 'delete', name: 'a' }],
    ['a Deployment of somebody else', { ...workload, name: 'shop' }],
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
    ['the status of the Deployment', { ...workload, subresource: 'status', verb: 'update' }],
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
  ];
  for (const [what, change] of cases) test(what, () => expect(fired(change)).toEqual([]));
});

test('a change counts that was answered with an error and may have been made', () => {
  expect(fired({ ...rule, verb: 'delete', query: '?timeout=2ms', code: 504 })).toEqual(['rules']);
  expect(fired({ ...rule, query: '?includeObject=x', code: 400 })).toEqual(['rules']);
  for (const code of [406, 500, 503]) expect(fired({ ...rule, code })).toEqual(['rules']);
  expect(fired({ ...rule, verb: 'deletecollection', name: '', code: 409 })).toEqual(['rules']);
  for (const code of [400, 401, 404, 409, 422, 429]) expect(fired({ ...rule, code })).toEqual([]);
});

test('what only looks like a dry run counts', () => {
  expect(fired({ ...rule, query: '?fieldManager=x?dryRun=All' })).toEqual(['rules']);
  // Deleted all the same, if the request has a body.
  expect(fired({ ...rule, verb: 'delete', query: '?dryRun=All' })).toEqual(['rules']);
  const alerts = { group: 'firstseen.dev', resource: 'alerts', verb: 'deletecollection' };
  expect(fired({ ...alerts, query: '?dryRun=All' })).toEqual(['alerts']);
});

test('without a namespace the resources of the whole cluster are looked at', () => {
  const targets = { ...TARGETS, namespace: undefined };
  expect(fired(rule, targets)).toEqual(['rules']);
  expect(fired({ ...workload, agent: 'Helm/3.19.0' }, targets)).toEqual([]);
  expect(fired({ group: rbac, resource: 'clusterroles', name: 'firstseen', agent: 'Helm/3.1' }, targets)).toEqual([
    'helm',
  ]);
});

test('an identity is a text, whatever it holds, with * for any text', () => {
  for (const user of ['or', 'a b', 'CN=x|y', 'a"b', 'a:(b)<c>{d}\\e', 'müller', 'a\u200bb', '👩‍💻']) {
    const targets = { ...TARGETS, identities: [user] };
    expect([user, fired({ ...rule, user }, targets)]).toEqual([user, []]);
    expect([user, fired({ ...rule, user: `${user}x` }, targets)]).toEqual([user, ['rules']]);
  }
  expect(fired(rule, { ...TARGETS, identities: [] })).toEqual(['rules']);
});

test.each(tamperRules(TARGETS))(
  'all have names that nobody else may use, and are high: $name',
  ({ name, severity, enabled }) => {
    expect(name).toMatch(/^firstseen-tamper-[a-z]+$/);
    expect(severity).toBe('high');
    expect(enabled).toBe(true);
  },
);
