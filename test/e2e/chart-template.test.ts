import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { loadConfig } from '../../src/config/load-config.ts';
import { tamperOptionsSchema } from '../../src/ruleset/options.ts';
import {
  ACCOUNT,
  CHART,
  helm,
  type Manifest,
  NAMESPACE,
  parseManifests,
  REQUIRED,
  renderChart,
  renderedSchemas,
  type Schema,
} from '../support/chart.ts';
import { expectArray, expectObject, expectPresent } from '../support/expect.ts';
import { createTemporaryFolder } from '../support/temporary-folder.ts';

const REDIS = 'state.kind=redis,state.redis.url=redis://redis:6379';
const VALKEY = 'valkey.enabled=true,valkey.auth.existingSecret=valkey';
const POLICIES = 'networkPolicy.enabled=true,networkPolicy.controlPlaneCIDRs={192.0.2.10/32}';
const WORKLOADS = ['Deployment', 'DaemonSet', 'StatefulSet'];

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

/** Every schema in it, with its path. */
function* walk(schema: Schema, path: string): Generator<readonly [path: string, schema: Schema]> {
  yield [path, schema];
  for (const [name, property] of Object.entries(schema.properties ?? {})) yield* walk(property, `${path}.${name}`);
  if (schema.items) yield* walk(schema.items, `${path}[]`);
  if (schema.additionalProperties) yield* walk(schema.additionalProperties, `${path}{}`);
}

test('helm lint has nothing to say', async () => {
  for (const values of [REQUIRED, [], ['--set', 'tls.mode=certManager'], ['--set', `mode=DaemonSet,${REDIS}`]]) {
    expect(await helm('lint', '--strict', CHART, ...values)).toMatch(/1 chart\(s\) linted, 0 chart\(s\) failed/);
  }
});

test('the chart renders, in each of its forms', async () => {
  const kinds = async (...args: readonly string[]) => (await renderChart(...args)).map(({ kind }) => kind).sort();
  const crds = ['CustomResourceDefinition', 'CustomResourceDefinition', 'CustomResourceDefinition'];
  const userRoles = ['ClusterRole', 'ClusterRole', 'ClusterRole'];
  const rest = ['ClusterRole', 'ClusterRoleBinding', 'ConfigMap', 'Role', 'RoleBinding', 'ServiceAccount'];
  const services = ['Service', 'Service'];
  expect(await kinds()).toEqual(
    [...crds, ...userRoles, ...rest, ...services, 'Deployment', 'PersistentVolumeClaim'].sort(),
  );
  const alone = 'crds.enabled=false,rbac.userRoles=false';
  expect(await kinds('--set', `${alone},state.sqlite.persistence.enabled=false`)).toEqual(
    [...rest, ...services, 'Deployment'].sort(),
  );
  expect(await kinds('--set', `${alone},mode=DaemonSet,${REDIS}`)).toEqual([...rest, 'DaemonSet'].sort()); // a pod on each node takes no Service
  expect(await kinds('--set', `${alone},state.kind=redis,replicas=3,${VALKEY},${POLICIES}`)).toEqual(
    [
      ...rest,
      ...services,
      'Deployment',
      'PodDisruptionBudget',
      'NetworkPolicy',
      'NetworkPolicy',
      'Service',
      'StatefulSet',
    ].sort(),
  );
});

test('cert-manager is asked for an authority and two certificates, or for two certificates of a given issuer', async () => {
  const made = async (...values: readonly string[]) => {
    const text = await helm(
      'template',
      'firstseen',
      CHART,
      '--namespace',
      NAMESPACE,
      '--set',
      'tls.mode=certManager',
      ...values,
    );
    return parseManifests(text).filter(({ kind }) => kind === 'Certificate' || kind === 'Issuer');
  };
  const own = await made();
  expect(own.map(({ kind, metadata }) => `${kind} ${metadata.name}`).sort()).toEqual([
    'Certificate firstseen-ca',
    'Certificate firstseen-client',
    'Certificate firstseen-server',
    'Issuer firstseen-ca',
    'Issuer firstseen-selfsigned',
  ]);
  const given = await made(
    '--set',
    'tls.certManager.issuerRef.name=corporate,tls.certManager.issuerRef.kind=ClusterIssuer',
  );
  expect(given.map(({ metadata }) => metadata.name).sort()).toEqual(['firstseen-client', 'firstseen-server']);
  expect(JSON.stringify(given)).toMatch(/"issuerRef":\{"kind":"ClusterIssuer","name":"corporate"\}/);
});

