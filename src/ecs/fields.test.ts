import { expect, test } from '@jest/globals';
import { expectArray, expectKey, expectPresent } from '../../test/support/expect.ts';
import { decodeEvent } from '../audit/decode.ts';
import type { AuditEvent, DecodedEvent } from '../audit/event.ts';
import type { FieldValues } from './field.ts';
import { FIELDS, resolveField } from './fields.ts';

const create: AuditEvent = {
  level: 'RequestResponse',
  auditID: '0b1c',
  stage: 'ResponseComplete',
  requestURI: '/api/v1/namespaces/shop/pods',
  verb: 'create',
  user: {
    username: 'system:serviceaccount:shop:deployer',
    uid: 'u-1',
    groups: ['system:serviceaccounts', 'system:authenticated'],
    extra: { 'authentication.kubernetes.io/pod-name': ['deployer-7c'], 'example.org/team': ['blue', 'green'] },
  },
  impersonatedUser: { username: 'root', groups: ['system:masters'] },
  sourceIPs: ['203.0.113.9', '2001:db8::1'],
  userAgent: 'curl/8.9',
  objectRef: { resource: 'pods', namespace: 'shop', name: 'web', apiVersion: 'v1', apiGroup: '' },
  responseStatus: { code: 201, reason: '' },
  requestObject: {
    kind: 'Pod',
    metadata: { name: 'web', labels: { app: 'web' } },
    spec: {
      hostPID: true,
      hostNetwork: false,
      serviceAccountName: '',
      containers: [
        {
          image: 'registry.example/web:1',
          securityContext: { privileged: true, capabilities: { add: ['SYS_ADMIN'] } },
        },
        { image: 'registry.example/sidecar:2', securityContext: {} },
      ],
      volumes: [{ hostPath: { path: '/etc' } }, { emptyDir: {} }],
    },
  },
  responseObject: { metadata: { name: 'web' } },
  requestReceivedTimestamp: '2026-05-01T11:59:58.000001Z',
  stageTimestamp: '2026-05-01T11:59:59.000002Z',
  annotations: {
    'authorization.k8s.io/decision': 'allow',
    'authorization.k8s.io/reason': '',
    'hooks.example.org/note': 'seen',
    plain: 'yes',
  },
};

function decoded(event: AuditEvent): DecodedEvent {
  return { event, ordinal: 0, truncated: false, receivedAt: 2_000_000, at: 1_000_000, skewed: false };
}

function read(name: string, event: AuditEvent = create): FieldValues {
  const field = resolveField(name);
  expectPresent(field);
  return field.read(decoded(event));
}

test("the fields of Elastic's documents are derived from the event", () => {
  const expected: Readonly<Record<string, FieldValues>> = {
    '@timestamp': 1_000_000,
    'event.ingested': 2_000_000,
    'event.original': JSON.stringify(create),
    'event.kind': 'event',
    'event.module': 'kubernetes',
    'event.action': 'create',
    'event.outcome': 'success',
    'event.dataset': 'kubernetes.audit_logs',
    'data_stream.type': 'logs',
    'data_stream.dataset': 'kubernetes.audit_logs',
    'data_stream.namespace': 'default',
    'user.name': 'system:serviceaccount:shop:deployer',
    'user.id': 'u-1',
    'user_agent.original': 'curl/8.9',
    'source.ip': ['203.0.113.9', '2001:db8::1'],
    'client.ip': ['203.0.113.9', '2001:db8::1'],
    'related.ip': ['203.0.113.9', '2001:db8::1'],
    'related.user': ['u-1', 'system:serviceaccount:shop:deployer'],
    'orchestrator.type': 'kubernetes',
    'orchestrator.api_version': 'v1',
    'orchestrator.namespace': 'shop',
    'orchestrator.resource.type': 'pods',
    'orchestrator.resource.name': 'web',
    'container.image.name': ['registry.example/web:1', 'registry.example/sidecar:2'],
  };
  for (const [name, values] of Object.entries(expected)) expect([name, read(name)]).toEqual([name, values]);
  const derived = FIELDS.map(({ name }) => name).filter((name) => !/^(?:kubernetes|firstseen)\./.test(name));
  expect(derived.sort()).toEqual(Object.keys(expected).sort());
});

