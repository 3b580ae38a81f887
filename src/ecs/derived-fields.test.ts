import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { decodeEvent } from '../audit/decode.ts';
import type { FieldValues } from './field.ts';
import { resolveField } from './fields.ts';

function read(name: string, event: object): FieldValues {
  const item = decodeEvent({ verb: 'create', stage: 'ResponseComplete', ...event }, 0, 0);
  const field = resolveField(name) ?? assert.fail(`no field ${name}`);
  return 'event' in item ? field.read(item) : assert.fail(JSON.stringify(item));
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
    test(`stands in ${where}`, () => assert.equal(written('hostPID', body), true));
  }

  test('is not there where nothing like it is written', () => {
    for (const body of [
      { kind: 'ConfigMap', data: { hostPID: 'true' } },
      { spec: {} },
      null,
      'text',
      [],
      [null, 7, { op: 'remove', path: '/spec/hostPID', value: true }, { op: 'add', path: 7, value: true }],
      [{ op: 'test', path: '/spec/hostPID', value: true }],
      [{ op: 'add', path: `${'/a'.repeat(40)}/spec/hostPID`, value: true }],
    ]) {
      assert.equal(written('hostPID', body), undefined, JSON.stringify(body));
    }
  });

  test('its containers are also those that run first and those that are added later', () => {
    const spec = {
      containers: [{ image: 'a' }],
      initContainers: [{ image: 'b' }, { image: 'a' }],
      ephemeralContainers: [{ image: 'c' }],
    };
    assert.deepEqual(written('containers.image', { spec }), ['b', 'a', 'c']);
    assert.equal(written('initContainers.image', { spec: { initContainers: [{ image: 'b' }] } }), 'b');
  });

  test('a JSON patch of one container, at its place or at the end', () => {
    const value = { securityContext: { privileged: true } };
    const field = 'containers.securityContext.privileged';
    assert.equal(written(field, [{ op: 'add', path: '/spec/initContainers/-', value }]), true);
    assert.equal(written(field, [{ op: 'replace', path: '/spec/template/spec/containers/0', value }]), true);
    const path = '/spec/containers/3/securityContext/privileged';
    assert.equal(written(field, [{ op: 'add', path, value: true }]), true);
  });

  test('an escaped slash is part of a name', () => {
    const patch = [{ op: 'add', path: '/spec/nodeSelector/a~1b~0c', value: 'x' }];
    assert.equal(written('nodeSelector.a/b~c', patch), 'x');
  });

  test('a key of a patch cannot reach the prototype', () => {
    const patch = [{ op: 'add', path: '/__proto__/spec/hostPID', value: true }];
    assert.equal(written('hostPID', patch), undefined);
    assert.equal(Reflect.get(Object.prototype, 'spec'), undefined);
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
    assert.deepEqual(grants({ rules }), ['get pods', 'list pods', 'create pods/exec']);
  });

  test('reads the answer and the operations of a patch as well', () => {
    const rule = { resources: ['*'], verbs: ['*'] };
    assert.equal(grants({}, { rules: [rule] }), '* *');
    assert.equal(grants([{ op: 'add', path: '/rules/-', value: rule }]), '* *');
    assert.equal(grants([{ op: 'replace', path: '/rules', value: [rule] }]), '* *');
  });

  test('is absent for what is no role', () => {
    for (const body of [undefined, null, 7, [], { rules: 'all' }, { rules: [null, {}, { verbs: ['get'] }] }]) {
      assert.equal(grants(body), undefined, JSON.stringify(body));
    }
  });

  test('is bounded', () => {
    const many = Array.from({ length: 1_000 }, (_, n) => `r${n}`);
    const values = grants({ rules: [{ verbs: many, resources: many }] });
    assert.equal(Array.isArray(values) && values.length, 10_000);
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
      assert.equal(read('firstseen.image.registry', { requestObject }), registry);
      assert.equal(read('firstseen.image.repository', { requestObject }), repository);
    });
  }

  test('images of one registry are one value', () => {
    const requestObject = { spec: { containers: [{ image: 'a' }, { image: 'b' }] } };
    assert.equal(read('firstseen.image.registry', { requestObject }), 'docker.io');
    assert.equal(read('firstseen.image.registry', { requestObject: {} }), undefined);
  });
});

describe('firstseen.exec.command', () => {
  const command = (query: string, subresource = 'exec') =>
    read('firstseen.exec.command', {
      objectRef: { resource: 'pods', subresource },
      requestURI: `/api/v1/namespaces/a/pods/b/${subresource}${query}`,
    });

  test('is decoded, whatever of it was encoded', () => {
    assert.equal(command('?command=sh&command=-c&command=cat+%2Fetc%2Fpasswd&stdin=true'), 'sh -c cat /etc/passwd');
    assert.equal(command('?c%6fmmand=c%61t&command=%2fetc%2fshadow'), 'cat /etc/shadow');
  });

  test('leaves out what the API server does not take', () => {
    assert.equal(command('?command=a;b&command=%zz&command=id'), 'id');
    assert.equal(command(''), undefined);
    assert.equal(command('?command'), undefined);
    assert.equal(command('?command=id', 'attach'), undefined);
  });

  test('is bounded', () => {
    const value = command(`?command=${'x'.repeat(100_000)}`);
    assert.equal(typeof value === 'string' && value.length, 16_384);
  });
});

test('firstseen.dryRun is true or absent', () => {
  const requestURI = '/api/v1/namespaces/a/pods?fieldManager=x&dryRun=All';
  assert.equal(read('firstseen.dryRun', { requestURI }), true);
  assert.equal(read('firstseen.dryRun', { requestURI: '/api/v1/namespaces/a/pods' }), undefined);
});

test('firstseen.truncated tells of events without their bodies', () => {
  assert.equal(read('firstseen.truncated', { annotations: { 'audit.k8s.io/truncated': 'true' } }), true);
  assert.equal(read('firstseen.truncated', { requestObject: { data: 'x'.repeat(300_000) } }), true);
  assert.equal(read('firstseen.truncated', {}), undefined);
});

test('firstseen.source.ip is the last hop', () => {
  assert.equal(read('firstseen.source.ip', { sourceIPs: ['192.0.2.1', '198.51.100.7'] }), '198.51.100.7');
  assert.equal(read('firstseen.source.ip', { sourceIPs: ['192.0.2.1', 'unknown'] }), undefined);
  assert.equal(read('firstseen.source.ip', {}), undefined);
});

test('any path of a pod is a field, other names are not', () => {
  assert.equal(resolveField('firstseen.pod.tolerations.key')?.type, 'keyword');
  for (const name of ['firstseen.pod', 'firstseen.pod.', 'firstseen.nothing', 'firstseen.image.tag']) {
    assert.equal(resolveField(name), undefined, name);
  }
});
