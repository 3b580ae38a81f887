import { describe, expect, test } from '@jest/globals';
import { fail } from '../../test/support/fail.ts';
import { decodeEvent } from '../audit/decode.ts';
import type { FieldValues } from './field.ts';
import { resolveField } from './fields.ts';

function read(name: string, event: object): FieldValues {
  const item = decodeEvent({ verb: 'create', stage: 'ResponseComplete', ...event }, 0, 0);
  const field = resolveField(name) ?? fail(`no field ${name}`);
  return 'event' in item ? field.read(item) : fail(JSON.stringify(item));
}

const written = (path: string, requestObject: unknown) => read(`firstseen.pod.${path}`, { requestObject });

describe('firstseen.pod: the pod that a request writes', () => {
  const spec = { hostPID: true };

  for (const [where, body] of Object.entries({
    'a pod': { kind: 'Pod', spec },
    'a template': { kind: 'Deployment', spec: { template: { spec } } },
    'a cron job': { kind: 'CronJob', spec: { jobTemplate: { spec: { template: { spec } } } } },
    'a pod template': { kind: 'PodTemplate', template: { spec } },
    'a JSON patch of the value': [{ op: 'add', path: '/spec/hostPID', value: true }],
    'a JSON patch of the template': [{ op: 'replace', path: '/spec/template', value: { spec } }],
    'a JSON patch of everything': [
      { op: 'test', path: '/kind', value: 'Pod' },
      { op: 'replace', path: '', value: { spec } },
    ],
  })) {
    test(`stands in ${where}`, () => expect(written('hostPID', body)).toBe(true));
  }

  test.each([
    { kind: 'ConfigMap', data: { hostPID: 'true' } },
    { spec: {} },
    null,
    'text',
    [],
    [null, 7, { op: 'remove', path: '/spec/hostPID', value: true }, { op: 'add', path: 7, value: true }],
    [{ op: 'test', path: '/spec/hostPID', value: true }],
    [{ op: 'add', path: `${'/a'.repeat(40)}/spec/hostPID`, value: true }],
  ])('is not there where nothing like it is written: %s', (body) => {
    expect(written('hostPID', body)).toBeUndefined();
  });

  test('its containers are also those that run first and those that are added later', () => {
    const spec = {
      containers: [{ image: 'a' }],
      initContainers: [{ image: 'b' }, { image: 'a' }],
      ephemeralContainers: [{ image: 'c' }],
    };
    expect(written('containers.image', { spec })).toEqual(['b', 'a', 'c']);
    expect(written('initContainers.image', { spec: { initContainers: [{ image: 'b' }] } })).toBe('b');
  });

  test('a JSON patch of one container, at its place or at the end', () => {
    const value = { securityContext: { privileged: true } };
    const field = 'containers.securityContext.privileged';
    expect(written(field, [{ op: 'add', path: '/spec/initContainers/-', value }])).toBe(true);
    expect(written(field, [{ op: 'replace', path: '/spec/template/spec/containers/0', value }])).toBe(true);
    const path = '/spec/containers/3/securityContext/privileged';
    expect(written(field, [{ op: 'add', path, value: true }])).toBe(true);
  });

  test('an escaped slash is part of a name', () => {
    const patch = [{ op: 'add', path: '/spec/nodeSelector/a~1b~0c', value: 'x' }];
    expect(written('nodeSelector.a/b~c', patch)).toBe('x');
  });

  test('a key of a patch cannot reach the prototype', () => {
    const patch = [{ op: 'add', path: '/__proto__/spec/hostPID', value: true }];
    expect(written('hostPID', patch)).toBeUndefined();
    expect(Reflect.get(Object.prototype, 'spec')).toBeUndefined();
  });
});

describe('firstseen.grants', () => {
  const grants = (requestObject: unknown, responseObject?: unknown) =>
    read('firstseen.grants', { requestObject, responseObject });

  test('takes a verb and a resource of the same rule only', () => {
    const rules = [
      { apiGroups: [''], resources: ['pods'], verbs: ['get', 'list'] },
      { apiGroups: [''], resources: ['pods/exec'], verbs: ['create'] },
    ];
    expect(grants({ rules })).toEqual(['get pods', 'list pods', 'create pods/exec']);
  });

  test('reads the answer and the operations of a patch as well', () => {
    const rule = { resources: ['*'], verbs: ['*'] };
    expect(grants({}, { rules: [rule] })).toBe('* *');
    expect(grants([{ op: 'add', path: '/rules/-', value: rule }])).toBe('* *');
    expect(grants([{ op: 'replace', path: '/rules', value: [rule] }])).toBe('* *');
  });

  test.each([undefined, null, 7, [], { rules: 'all' }, { rules: [null, {}, { verbs: ['get'] }] }])(
    'is absent for what is no role: %s',
    (body) => {
      expect(grants(body)).toBeUndefined();
    },
  );

  test('is bounded', () => {
    const many = Array.from({ length: 1_000 }, (_, n) => `r${n}`);
    const values = grants({ rules: [{ verbs: many, resources: many }] });
    expect(Array.isArray(values) && values.length).toBe(10_000);
  });
});

