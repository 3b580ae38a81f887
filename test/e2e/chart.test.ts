import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { parse, parseAllDocuments } from 'yaml';
import { type ApiAnswer, type ApiServer, startApiServer } from '../support/api-server.ts';

const CHART = 'helm/firstseen';
const REQUIRED = ['--set', 'tls.existingSecret=firstseen-tls'];
const NAMESPACE = 'firstseen';
const ACCOUNT = 'system:serviceaccount:firstseen:firstseen';
const ALERTS = '/apis/firstseen.dev/v1alpha1/alerts';
const ALERT_MAX_BYTES = 8_192;

interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly annotations?: Readonly<Record<string, string>> };
}

/** As much of a structural schema as the chart uses. */
interface Schema {
  readonly type?: string;
  readonly description?: string;
  readonly format?: string;
  readonly enum?: readonly string[];
  readonly maxLength?: number;
  readonly maxItems?: number;
  readonly maxProperties?: number;
  readonly maximum?: number;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema;
  readonly items?: Schema;
  readonly 'x-kubernetes-list-type'?: string;
}

interface Definition extends Manifest {
  readonly spec: { readonly versions: readonly [{ readonly schema: { readonly openAPIV3Schema: Schema } }] };
}

let server: ApiServer;
/** Of the service account that the chart makes. */
let token: string;

before(async () => {
  server = await startApiServer({ auditPolicyFile: 'deploy/audit-policy.yaml' });
  await server.kubectl('create', 'namespace', NAMESPACE);
});
after(() => server?.stop());

async function render(...args: readonly string[]): Promise<readonly Manifest[]> {
  const text = await server.helm('template', 'firstseen', CHART, '--namespace', NAMESPACE, ...REQUIRED, ...args);
  return parseAllDocuments(text).flatMap((document) => {
    assert.deepEqual(document.errors, []);
    const value: unknown = document.toJS();
    return value === null ? [] : [value as Manifest];
  });
}

async function patchStatus(name: string, status: unknown, bearer = token): Promise<ApiAnswer> {
  return server.request(`${ALERTS}/${name}/status`, {
    method: 'PATCH',
    token: bearer,
    userAgent: 'firstseen/0.1.0',
    headers: { 'content-type': 'application/merge-patch+json' },
    body: JSON.stringify({ status }),
  });
}

async function createAlert(alert: object): Promise<ApiAnswer> {
  return server.request(ALERTS, {
    method: 'POST',
    token,
    userAgent: 'firstseen/0.1.0',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(alert),
  });
}