test('the raw event is read below kubernetes.audit', () => {
  const expected: Readonly<Record<string, FieldValues>> = {
    kind: 'Event',
    level: 'RequestResponse',
    verb: 'create',
    'user.username': 'system:serviceaccount:shop:deployer',
    'user.groups': ['system:serviceaccounts', 'system:authenticated'],
    'user.extra.authentication.kubernetes.io/pod-name': 'deployer-7c',
    'user.extra.authentication.kubernetes.io/node-name': undefined,
    'user.extra.example.org/team': ['blue', 'green'],
    'user.extra.constructor': undefined,
    'impersonatedUser.username': 'root',
    'impersonatedUser.groups': 'system:masters',
    'objectRef.apiGroup': undefined,
    'responseStatus.code': 201,
    'responseStatus.reason': undefined,
    requestReceivedTimestamp: Date.UTC(2026, 4, 1, 11, 59, 58) * 1000 + 1,
    'requestObject.spec.hostPID': true,
    'requestObject.spec.hostNetwork': false,
    'requestObject.spec.serviceAccountName': undefined,
    'requestObject.spec.containers.image': ['registry.example/web:1', 'registry.example/sidecar:2'],
    'requestObject.spec.containers.securityContext.privileged': true,
    'requestObject.spec.volumes.hostPath.path': '/etc',
    'requestObject.no.such.path': undefined,
    'no.such.path': undefined,
  };
  for (const [path, values] of Object.entries(expected))
    expect([path, read(`kubernetes.audit.${path}`)]).toEqual([path, values]);
});

test('annotations are read by their name with underscores or with dots', () => {
  const annotation = (name: string, event?: AuditEvent) => read(`kubernetes.audit.annotations.${name}`, event);
  expect(annotation('authorization_k8s_io/decision')).toBe('allow');
  expect(annotation('authorization.k8s.io/decision')).toBe('allow');
  expect(annotation('authorization_k8s_io/reason')).toBeUndefined();
  expect(annotation('hooks_example_org/note')).toBe('seen');
  expect(annotation('hooks.example.org/note')).toBe('seen');
  expect(annotation('plain')).toBe('yes');
  expect(annotation('hooks-example-org/note')).toBeUndefined();
  expect(annotation('toString')).toBeUndefined();
  expect(annotation('authorization_k8s_io/decision', {})).toBeUndefined();
  expect(
    annotation('authorization_k8s_io/decision', { annotations: { 'authorization_k8s_io/decision': 'forbid' } }),
  ).toBe('forbid');
});

test('the outcome follows the decision', () => {
  const outcome = (decision: string) =>
    read('event.outcome', { annotations: { 'authorization.k8s.io/decision': decision } });
  expect(outcome('forbid')).toBe('failure');
  expect(outcome('maybe')).toBeUndefined();
  expect(read('event.outcome', {})).toBeUndefined();
});

test('one entry that is no address leaves no address', () => {
  const ip = (...sourceIPs: readonly string[]) => read('source.ip', { sourceIPs });
  expect(ip('10.0.0.1')).toBe('10.0.0.1');
  expect(ip('10.0.0.1', 'proxy')).toBeUndefined();
  expect(ip('10.0.0.1', '')).toBeUndefined();
  expect(ip()).toBeUndefined();
  for (const text of ['10.1', '0x0a.0.0.1', '010.0.0.1', '10.0.0.256', 'fe80::1%eth0', `10.0.0.1${' '.repeat(60)}`]) {
    expect([text, ip(text)]).toEqual([text, undefined]);
  }
  expect(ip('::ffff:10.0.0.1')).toBe('::ffff:10.0.0.1');
  expect(ip('10.0.0.1', '10.0.0.2', '10.0.0.1')).toEqual(['10.0.0.2', '10.0.0.1']);
  expect(read('kubernetes.audit.sourceIPs', { sourceIPs: ['proxy'] })).toBe('proxy');
});

test('a list of hops of any length is read from its end', () => {
  const sourceIPs = Array.from(
    { length: 100_000 },
    (_, index) => `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`,
  );
  const values = read('source.ip', { sourceIPs });
  expectArray(values);
  expect(values).toHaveLength(1_000);
  expect(values.at(-1)).toBe(sourceIPs.at(-1));
});

test('what the type of an event does not have is never set, below what it leaves open anything may be', () => {
  const isNever = (path: string) => resolveField(`kubernetes.audit.${path}`)?.neverSet === true;
  for (const path of ['objectRef.resorce', 'user.name', 'verb.x', 'Verb', 'toString', 'no.such.path'])
    expect([path, isNever(path)]).toEqual([path, true]);
  for (const path of ['requestObject.x', 'annotations.x', 'user.extra.x', 'responseStatus.details.name', 'objectRef'])
    expect([path, isNever(path)]).toEqual([path, false]);
});