test('values that are missing, unknown, at odds or set by the chart itself are refused, with what to do', async () => {
  await expect(helm('template', 'x', CHART)).rejects.toThrow(
    /look into the cluster.*tls\.mode=existingSecret.*certManager/s,
  );
  for (const [values, expected] of [
    ['tls.existingSecret=', /tls\.existingSecret is required/],
    ['tls.mode=certManager', /set tls\.mode=existingSecret, or remove tls\.existingSecret/],
    ['nonsense=1', /'nonsense' not allowed/],
    ['config.ops.listen=x', /\/config\/ops/],
    ['config.receiver.tls.certFile=x', /\/config\/receiver\/tls/],
    ['replicas=2', /replicas=1, or state\.kind=redis/],
    ['mode=DaemonSet', /state\.kind=redis, or.*daemonSet\.singleNode=true/s],
    ['state.kind=redis', /exactly one of .* found none: set one/],
    [`${REDIS},state.redis.cluster.nodes={a:1}`, /found state\.redis\.url, state\.redis\.cluster\.nodes/],
    ['state.kind=redis,state.redis.url=redis://u:secret@h:1', /ConfigMap: use state\.redis\.auth/],
    ['state.kind=redis,state.redis.url=rediss://h:1', /rediss:\/\/ goes with tls\.enabled=true/],
    ['state.kind=redis,state.redis.sentinel.nodes={h:1}', /sentinel\.name is required/],
    ['state.kind=redis,state.redis.options.url=x', /\/state\/redis\/options\/url/],
    ['state.redis.url=redis://h:1', /state\.kind is sqlite: set state\.kind=redis/],
    [`${REDIS},state.redis.tls.existingSecret=ca`, /in plain text: set state\.redis\.tls\.enabled=true/],
    [`mode=DaemonSet,replicas=3,${REDIS}`, /replicas has no effect in mode=DaemonSet/],
    [`mode=DaemonSet,${REDIS},daemonSet.opsPort=9443`, /are the same: set another port/],
    ['config.receiver.clusters[0].name=local,config.receiver.clusters[0].token=x', /the token of local .*tokenFile/],
    ['monitoring.serviceMonitor.enabled=true,monitoring.podMonitor.enabled=true', /counted twice: disable one/],
    [`${POLICIES},monitoring.serviceMonitor.enabled=true`, /networkPolicy\.opsFrom is required/],
    ['daemonSet.opsAddress=1.2', /\/daemonSet\/opsAddress/],
    [VALKEY, /valkey\.enabled needs state\.kind=redis/],
    ['state.kind=redis,valkey.enabled=true', /name it in valkey\.auth\.existingSecret/],
    ['networkPolicy.enabled=true', /controlPlaneCIDRs is required/],
    [`mode=DaemonSet,${REDIS},${POLICIES}`, /no effect in mode=DaemonSet/],
    ['rules.inline.foo=x', /rules\.inline has a file "foo"/],
    ['config.rules.pack=some', /pack/],
    ['config.tamper.names={a}', /tamper\/?\.?names/],
  ] as const) {
    await expect(helm('template', 'x', CHART, ...REQUIRED, '--set', values)).rejects.toThrow(expected);
  }
  const often = 'tls.mode=chart,tls.existingSecret=,tls.chart.certificateDays=90';
  await expect(helm('template', 'x', CHART, ...REQUIRED, '--set', often)).rejects.toThrow(
    /certificateDays must be more than/,
  );
});