function alertNamed(name: string, spec: object = {}): object {
  return {
    apiVersion: 'firstseen.dev/v1alpha1',
    kind: 'Alert',
    metadata: { name, labels: { 'firstseen.dev/severity': 'medium' } },
    spec: {
      rule: { name: 'anonymous-request-unusual-agent', title: 'Anonymous request', type: 'new_terms', version: '1' },
      severity: 'medium',
      riskScore: 47,
      reason: 'user agent "masscan/1.3" not seen in 7d: system:anonymous list pods in default, allowed',
      newTerms: [{ field: 'user_agent.original', value: 'masscan/1.3' }],
      threat: [
        { tactic: { id: 'TA0001', name: 'Initial Access' }, technique: { id: 'T1078.001', name: 'Default Accounts' } },
      ],
      request: {
        time: '2026-11-24T05:00:00.123456Z',
        auditID: 'c2f1a3de-0000-4000-8000-000000000001',
        stage: 'ResponseComplete',
        verb: 'list',
        uri: '/api/v1/namespaces/default/pods',
        resource: 'pods',
        apiVersion: 'v1',
        namespace: 'default',
        code: 200,
        decision: 'allow',
        dryRun: false,
        truncated: false,
      },
      actor: {
        user: 'system:anonymous',
        groups: ['system:unauthenticated'],
        sourceIP: '203.0.113.7',
        sourceIPs: ['203.0.113.7'],
        userAgent: 'masscan/1.3',
      },
      cluster: 'local',
      overflow: false,
      display: {
        user: 'system:anonymous',
        action: 'list pods',
        object: 'default',
        source: '203.0.113.7',
        newTerm: 'masscan/1.3',
      },
      ...spec,
    },
  };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function messageOf({ body }: ApiAnswer): string {
  const status: unknown = JSON.parse(body);
  return isObject(status) && typeof status.message === 'string' ? status.message : '';
}

/** Every schema in it, with its path. */
function* walk(schema: Schema, path: string): Generator<readonly [path: string, schema: Schema]> {
  yield [path, schema];
  for (const [name, property] of Object.entries(schema.properties ?? {})) yield* walk(property, `${path}.${name}`);
  if (schema.items) yield* walk(schema.items, `${path}[]`);
  if (schema.additionalProperties) yield* walk(schema.additionalProperties, `${path}{}`);
}

/** The largest value that a schema takes. */
function largest(schema: Schema): unknown {
  if (schema.enum) return schema.enum.toSorted((a, b) => b.length - a.length)[0];
  switch (schema.type) {
    case 'object':
      return Object.fromEntries(Object.entries(schema.properties ?? {}).map(([name, child]) => [name, largest(child)]));
    case 'array':
      return Array.from({ length: schema.maxItems ?? 0 }, () => largest(schema.items ?? {}));
    case 'string':
      return schema.format === 'date-time' ? '2026-11-24T05:00:00.123456Z' : 'x'.repeat(schema.maxLength ?? 0);
    case 'integer':
      return schema.maximum ?? (schema.format === 'int32' ? 2_147_483_647 : Number.MAX_SAFE_INTEGER);
    case 'boolean':
      return false;
    default:
      throw new Error(`no largest value of ${JSON.stringify(schema)}`);
  }
}

async function alertSchema(): Promise<Schema> {
  const definition = (await render()).find(({ metadata }) => metadata.name === 'alerts.firstseen.dev');
  assert.ok(definition);
  return (definition as Definition).spec.versions[0].schema.openAPIV3Schema;
}

/** What `kubectl auth can-i` says, for one line such as `create events.events.k8s.io -n default`. */
async function mayDo(request: string, as: string): Promise<boolean> {
  try {
    return (await server.kubectl('auth', 'can-i', ...request.split(' '), `--as=${as}`)).trim() === 'yes';
  } catch (error) {
    if (error instanceof Error && /^no\b/m.test(error.message)) return false;
    throw error;
  }
}

test('helm lint has nothing to say', async () => {
  assert.match(await server.helm('lint', '--strict', CHART, ...REQUIRED), /1 chart\(s\) linted, 0 chart\(s\) failed/);
  await server.helm('lint', CHART);
});

test('the chart renders, in each of its forms', async () => {
  const kinds = async (...args: readonly string[]) => (await render(...args)).map(({ kind }) => kind).sort();
  const crds = ['CustomResourceDefinition', 'CustomResourceDefinition', 'CustomResourceDefinition'];
  const userRoles = ['ClusterRole', 'ClusterRole', 'ClusterRole'];
  const rest = ['ClusterRole', 'ClusterRoleBinding', 'ConfigMap', 'Deployment', 'Service', 'ServiceAccount'];
  assert.deepEqual(await kinds(), [...crds, ...userRoles, ...rest].sort());
  assert.deepEqual(
    await kinds('--set', 'crds.enabled=false,rbac.userRoles=false,state.sqlite.persistence.enabled=true'),
    [...rest, 'PersistentVolumeClaim'].sort(),
  );
  const redis = await render('--set', 'state.kind=redis,state.redis.existingSecret=redis');
  assert.match(JSON.stringify(redis), /"secretKeyRef":\{"name":"redis","key":"url"\}/);
});

test('values that are missing, unknown or set by the chart itself are refused by name', async () => {
  await assert.rejects(server.helm('template', 'x', CHART), /tls\.existingSecret is required/);
  for (const [values, expected] of [
    ['nonsense=1', /'nonsense' not allowed/],
    ['state.kind=redis', /\/state\/redis\/existingSecret/],
    ['config.ops.listen=x', /\/config\/ops/],
    ['config.receiver.tls.certFile=x', /\/config\/receiver\/tls/],
  ] as const) {
    await assert.rejects(server.helm('template', 'x', CHART, ...REQUIRED, '--set', values), expected);
  }
});

test('the pod has no more rights than it needs', async () => {
  const deployment = (await render()).find(({ kind }) => kind === 'Deployment');
  const text = JSON.stringify(deployment);
  for (const part of [
    '"runAsNonRoot":true',
    '"seccompProfile":{"type":"RuntimeDefault"}',
    '"allowPrivilegeEscalation":false',
    '"readOnlyRootFilesystem":true',
    '"capabilities":{"drop":["ALL"]}',
  ]) {
    assert.ok(text.includes(part), part);
  }
});

test('everything in the resources is bounded and described', async () => {
  const definitions = (await render()).filter(({ kind }) => kind === 'CustomResourceDefinition') as Definition[];
  assert.equal(definitions.length, 3);
  for (const { metadata, spec } of definitions) {
    assert.equal(metadata.annotations?.['helm.sh/resource-policy'], 'keep');
    for (const part of ['spec', 'status']) {
      const schema = spec.versions[0].schema.openAPIV3Schema.properties?.[part];
      assert.ok(schema);
      for (const [path, child] of walk(schema, `${metadata.name} ${part}`)) {
        if (child.type === 'string') assert.ok(child.enum ?? child.maxLength, `${path} has no maxLength`);
        if (child.type === 'array') {
          assert.ok(child.maxItems, `${path} has no maxItems`);
          assert.equal(child['x-kubernetes-list-type'], 'atomic', path);
        }
        if (child.type === 'object' && !child.properties)
          assert.ok(child.maxProperties, `${path} has no maxProperties`);
        if (/[^\]}]$/.test(path)) assert.ok(child.description, `${path} has no description`);
      }
    }
  }
});