describe('firstseen.image', () => {
  for (const [image, registry, repository] of [
    ['nginx', 'docker.io', 'docker.io/library/nginx'],
    ['nginx:1.27', 'docker.io', 'docker.io/library/nginx'],
    ['team/app@sha256:0123', 'docker.io', 'docker.io/team/app'],
    ['index.docker.io/library/nginx', 'docker.io', 'docker.io/library/nginx'],
    ['GHCR.io/team/app:v1@sha256:0123', 'ghcr.io', 'ghcr.io/team/app'],
    ['localhost/app', 'localhost', 'localhost/app'],
    ['registry:5000/app:2', 'registry:5000', 'registry:5000/app'],
    ['10.0.0.1:5000/a/b', '10.0.0.1:5000', '10.0.0.1:5000/a/b'],
  ] as const) {
    test(image, () => {
      const requestObject = { spec: { template: { spec: { initContainers: [{ image }] } } } };
      expect(read('firstseen.image.registry', { requestObject })).toBe(registry);
      expect(read('firstseen.image.repository', { requestObject })).toBe(repository);
    });
  }

  test('images of one registry are one value', () => {
    const requestObject = { spec: { containers: [{ image: 'a' }, { image: 'b' }] } };
    expect(read('firstseen.image.registry', { requestObject })).toBe('docker.io');
    expect(read('firstseen.image.registry', { requestObject: {} })).toBeUndefined();
  });
});

describe('firstseen.exec.command', () => {
  const command = (query: string, subresource = 'exec') =>
    read('firstseen.exec.command', {
      objectRef: { resource: 'pods', subresource },
      requestURI: `/api/v1/namespaces/a/pods/b/${subresource}${query}`,
    });

  test('is decoded, whatever of it was encoded', () => {
    expect(command('?command=sh&command=-c&command=cat+%2Fetc%2Fpasswd&stdin=true')).toBe('sh -c cat /etc/passwd');
    expect(command('?c%6fmmand=c%61t&command=%2fetc%2fshadow')).toBe('cat /etc/shadow');
  });

  test('leaves out what the API server does not take', () => {
    expect(command('?command=a;b&command=%zz&command=id')).toBe('id');
    expect(command('')).toBeUndefined();
    expect(command('?command')).toBeUndefined();
    expect(command('?command=id', 'attach')).toBeUndefined();
  });

  test('is bounded', () => {
    const value = command(`?command=${'x'.repeat(100_000)}`);
    expect(typeof value === 'string' && value.length).toBe(16_384);
  });
});

test('firstseen.dryRun is true or absent', () => {
  const requestURI = '/api/v1/namespaces/a/pods?fieldManager=x&dryRun=All';
  expect(read('firstseen.dryRun', { requestURI })).toBe(true);
  expect(read('firstseen.dryRun', { requestURI: '/api/v1/namespaces/a/pods' })).toBeUndefined();
});

test('firstseen.carriedOut says whether it was done, and whether that is known', () => {
  expect(read('firstseen.carriedOut', { responseStatus: { code: 201 } })).toBe('yes');
  expect(read('firstseen.carriedOut', { responseStatus: { code: 409 } })).toBe('no');
  expect(read('firstseen.carriedOut', { responseStatus: { code: 504 } })).toBe('unknown');
  const annotations = { 'audit.k8s.io/truncated': 'true' };
  expect(read('firstseen.carriedOut', { responseStatus: { code: 400 }, annotations })).toBe('unknown');
});

test('firstseen.truncated tells of events without their bodies', () => {
  expect(read('firstseen.truncated', { annotations: { 'audit.k8s.io/truncated': 'true' } })).toBe(true);
  expect(read('firstseen.truncated', { requestObject: { data: 'x'.repeat(300_000) } })).toBe(true);
  expect(read('firstseen.truncated', {})).toBeUndefined();
});

test('firstseen.source.ip is the last hop', () => {
  expect(read('firstseen.source.ip', { sourceIPs: ['192.0.2.1', '198.51.100.7'] })).toBe('198.51.100.7');
  expect(read('firstseen.source.ip', { sourceIPs: ['192.0.2.1', 'unknown'] })).toBeUndefined();
  expect(read('firstseen.source.ip', {})).toBeUndefined();
});

test('any path of a pod is a field, other names are not', () => {
  expect(resolveField('firstseen.pod.tolerations.key')?.type).toBe('keyword');
});

test.each(['firstseen.pod', 'firstseen.pod.', 'firstseen.nothing', 'firstseen.image.tag'])(
  'any path of a pod is a field, other names are not: %s',
  (name) => {
    expect(resolveField(name)).toBeUndefined();
  },
);