test('the pod has no more rights than it needs', async () => {
  for (const values of ['replicas=1', `mode=DaemonSet,${REDIS}`, `state.kind=redis,${VALKEY}`]) {
    const workloads = (await renderChart('--set', values)).filter(({ kind }) => WORKLOADS.includes(kind));
    expect(workloads.length).toBeGreaterThan(0);
    for (const workload of workloads) {
      const text = JSON.stringify(workload);
      for (const part of [
        '"runAsNonRoot":true',
        '"seccompProfile":{"type":"RuntimeDefault"}',
        '"allowPrivilegeEscalation":false',
        '"readOnlyRootFilesystem":true',
        '"capabilities":{"drop":["ALL"]}',
        '"enableServiceLinks":false',
      ]) {
        expect(text).toContain(part);
      }
    }
  }
  const silent = await renderChart('--set', 'config.kubernetes.enabled=false');
  expect(JSON.stringify(silent)).toMatch(/"automountServiceAccountToken":false,"enableServiceLinks"/);
});

test('a pod on a control-plane node listens on that node only, and is probed there', async () => {
  const daemonSet = (await renderChart('--set', `mode=DaemonSet,${REDIS},daemonSet.opsPort=9555`)).find(
    ({ kind }) => kind === 'DaemonSet',
  );
  const text = JSON.stringify(daemonSet);
  for (const part of [
    '"hostNetwork":true',
    '"dnsPolicy":"ClusterFirstWithHostNet"',
    '"maxUnavailable":1',
    '{"key":"node-role.kubernetes.io/control-plane","operator":"Exists"}',
    '"readinessProbe":{"httpGet":{"path":"/readyz","port":"ops","host":"127.0.0.1"}',
    '{"name":"ops","containerPort":9555,"protocol":"TCP"}',
  ]) {
    expect(text).toContain(part);
  }
  const open = await renderChart('--set', `mode=DaemonSet,${REDIS},daemonSet.opsAddress=0.0.0.0`);
  expect(JSON.stringify(open)).not.toMatch(/"host":"/);
});

test('a stop has time for what the configuration allows it', async () => {
  const grace = async (values: string) =>
    Number(/"terminationGracePeriodSeconds":(\d+)/.exec(JSON.stringify(await renderChart('--set', values)))?.[1]);
  expect(await grace('replicas=1')).toBe(40); // 5 s of receiver.lingerMs, 20 s of receiver.drainMs, and 15 s
  expect(await grace('config.receiver.drainMs=30500')).toBe(51);
});

test('everything in the resources is bounded and described', async () => {
  const definitions = await renderedSchemas();
  expect(definitions).toHaveLength(3);
  for (const { manifest, schema } of definitions) {
    const { metadata } = manifest;
    expect(metadata.annotations?.['helm.sh/resource-policy']).toBe('keep');
    for (const part of ['spec', 'status']) {
      const partSchema = schema.properties?.[part];
      expectPresent(partSchema);
      for (const [path, child] of walk(partSchema, `${metadata.name} ${part}`)) {
        if (child.type === 'string') expect(child.enum?.length ?? child.maxLength).toBeGreaterThan(0);
        if (child.type === 'array') {
          expect(child.maxItems).toBeGreaterThan(0);
          expect(child).toHaveProperty('x-kubernetes-list-type', 'atomic');
        }
        if (child.type === 'object' && !child.properties) expect(child.maxProperties).toBeGreaterThan(0);
        if (/[^\]}]$/.test(path)) expect(child.description).toMatch(/\S/);
      }
    }
  }
});