test('the chart installs, and says what comes next', async () => {
  const notes = await server.helm('install', 'firstseen', CHART, '--namespace', NAMESPACE, ...REQUIRED);
  assert.match(notes, /kubectl -n firstseen exec deploy\/firstseen -- firstseen webhook-config/);
  assert.match(notes, /--audit-webhook-config-file=.*\n.*--audit-policy-file=/);
  assert.doesNotMatch(notes, /fluxcd|of another name/);
  for (const name of ['alerts', 'detectionrules', 'ruleexceptions']) {
    await server.kubectl('wait', '--for=condition=Established', `crd/${name}.firstseen.dev`, '--timeout=30s');
  }
  assert.equal(
    await server.kubectl(
      'get',
      'crd',
      '-o',
      'jsonpath={.items[*].status.conditions[?(@.type=="NonStructuralSchema")].message}',
    ),
    '',
  );
  token = (await server.kubectl('-n', NAMESPACE, 'create', 'token', 'firstseen')).trim();
});

test('an alert shows in the columns of kubectl get alerts', async () => {
  await server.apply(alertNamed('first'));
  const opened = await server.kubectl('get', 'alerts');
  assert.match(opened, /^NAME +SEVERITY +RULE +USER +ACTION +OBJECT +COUNT +STATUS +LAST SEEN +AGE\n/);
  assert.match(
    opened,
    /^first +medium +anonymous-request-unusual-agent +system:anonymous +list pods +default +Open +\S+$/m,
  );

  const seen = { count: 3, firstSeen: '2026-11-24T05:00:00.123456Z', lastSeen: '2026-11-24T05:00:01.000001Z' };
  assert.equal((await patchStatus('first', seen)).status, 200);
  const wide = await server.kubectl('get', 'fsa', '-o', 'wide');
  assert.match(wide, /AGE +SOURCE +USER AGENT +NEW TERM +RISK +CLUSTER\n/);
  assert.match(wide, / 3 +Open +\S+ +\S+ +203\.0\.113\.7 +masscan\/1\.3 +masscan\/1\.3 +47 +local$/m);

  const selector =
    'spec.severity=medium,spec.rule.name=anonymous-request-unusual-agent,spec.display.user=system:anonymous,status.phase=Open';
  assert.match(await server.kubectl('get', 'alerts', '-o', 'name', '--field-selector', selector), /first/);
  assert.equal(await server.kubectl('get', 'alerts', '-o', 'name', '--field-selector', 'status.phase=Closed'), '');
  assert.match(await server.kubectl('get', 'firstseen', '-o', 'name'), /alert\.firstseen\.dev\/first/);
  assert.match(
    await server.kubectl('explain', 'alert.spec.actor.sourceIP'),
    /the only one that a client does not\s+choose/,
  );
});