test('a path to an object exists if anything below it does', () => {
  expect(read('kubernetes.audit.objectRef')).toEqual([]);
  expect(read('kubernetes.audit.requestObject')).toEqual([]);
  expect(read('kubernetes.audit.requestObject.spec')).toEqual([]);
  expect(read('kubernetes.audit.requestObject.spec.containers')).toEqual([]);
  expect(read('kubernetes.audit.annotations')).toEqual([]);
  expect(read('kubernetes.audit.requestObject.spec.volumes.emptyDir')).toBeUndefined();
  expect(read('kubernetes.audit.objectRef', { objectRef: { name: '' } })).toBeUndefined();
});

test('the metadata of a body is never there', () => {
  expect(read('kubernetes.audit.requestObject.metadata')).toBeUndefined();
  expect(read('kubernetes.audit.requestObject.metadata.labels.app')).toBeUndefined();
  expect(read('kubernetes.audit.responseObject.metadata.name')).toBeUndefined();
  expect(read('kubernetes.audit.responseObject')).toBeUndefined();
  expect(resolveField('kubernetes.audit.requestObject.metadata.name')?.doc ?? '').toMatch(/^Never set/);
  expect(resolveField('kubernetes.audit.requestObject.metadata.name')?.neverSet).toBe(true);
});

test('a patch is read as it was sent: a list of operations, a scalar, nothing', () => {
  const patch = (requestObject: unknown, path = '') => read(`kubernetes.audit.requestObject${path}`, { requestObject });
  const operations = [
    { op: 'add', path: '/spec/hostPID', value: true },
    { op: 'replace', path: '/spec/containers', value: [{ image: 'x' }] },
  ];
  expect(patch(operations, '.op')).toEqual(['add', 'replace']);
  expect(patch(operations, '.value')).toBe(true);
  expect(patch(operations, '.value.image')).toBe('x');
  expect(patch(operations)).toEqual([]);
  expect(patch('text')).toBe('text');
  expect(patch(7, '.spec')).toBeUndefined();
  expect(patch(null)).toBeUndefined();
});

test('every field reads whatever a hand-made event holds', () => {
  const odd = {
    user: null,
    impersonatedUser: null,
    objectRef: null,
    responseStatus: null,
    sourceIPs: null,
    annotations: null,
  };
  for (const event of [{}, odd, { user: { groups: null, extra: null } }, { responseStatus: { code: null } }]) {
    const item = decodeEvent(event, 0, 0);
    expectKey(item, 'event');
    for (const field of FIELDS) {
      const values = field.read(item);
      expect(values).not.toBe(null);
      expect(values).not.toBe('');
    }
  }
});

test('the same name is the same field, and names are unique', () => {
  expect(new Set(FIELDS.map(({ name }) => name)).size).toBe(FIELDS.length);
  for (const field of FIELDS) expect(resolveField(field.name)).toBe(field);
  for (const name of ['kubernetes.audit.requestObject.data.x', 'process.name'])
    expect(resolveField(name)).toBe(resolveField(name));
});

test.each(FIELDS)('every row says what it is in one or two sentences: $name', ({ doc }) => {
  expect(doc).toMatch(/^[A-Z`0-9a-z].*\.$/);
});

test('types are those that queries check literals against', () => {
  const type = (name: string) => resolveField(name)?.type;
  expect(type('source.ip')).toBe('ip');
  expect(type('@timestamp')).toBe('date');
  expect(type('kubernetes.audit.responseStatus.code')).toBe('integer');
  expect(type('kubernetes.audit.requestObject.spec.hostIPC')).toBe('boolean');
  expect(type('kubernetes.audit.requestObject.data.key')).toBe('keyword');
});

test.each(['event.category', 'process.name', 'host.os.type', 'orchestrator.cluster.name', 'cloud.account.id'])(
  'names of the Elastic Common Schema that no audit event has are known and absent: %j',
  (name) => {
    expect(resolveField(name)?.neverSet).toBe(true);
    expect(read(name)).toBeUndefined();
  },
);

test('a name that nothing defines is no field', () => {
  const long = `kubernetes.audit.${'a'.repeat(2_000)}`;
  const many = `kubernetes.audit.${new Array(100).fill('a').join('.')}`;
  for (const name of [
    '',
    'verb',
    'user.nmae',
    'usr.name',
    'kubernetes',
    'kubernetes.audit',
    'kubernetes.audit.',
    'constructor',
    long,
    many,
  ]) {
    expect([name, resolveField(name)]).toEqual([name, undefined]);
  }
  for (const name of ['kubernetes.audit.a..b', 'kubernetes.audit..a', 'kubernetes.audit.a.'])
    expect(resolveField(name)).toBeUndefined();
});
