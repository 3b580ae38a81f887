/** All that the chart makes, and what comes of it in the cluster: a stranger who touches any of it is told of. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { parse } from 'yaml';
import type { Detector } from '../../src/detect/detector.ts';
import { tamperOptionsSchema } from '../../src/ruleset/options.ts';
import { tamperRules } from '../../src/ruleset/tamper-rules.ts';
import { CHART, helm, type Manifest, NAMESPACE, REQUIRED, renderChart } from '../support/chart.ts';
import { anonymousRequest } from '../support/events.ts';
import { expectPresent } from '../support/expect.ts';
import { detectorOf } from '../support/rules.ts';

const REDIS = 'state.kind=redis,state.redis.url=redis://redis:6379';
const VALKEY = 'state.kind=redis,valkey.enabled=true,valkey.auth.existingSecret=valkey';
const POLICIES = 'networkPolicy.enabled=true,networkPolicy.controlPlaneCIDRs={192.0.2.10/32}';
const MONITORING = ['podMonitor', 'prometheusRule', 'dashboard']
  .map((what) => `monitoring.${what}.enabled=true`)
  .join(',');
const CONFIG_MAPS = 'rules.configMaps={mine},rules.inline.mine\\.yaml=x,priorityClassName=first';

const FORMS: readonly (readonly [string, string])[] = [
  ['SQLite, files of yours, monitoring', `${CONFIG_MAPS},${MONITORING}`],
  ['Valkey, replicas, policies', `replicas=3,${VALKEY},${POLICIES}`],
  ['on each node', `mode=DaemonSet,${REDIS}`],
  ['certificates of cert-manager', 'tls.mode=certManager,tls.existingSecret='],
  ['other names', 'fullnameOverride=watcher,serviceAccount.name=eye,monitoring.serviceMonitor.enabled=true'],
];

/** An object, as an audit event names it. */
interface Target {
  readonly group: string;
  readonly resource: string;
  readonly namespace?: string;
  readonly name: string;
}

type Rendered = Manifest & { readonly apiVersion: string; readonly metadata: { readonly namespace?: string } };

/** The plural that the API has for a kind. */
function pluralOf(kind: string): string {
  const word = kind.toLowerCase();
  if (/[^aeiou]y$/.test(word)) return `${word.slice(0, -1)}ies`;
  return /s$/.test(word) ? `${word}es` : `${word}s`;
}

function targetOf({ apiVersion, kind, metadata: { namespace, name } }: Rendered): Target {
  const group = apiVersion.includes('/') ? apiVersion.replace(/\/.*/, '') : '';
  return { group, resource: pluralOf(kind), name, ...(namespace !== undefined && { namespace }) };
}

/** What pods, whatever makes them, read and run as. */
function namedInPods(manifests: readonly Rendered[]): readonly Target[] {
  const text = JSON.stringify(manifests);
  const named = (pattern: RegExp) => [...text.matchAll(pattern)].map(([, name = '']) => name);
  const inside = (resource: string, names: readonly string[]) =>
    names.map((name) => ({ group: '', resource, namespace: NAMESPACE, name }));
  return [
    ...inside('secrets', named(/"(?:secretName|secretKeyRef":\{"name)":"([^"]+)"/g)),
    ...inside('configmaps', named(/"configMap":\{"name":"([^"]+)"/g)),
    ...inside('persistentvolumeclaims', named(/"claimName":"([^"]+)"/g)),
    ...inside('serviceaccounts', named(/"serviceAccountName":"([^"]+)"/g)),
    ...named(/"priorityClassName":"([^"]+)"/g).map((name) => ({
      group: 'scheduling.k8s.io',
      resource: 'priorityclasses',
      name,
    })),
  ];
}

/** What controllers make of the objects, what Kubernetes keeps beside them, and what acts on them under any name. */
function derived(manifests: readonly Rendered[]): readonly Target[] {
  const at = (group: string, resource: string, name: string) => ({ group, resource, namespace: NAMESPACE, name });
  const ofKind = (...kinds: readonly string[]) =>
    manifests.flatMap(({ kind, metadata }) => (kinds.includes(kind) ? [metadata.name] : []));
  return [
    ...ofKind('Deployment').map((name) => at('apps', 'replicasets', `${name}-5d9c`)),
    ...ofKind('DaemonSet', 'StatefulSet').map((name) => at('apps', 'controllerrevisions', `${name}-5d9c`)),
    ...ofKind('Deployment', 'DaemonSet', 'StatefulSet').map((name) => at('', 'pods', `${name}-x7k2p`)),
    ...ofKind('Service').flatMap((name) => [
      at('', 'endpoints', name),
      at('discovery.k8s.io', 'endpointslices', `${name}-x7k2p`),
    ]),
    ...ofKind('CustomResourceDefinition').map((name) => ({
      group: 'apiregistration.k8s.io',
      resource: 'apiservices',
      name: `v1alpha1.${name.replace(/^[^.]+\./, '')}`,
    })),
    { group: '', resource: 'namespaces', namespace: NAMESPACE, name: NAMESPACE },
    at('', 'configmaps', 'kube-root-ca.crt'),
    at('', 'configmaps', 'a-list-of-an-exception'),
    at('', 'secrets', 'firstseen-ca'),
    at('', 'secrets', 'firstseen-tls'),
    at('', 'secrets', 'firstseen-webhook'),
    at('', 'secrets', 'token-of-firstseen'),
    at('', 'pods', 'with-the-same-labels'),
    at('batch', 'jobs', 'with-the-same-labels'),
    at('discovery.k8s.io', 'endpointslices', 'of-any-name'),
    at('networking.k8s.io', 'networkpolicies', 'of-any-name'),
    at('cilium.io', 'ciliumnetworkpolicies', 'of-any-name'),
    at('', 'resourcequotas', 'of-any-name'),
    at('', 'limitranges', 'of-any-name'),
    at('policy', 'poddisruptionbudgets', 'of-any-name'),
    at('autoscaling', 'horizontalpodautoscalers', 'of-any-name'),
    at('rbac.authorization.k8s.io', 'rolebindings', 'of-any-name'),
  ];
}