test('the spec of an alert never changes and its count never falls', async () => {
  await assert.rejects(
    server.kubectl('patch', 'alert', 'first', '--type=merge', '-p', '{"spec":{"severity":"low"}}'),
    /spec is immutable: an alert records one fact; only its status changes/,
  );
  for (const status of [{ count: 2 }, { count: null }, null]) {
    const answer = await patchStatus('first', status);
    assert.equal(answer.status, 422);
    assert.match(messageOf(answer), /status\.count never falls/);
  }
  assert.equal((await patchStatus('first', { count: 4 })).status, 200);
  assert.equal((await patchStatus('first', { phase: 'Gone' })).status, 422);
  const both = alertNamed('both', { groupBy: [{ field: 'user.name', value: 'x' }] });
  assert.match(messageOf(await createAlert(both)), /an alert has new terms or a group, never both/);
});

test('a responder sets the phase and nothing else', async () => {
  await server.kubectl('create', 'clusterrolebinding', 'alice', '--clusterrole=firstseen-responder', '--user=alice');
  const alice = ['--kubeconfig', server.kubeconfigFor(server.userTokens.alice)];
  const acknowledge = '{"status":{"phase":"Acknowledged"}}';
  await server.kubectl(...alice, 'patch', 'alert', 'first', '--subresource=status', '--type=merge', '-p', acknowledge);
  assert.equal(await server.kubectl('get', 'alert', 'first', '-o', 'jsonpath={.status.phase}'), 'Acknowledged');
  await assert.rejects(
    server.kubectl(...alice, 'patch', 'alert', 'first', '--type=merge', '-p', '{"metadata":{"labels":{"a":"b"}}}'),
    /Forbidden/,
  );
  await assert.rejects(server.kubectl(...alice, 'delete', 'alert', 'first'), /Forbidden/);
});

test('an alert at all of its bounds fits into 8 KiB', async () => {
  const { spec, status } = (await alertSchema()).properties ?? {};
  assert.ok(spec && status);
  const { groupBy, newTerms, ...properties } = spec.properties ?? {};
  assert.ok(groupBy && newTerms);
  const statusWithoutPhase = { ...status, properties: { ...status.properties } };
  for (const [name, terms] of Object.entries({ newTerms, groupBy })) {
    const alert = {
      apiVersion: 'firstseen.dev/v1alpha1',
      kind: 'Alert',
      metadata: {
        name: `${'a'.repeat(62)}${name === 'newTerms' ? 'n' : 'g'}`,
        labels: Object.fromEntries(
          ['rule', 'severity', 'cluster'].map((label) => [`firstseen.dev/${label}`, 'x'.repeat(63)]),
        ),
      },
      spec: largest({ ...spec, properties: { ...properties, [name]: terms } }),
    };
    const created = await createAlert(alert);
    assert.equal(created.status, 201, created.body);
    const patched = await patchStatus(alert.metadata.name, {
      ...Object(largest(statusWithoutPhase)),
      phase: undefined,
    });
    assert.equal(patched.status, 200, patched.body);
    await server.kubectl(
      'patch',
      'alert',
      alert.metadata.name,
      '--subresource=status',
      '--type=merge',
      '-p',
      '{"status":{"phase":"Acknowledged"}}',
    );
    const { body } = await server.request(`${ALERTS}/${alert.metadata.name}`, { token, userAgent: 'firstseen/0.1.0' });
    assert.match(body, /"managedFields"/);
    const bytes = Buffer.byteLength(body);
    assert.ok(bytes <= ALERT_MAX_BYTES, `with ${name} it takes ${bytes} bytes`);
    await server.kubectl('delete', 'alert', alert.metadata.name);
  }
});