test('the audit policy names the default service account and keeps the stages that it must', () => {
  const policy: unknown = parse(readFileSync('deploy/audit-policy.yaml', 'utf8'));
  expectObject(policy);
  expectArray(policy.rules);
  expect(policy.omitStages).toEqual(['RequestReceived']);
  const rules: readonly unknown[] = policy.rules;
  expect(JSON.stringify(rules)).not.toContain('ResponseStarted');
  const own = rules.filter(isObject).filter(({ users }) => Array.isArray(users) && users.includes(ACCOUNT));
  expect(
    own.filter(({ level }) => level === 'None').map(({ level, verbs, resources }) => ({ level, verbs, resources })),
  ).toEqual([
    {
      level: 'None',
      verbs: ['get', 'list', 'watch', 'create', 'delete'],
      resources: [{ group: 'firstseen.dev', resources: ['alerts'] }],
    },
    {
      level: 'None',
      verbs: ['patch'],
      resources: [
        { group: 'firstseen.dev', resources: ['alerts/status', 'detectionrules/status', 'ruleexceptions/status'] },
      ],
    },
    { level: 'None', verbs: ['create'], resources: [{ group: 'events.k8s.io', resources: ['events'] }] },
  ]);
  const [heartbeat, ...more] = own.filter(({ level }) => level !== 'None');
  expect(heartbeat?.nonResourceURLs).toEqual(['/firstseen-heartbeat/*']);
  expect(more).toEqual([]);
});

test.each<readonly [string, string, Readonly<Record<string, string>>]>([
  ['as it comes', '', {}],
  ['on control-plane nodes', `mode=DaemonSet,${REDIS}`, {}],
  ['on the one control-plane node', 'mode=DaemonSet,daemonSet.singleNode=true', {}],
  [
    'with Redis in a Secret',
    'state.kind=redis,state.redis.existingSecret=redis,state.redis.durability.replicated=1,state.redis.options.commandTimeoutMs=900',
    { FIRSTSEEN_STATE: 'redis://redis:6379/0' },
  ],
  [
    'with Redis over TLS',
    'state.kind=redis,state.redis.url=rediss://redis:6379/0,state.redis.tls.enabled=true,state.redis.tls.existingSecret=tls,' +
      'state.redis.tls.certKey=tls.crt,state.redis.tls.privateKeyKey=tls.key,state.redis.auth.username=firstseen',
    { FIRSTSEEN_REDIS_PASSWORD: 'secret' },
  ],
  [
    'with Sentinel',
    'state.kind=redis,state.redis.sentinel.name=main,state.redis.sentinel.nodes={s1:26379,s2:26379},' +
      'state.redis.sentinel.existingSecret=sentinel,state.redis.auth.existingSecret=redis,state.redis.tls.enabled=true',
    { FIRSTSEEN_REDIS_PASSWORD: 'secret', FIRSTSEEN_REDIS_SENTINEL_PASSWORD: 'secret' },
  ],
  [
    'with Redis Cluster',
    'state.kind=redis,state.redis.cluster.nodes={a:6379,b:6379},state.redis.auth.existingSecret=redis',
    { FIRSTSEEN_REDIS_PASSWORD: 'secret' },
  ],
  ['with Valkey', `state.kind=redis,${VALKEY}`, { FIRSTSEEN_REDIS_PASSWORD: 'secret' }],
  ['with rules', 'rules.configMaps={mine},rules.inline.x\\.yaml=x', {}],
  [
    'of several clusters, with the certificate of the local one made',
    'tls.mode=certManager,tls.existingSecret=,config.receiver.clusters[0].name=prod,config.kubernetes.localCluster=prod,' +
      'config.receiver.clusters[1].name=staging,config.receiver.clusters[1].clientNames={kube-apiserver-staging}',
    {},
  ],
  ['without looking up', 'eventTargets.lookup=false,config.kubernetes.enabled=false', {}],
])('the configuration that the chart writes is one that the program takes: %s', async (_form, values, env) => {
  const manifests = await renderChart(...(values === '' ? [] : ['--set', values]));
  const loaded = loadConfig({ file: writeConfig(manifests), env, flags: {} });
  expect(loaded.kind === 'invalid' ? loaded.problems : []).toEqual([]);
});