const WRITES = ['create', 'update', 'patch', 'delete', 'deletecollection'];
/** What the API serves below an object of these kinds, beside its status, and by which verbs. */
const SUBRESOURCES: Readonly<Record<string, readonly (readonly [string, readonly string[]])[]>> = {
  pods: [
    ['status', ['update', 'patch']],
    ['ephemeralcontainers', ['update', 'patch']],
    ['resize', ['update', 'patch']],
    ['eviction', ['create']],
    ['binding', ['create']],
    ['exec', ['create', 'get']],
    ['attach', ['create', 'get']],
    ['proxy', ['create', 'update', 'patch', 'delete']],
  ],
  deployments: [
    ['scale', ['update', 'patch']],
    ['status', ['update', 'patch']],
  ],
  replicasets: [
    ['scale', ['update', 'patch']],
    ['status', ['update', 'patch']],
  ],
  statefulsets: [
    ['scale', ['update', 'patch']],
    ['status', ['update', 'patch']],
  ],
  daemonsets: [['status', ['update', 'patch']]],
  services: [
    ['status', ['update', 'patch']],
    ['proxy', ['create', 'update', 'patch', 'delete']],
  ],
  serviceaccounts: [['token', ['create']]],
  poddisruptionbudgets: [['status', ['update', 'patch']]],
  resourcequotas: [['status', ['update', 'patch']]],
  namespaces: [
    ['finalize', ['update']],
    ['status', ['update', 'patch']],
  ],
  customresourcedefinitions: [['status', ['update', 'patch']]],
  apiservices: [['status', ['update', 'patch']]],
};
/** What is no harm: to make a namespace that is there already, and to bind and grow a claim, as many controllers do. */
const HARMLESS: Readonly<Record<string, readonly string[]>> = {
  namespaces: ['create', 'deletecollection'],
  persistentvolumeclaims: ['create', 'update', 'patch'],
};

/** Every right on an object that changes something. */
function rightsOn({ resource }: Target): readonly (readonly [verb: string, subresource?: string])[] {
  const verbs = WRITES.filter((verb) => HARMLESS[resource]?.includes(verb) !== true);
  const below = SUBRESOURCES[resource] ?? [];
  return [
    ...verbs.map((verb) => [verb] as const),
    ...below.flatMap(([subresource, of]) => of.map((verb) => [verb, subresource] as const)),
  ];
}

/** The request of a user, without a body: an audit policy may leave all of them out. */
function requestOf({ group, resource, namespace, name }: Target, verb: string, subresource?: string, user = 'mallory') {
  return anonymousRequest({
    username: user,
    userAgent: 'kubectl/v1.36.3',
    event: {
      verb,
      requestURI: `/some/${resource}`,
      objectRef: {
        resource,
        ...(group !== '' && { apiGroup: group }),
        ...(namespace !== undefined && { namespace }),
        ...(verb !== 'deletecollection' && { name }),
        ...(subresource !== undefined && { subresource }),
      },
      responseStatus: { code: verb === 'create' ? 201 : 200 },
    },
  });
}

function isTold(detector: Detector, ...request: Parameters<typeof requestOf>): boolean {
  const { decisions, faults } = detector.detect('local', [requestOf(...request)]);
  expect(faults).toEqual([]);
  return decisions.length > 0;
}

/** The rules that run where the chart was rendered so. */
function guardOf(manifests: readonly Rendered[]): Detector {
  const configMap = manifests.find(({ kind, metadata }) => kind === 'ConfigMap' && !/-/.test(metadata.name));
  expectPresent(configMap);
  const { data } = configMap as unknown as { readonly data: Readonly<Record<string, string>> };
  const tamper = tamperOptionsSchema.parse(parse(data['firstseen.yaml'] ?? '').tamper);
  return detectorOf(...tamperRules({ ...tamper, namespace: NAMESPACE }));
}

test.each(FORMS)('a stranger who uses any right on any object is told of: %s', async (_, values) => {
  const manifests = (await renderChart('--set', values)) as readonly Rendered[];
  const guard = guardOf(manifests);
  const targets = [...manifests.map(targetOf), ...namedInPods(manifests), ...derived(manifests)];
  const missed = targets.flatMap((target) =>
    rightsOn(target)
      .filter(([verb, subresource]) => !isTold(guard, target, verb, subresource))
      .map((right) => `${right.join(' ')} of ${target.resource} ${target.name}`),
  );
  expect(missed).toEqual([]);
});

test('no template is left out but the one that has to look into a cluster, whose Secrets are named here', async () => {
  const rendered = await Promise.all(
    FORMS.map(([, values]) => helm('template', 'firstseen', CHART, ...REQUIRED, '--set', values)),
  );
  const sources = new Set(
    [...rendered.join().matchAll(/^# Source: firstseen\/templates\/(.+)$/gm)].map(([, file]) => file),
  );
  const templates = readdirSync(join(CHART, 'templates')).filter((file) => file.endsWith('.yaml'));
  expect(templates.filter((file) => !sources.has(file))).toEqual(['certificates.yaml']);
});