test('rules and exceptions are checked when they are written', async () => {
  const rule = (name: string, spec: object) => ({
    apiVersion: 'firstseen.dev/v1alpha1',
    kind: 'DetectionRule',
    metadata: { name },
    spec: { title: 'A rule', query: 'event.action: create', severity: 'medium', ...spec },
  });
  const newTerms = { fields: ['user_agent.original'], window: '7d', learning: { until: '24h' } };
  const event = { auditID: 'a', verb: 'get', user: { username: 'a', extra: { 'a.b/c': ['d'] } } };
  await server.apply(
    rule('good', {
      type: 'new_terms',
      newTerms,
      threat: [{ tactic: { id: 'TA0001', name: 'Initial Access' } }],
      exceptions: [
        { query: 'user.name: a', reason: 'known', expires: '2027-01-31' },
        { query: 'user.name: b', reason: 'known', expires: '2027-01-31T00:00:00Z' },
      ],
      tests: [
        { name: 'one', event, expect: 'fire' },
        { name: 'two', events: [event, event], expect: 'silent' },
      ],
    }),
  );
  const kept = await server.kubectl('get', 'dr', 'good', '-o', 'json');
  assert.deepEqual(JSON.parse(kept).spec.tests[0].event, event);
  assert.match(await server.kubectl('get', 'dr'), /^NAME +READY +TYPE +SEVERITY +MATCHES +ALERTS +LEARNING +AGE\n/);
  assert.match(await server.kubectl('get', 'dr', '-o', 'wide'), /AGE +LAST MATCH +TERMS +COST\n/);

  for (const [spec, expected] of [
    [{ type: 'new_terms' }, /newTerms belongs to a rule of type new_terms, and such a rule needs it/],
    [{ type: 'query', newTerms }, /newTerms belongs to a rule of type new_terms/],
    [{ type: 'threshold' }, /threshold belongs to a rule of type threshold/],
    [{ type: 'query', window: '6m' }, /window is for rules of type eql and esql/],
    [{ type: 'esql', language: 'kuery' }, /language must be eql for type eql/],
    [{ type: 'query', tests: [{ name: 'a', expect: 'fire' }] }, /a test has either event or events/],
    [{ type: 'query', tests: [{ name: 'a', expect: 'fire', event, events: [event] }] }, /either event or events/],
    [{ type: 'query', riskScore: 101 }, /less than or equal to 100/],
    [{ type: 'new_terms', newTerms: { ...newTerms, window: 'a week' } }, /spec\.newTerms\.window/],
  ] as const) {
    await assert.rejects(server.apply(rule('bad', spec)), expected);
  }
  await assert.rejects(server.apply(rule('x'.repeat(201), { type: 'query' })), /metadata\.name/);

  const exception = (spec: object) => ({
    apiVersion: 'firstseen.dev/v1alpha1',
    kind: 'RuleException',
    metadata: { name: 'exception' },
    spec: { query: 'user.name: ci', reason: 'the build', ...spec },
  });
  await assert.rejects(server.apply(exception({})), /name the rules, or the tags of the rules/);
  await server.apply(exception({ rules: ['good'], expires: '2027-01-31' }));
  assert.match(await server.kubectl('get', 'ruleexceptions'), /^NAME +READY +EXPIRES +SUPPRESSED +LAST USED +AGE\n/);
});

test('the service account may do what it has to', async () => {
  const lookedUp = [
    'namespaces',
    'nodes',
    'pods',
    'serviceaccounts',
    'services',
    'daemonsets.apps',
    'deployments.apps',
    'replicasets.apps',
    'statefulsets.apps',
    'cronjobs.batch',
    'jobs.batch',
    'clusterrolebindings.rbac.authorization.k8s.io',
    'clusterroles.rbac.authorization.k8s.io',
    'rolebindings.rbac.authorization.k8s.io',
    'roles.rbac.authorization.k8s.io',
  ];
  for (const request of [
    ...['get', 'list', 'watch', 'create', 'delete'].map((verb) => `${verb} alerts.firstseen.dev`),
    'patch alerts.firstseen.dev --subresource=status',
    'create events.events.k8s.io -n default',
    'create events.events.k8s.io -n kube-system',
    ...lookedUp.map((resource) => `get ${resource} -n default`),
  ]) {
    assert.equal(await mayDo(request, ACCOUNT), true, request);
  }
});

test('the service account may do nothing else', async () => {
  for (const request of [
    ...['update', 'patch', 'deletecollection'].map((verb) => `${verb} alerts.firstseen.dev`),
    ...['get', 'update'].map((verb) => `${verb} alerts.firstseen.dev --subresource=status`),
    ...['get', 'create', 'update', 'patch', 'delete'].map((verb) => `${verb} detectionrules.firstseen.dev`),
    ...['create', 'update', 'delete'].map((verb) => `${verb} ruleexceptions.firstseen.dev`),
    ...['get', 'list', 'update', 'patch', 'delete'].map((verb) => `${verb} events.events.k8s.io -n default`),
    'create events -n default',
    ...['get', 'list', 'watch', 'create'].map((verb) => `${verb} secrets -n firstseen`),
    'get configmaps -n firstseen',
    ...['list', 'watch', 'create', 'patch', 'delete'].map((verb) => `${verb} pods -n default`),
    'create pods -n default --subresource=exec',
    'get pods -n default --subresource=log',
    'create serviceaccounts -n firstseen --subresource=token',
    'impersonate users',
    'bind clusterroles.rbac.authorization.k8s.io',
    'escalate clusterroles.rbac.authorization.k8s.io',
    'get customresourcedefinitions.apiextensions.k8s.io',
    'get leases.coordination.k8s.io -n firstseen',
  ]) {
    assert.equal(await mayDo(request, ACCOUNT), false, request);
  }
});