test('Sentinel and Cluster are written as the configuration names them, their passwords from Secrets', async () => {
  const stateOf = async (values: string) => {
    const manifests = await renderChart('--set', `state.kind=redis,${values}`);
    const { state } = parse(readFileSync(writeConfig(manifests), 'utf8'));
    return { state: state as unknown, text: JSON.stringify(manifests) };
  };
  const sentinel = await stateOf(
    'state.redis.sentinel.name=main,state.redis.sentinel.nodes={s1:26379,s2:26379},state.redis.sentinel.username=watch,' +
      'state.redis.sentinel.existingSecret=sentinel,state.redis.auth.existingSecret=redis,state.redis.tls.enabled=true',
  );
  expect(sentinel.state).toEqual({
    kind: 'redis',
    durability: 'best-effort',
    sentinel: { name: 'main', nodes: ['s1:26379', 's2:26379'], username: 'watch' },
    tls: {},
  });
  for (const [variable, secret] of [
    ['FIRSTSEEN_REDIS_PASSWORD', 'redis'],
    ['FIRSTSEEN_REDIS_SENTINEL_PASSWORD', 'sentinel'],
  ] as const) {
    const reference = `{"name":"${variable}","valueFrom":{"secretKeyRef":{"name":"${secret}","key":"password"}}}`;
    expect(sentinel.text).toContain(reference);
  }
  const cluster = await stateOf('state.redis.cluster.nodes={a:6379,b:6379},state.redis.options.keyPrefix=prod:');
  expect(cluster.state).toEqual({
    kind: 'redis',
    durability: 'best-effort',
    keyPrefix: 'prod:',
    cluster: { nodes: ['a:6379', 'b:6379'] },
  });
});

test('rules of yours are mounted where the configuration looks for them', async () => {
  const manifests = await renderChart('--set', 'rules.configMaps={mine},rules.inline.x\\.yaml=x');
  const text = JSON.stringify(manifests);
  for (const folder of ['/etc/firstseen/rules/mine', '/etc/firstseen/rules/inline']) {
    expect(text).toContain(`"mountPath":"${folder}"`);
    expect(readFileSync(writeConfig(manifests), 'utf8')).toContain(`- ${folder}\n`);
  }
});

test('files of yours are beside the pack, which is a choice of the values', async () => {
  const rulesOf = async (...args: readonly string[]) =>
    parse(readFileSync(writeConfig(await renderChart(...args)), 'utf8')).rules as unknown;
  const mine = ['--set', 'rules.configMaps={mine}'];
  expect(await rulesOf()).toEqual({ pack: 'all' });
  expect(await rulesOf(...mine)).toEqual({ pack: 'all', paths: ['/etc/firstseen/rules/mine'] });
  expect(await rulesOf('--set-json', 'config.rules.pack={"tags":["rbac"]}')).toEqual({ pack: { tags: ['rbac'] } });
  await expect(renderChart('--set-json', 'config.rules.paths=[]')).rejects.toThrow(
    /config\.rules\.paths is empty: .*config\.rules\.pack=none/,
  );
});

test('what belongs to the installation is known by name, and cert-manager may renew it', async () => {
  const tamperOf = async (...args: readonly string[]) =>
    parse(readFileSync(writeConfig(await renderChart(...args)), 'utf8')).tamper as {
      readonly names: readonly string[];
      readonly identities: readonly string[];
    };
  const { names, identities } = await tamperOf('--set', 'priorityClassName=first');
  expect(names).toEqual(['firstseen', 'firstseen-*', 'first']);
  expect(identities).toEqual(tamperOptionsSchema.parse({}).identities); // the values repeat what the program has
  const renewed = await tamperOf('--set', 'tls.mode=certManager,tls.existingSecret=,config.tamper.identities={ops}');
  expect(renewed.identities).toEqual(['ops', 'system:serviceaccount:cert-manager:cert-manager']);
});

/** Writes the configuration file among what was rendered, and gives its path. */
function writeConfig(manifests: readonly Manifest[]): string {
  const configMap: unknown = manifests.find(
    ({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === 'firstseen',
  );
  expectObject(configMap);
  expectObject(configMap.data);
  const file = join(createTemporaryFolder('config'), 'firstseen.yaml');
  writeFileSync(file, String(configMap.data['firstseen.yaml']));
  return file;
}