test('rules and alerts are for different people', async () => {
  await server.kubectl('create', 'clusterrolebinding', 'bob', '--clusterrole=firstseen-author', '--user=bob');
  for (const [request, alice, bob] of [
    ['list alerts.firstseen.dev', true, true],
    ['patch alerts.firstseen.dev --subresource=status', true, false],
    ['update detectionrules.firstseen.dev', false, true],
    ['create ruleexceptions.firstseen.dev', false, true],
    ['create alerts.firstseen.dev', false, false],
    ['delete alerts.firstseen.dev', false, false],
  ] as const) {
    assert.deepEqual([await mayDo(request, 'alice'), await mayDo(request, 'bob')], [alice, bob], request);
  }
  const view: unknown = JSON.parse(await server.kubectl('get', 'clusterrole', 'firstseen-view', '-o', 'json'));
  for (const role of ['view', 'edit', 'admin']) {
    assert.ok(JSON.stringify(view).includes(`"rbac.authorization.k8s.io/aggregate-to-${role}":"true"`), role);
  }
});

test('the notes tell users of Flux how to reach its alerts', async () => {
  const schema = { openAPIV3Schema: { type: 'object' } };
  await server.apply({
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'alerts.notification.toolkit.fluxcd.io' },
    spec: {
      group: 'notification.toolkit.fluxcd.io',
      scope: 'Namespaced',
      names: { kind: 'Alert', listKind: 'AlertList', plural: 'alerts', singular: 'alert' },
      versions: [{ name: 'v1beta3', served: true, storage: true, schema }],
    },
  });
  await server.kubectl('wait', '--for=condition=Established', 'crd/alerts.notification.toolkit.fluxcd.io');
  const notes = await server.helm('upgrade', 'firstseen', CHART, '--namespace', NAMESPACE, ...REQUIRED);
  assert.match(notes, /kubectl get alerts\.notification\.toolkit\.fluxcd\.io -A/);
  assert.match(await server.kubectl('get', 'alerts'), /^first /m);
});

test('what goes away on uninstall comes back on install, and the alerts stay', async () => {
  await server.helm('uninstall', 'firstseen', '--namespace', NAMESPACE);
  await assert.rejects(server.kubectl('get', 'clusterrole', 'firstseen'), /NotFound/);
  assert.match(await server.kubectl('get', 'alerts'), /^first /m);
  await server.helm('install', 'firstseen', CHART, '--namespace', NAMESPACE, ...REQUIRED);
  assert.match(await server.kubectl('get', 'alerts'), /^first /m);
});

test('the audit policy names the default service account and keeps the stages that it must', () => {
  const policy: unknown = parse(readFileSync('deploy/audit-policy.yaml', 'utf8'));
  assert.ok(isObject(policy) && Array.isArray(policy.rules));
  assert.deepEqual(policy.omitStages, ['RequestReceived']);
  const rules: readonly unknown[] = policy.rules;
  assert.ok(!JSON.stringify(rules).includes('ResponseStarted'));
  const own = rules.filter(isObject).filter(({ users }) => Array.isArray(users) && users.includes(ACCOUNT));
  assert.deepEqual(
    own.map(({ level, verbs, resources }) => ({ level, verbs, resources })),
    [
      {
        level: 'None',
        verbs: ['get', 'list', 'watch', 'create', 'delete'],
        resources: [{ group: 'firstseen.dev', resources: ['alerts'] }],
      },
      { level: 'None', verbs: ['patch'], resources: [{ group: 'firstseen.dev', resources: ['alerts/status'] }] },
      { level: 'None', verbs: ['create'], resources: [{ group: 'events.k8s.io', resources: ['events'] }] },
    ],
  );
});
