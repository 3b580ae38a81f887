import { networkInterfaces } from 'node:os';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { CarriedOut } from '../../src/audit/carried-out.ts';
import { waitFor } from '../support/wait.ts';
import {
  ADMISSION,
  type Attempt,
  type Attempts,
  type Backend,
  configMap,
  FALLBACK,
  LIST,
  MAPS,
  newName,
  ONE,
  startAttempts,
} from './support/attempts.ts';

let attempts: Attempts;

beforeAll(async () => {
  attempts = await startAttempts();
}, 120_000);
afterAll(() => attempts?.stop());

interface Expected {
  readonly code: number;
  readonly stored: boolean;
  readonly carriedOut: CarriedOut;
}

/** Makes a request and holds it against what it has changed at a path, what the audit log says, and what is made of that. */
async function expectEffect(request: Attempt, at: string, expected: Expected): Promise<void> {
  const effect = await attempts.effectOf(request, at);
  expect(effect).toEqual({ ...expected, event: effect.event });
}

const LOST = { stored: true, carriedOut: 'unknown' } as const;
const REFUSED = { stored: false, carriedOut: 'no' } as const;

const REVIEW = { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview' };

/** A webhook for config maps that have a label of its name. */
function hookConfiguration(name: string, { url, caBundle }: Backend, operations: readonly string[]): object {
  const webhook = {
    name: `${name}.example.com`,
    admissionReviewVersions: ['v1'],
    sideEffects: 'None',
    clientConfig: { url, caBundle },
    rules: [{ apiGroups: [''], apiVersions: ['v1'], operations, resources: ['configmaps'] }],
    objectSelector: { matchExpressions: [{ key: name, operator: 'Exists' }] },
  };
  return { metadata: { name }, webhooks: [webhook] };
}

async function waitForHook(name: string, labels: object): Promise<void> {
  const path = await attempts.newMap(labels);
  await waitFor(async () => (await attempts.attempt({ method: 'DELETE', path: `${path}?dryRun=All` })).status >= 400, {
    what: `the webhook ${name} to be asked`,
  });
}

test('the deletion of a collection stops where a policy or a webhook denies', async () => {
  const policy = {
    metadata: { name: 'keep' },
    spec: {
      matchConstraints: {
        resourceRules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['DELETE'], resources: ['configmaps'] }],
      },
      validations: [{ expression: `!has(oldObject.metadata.labels.keep)` }],
    },
  };
  const binding = { metadata: { name: 'keep' }, spec: { policyName: 'keep', validationActions: ['Deny'] } };
  await attempts.make(`${ADMISSION}/validatingadmissionpolicies`, policy);
  await attempts.make(`${ADMISSION}/validatingadmissionpolicybindings`, binding);
  const kept = await attempts.newMap({ keep: 'y' });
  await waitFor(async () => (await attempts.attempt({ method: 'DELETE', path: `${kept}?dryRun=All` })).status === 422, {
    what: 'the policy to be in force',
  });
  const first = await attempts.newMap({ some: 'y' });
  await attempts.newMap({ some: 'y', keep: 'y' });
  const request = { method: 'DELETE', path: `${MAPS}?labelSelector=some%3Dy` };
  await expectEffect(request, first, { ...LOST, code: 422 });

  const hook = await attempts.startBackend((body, response) => {
    const { uid, oldObject } = JSON.parse(body).request;
    const allowed = oldObject?.metadata.labels.last !== 'y';
    const status = { code: oldObject?.metadata.labels.code === '403' ? 403 : 400 };
    response.end(JSON.stringify({ ...REVIEW, response: { uid, allowed, status } }));
  });
  await attempts.make(`${ADMISSION}/validatingwebhookconfigurations`, hookConfiguration('last', hook, ['DELETE']));
  await waitForHook('last', { last: 'y' });
  for (const code of ['400', '403']) {
    const gone = await attempts.newMap({ last: 'n', code });
    await attempts.newMap({ last: 'y', code });
    const all = { method: 'DELETE', path: `${MAPS}?labelSelector=code%3D${code}` };
    await expectEffect(all, gone, { ...LOST, code: Number(code) });
  }
});

test('a webhook may deny with any code, and nothing is stored', async () => {
  let answer: object | undefined;
  const hook = await attempts.startBackend((body, response) => {
    const { uid } = JSON.parse(body).request;
    if (answer === undefined) response.writeHead(500).end();
    else response.end(JSON.stringify({ ...REVIEW, response: { uid, allowed: false, status: answer } }));
  });
  answer = { code: 418 };
  await attempts.make(`${ADMISSION}/validatingwebhookconfigurations`, hookConfiguration('deny', hook, ['CREATE']));
  const request = { method: 'POST', path: MAPS, body: configMap('denied', { deny: 'y' }) };
  await waitFor(async () => (await attempts.attempt({ ...request, path: `${MAPS}?dryRun=All` })).status === 418, {
    what: 'the webhook to be asked',
  });
  for (const code of [400, 403, 406, 500, 503, 504]) {
    answer = { code, message: 'Unable to convert to Table as requested' };
    await expectEffect(request, MAPS, { ...REFUSED, code });
  }
  answer = undefined;
  await expectEffect(request, MAPS, { ...REFUSED, code: 500 });
});

describe('custom resources', () => {
  const path = (version: string) => `/apis/example.com/${version}/namespaces/default/widgets`;
  const widget = (name: string, version = 'v1') => ({
    apiVersion: `example.com/${version}`,
    kind: 'Widget',
    metadata: { name },
  });
  /** The version to which nothing is converted. */
  let failing = '';

  beforeAll(async () => {
    const hook = await attempts.startBackend((body, response) => {
      const { apiVersion, kind, request } = JSON.parse(body);
      const { uid, desiredAPIVersion, objects } = request;
      const convertedObjects = objects.map((object: object) => ({ ...object, apiVersion: desiredAPIVersion }));
      const status = desiredAPIVersion.endsWith(`/${failing}`) ? 'Failure' : 'Success';
      response.end(JSON.stringify({ apiVersion, kind, response: { uid, convertedObjects, result: { status } } }));
    });
    const schema = { openAPIV3Schema: { type: 'object' } };
    const { url, caBundle } = hook;
    const webhook = { conversionReviewVersions: ['v1'], clientConfig: { url, caBundle } };
    await attempts.make('/apis/apiextensions.k8s.io/v1/customresourcedefinitions', {
      metadata: { name: 'widgets.example.com' },
      spec: {
        group: 'example.com',
        scope: 'Namespaced',
        names: { kind: 'Widget', plural: 'widgets' },
        versions: ['v1', 'v2'].map((name) => ({ name, served: true, storage: name === 'v2', schema })),
        conversion: { strategy: 'Webhook', webhook },
      },
    });
    await waitFor(async () => (await attempts.attempt({ path: path('v2') })).status === 200, {
      what: 'the resource to be served',
    });
  }, 60_000);

  test('an object as a list is an error of the server', async () => {
    for (const accept of [LIST, LIST + FALLBACK]) {
      const name = newName();
      const request = { method: 'POST', path: path('v2'), body: widget(name, 'v2'), accept };
      await expectEffect(request, `${path('v2')}/${name}`, { ...LOST, code: 500 });
    }
  });

  test('what is stored may not be convertible for the answer', async () => {
    failing = 'v1';
    for (const accept of ['application/json', ONE]) {
      const name = newName();
      const request = { method: 'POST', path: path('v1'), body: widget(name), accept };
      await expectEffect(request, `${path('v2')}/${name}`, { ...LOST, code: 500 });
    }
    failing = '';
  });
});

test('of an aggregated API only the code is known, and that it was not waited for', async () => {
  const arrived = new Set<string>();
  const backend = await attempts.startBackend((_body, response, url) => {
    const { searchParams } = new URL(url, 'https://backend');
    const how = searchParams.get('how') ?? '';
    arrived.add(how);
    if (how === '') response.end('{"kind":"APIResourceList","resources":[]}');
    else if (how === 'drop') response.destroy();
    else if (how === 'half') response.writeHead(201, { 'content-length': 9 }).write('{', () => response.destroy());
    else if (how !== 'hang') response.writeHead(Number(how)).end();
  });
  const service = { name: 'things', namespace: 'default', port: backend.port };
  const ports = [{ port: backend.port, protocol: 'TCP' }];
  await attempts.make('/api/v1/namespaces/default/services', {
    metadata: { name: 'things' },
    spec: { type: 'ExternalName', externalName: 'localhost', ports },
  });
  await attempts.make('/apis/apiregistration.k8s.io/v1/apiservices', {
    metadata: { name: 'v1.things.example.com' },
    spec: {
      group: 'things.example.com',
      version: 'v1',
      groupPriorityMinimum: 1000,
      versionPriority: 1,
      insecureSkipTLSVerify: true,
      service,
    },
  });
  const path = '/apis/things.example.com/v1/namespaces/default/things';
  await waitFor(async () => (await attempts.attempt({ path: `${path}?how=200` })).status === 200, {
    what: 'the aggregated API to be available',
  });
  const create = (how: string) => ({ method: 'POST', path: `${path}?how=${how}`, body: configMap('x') });
  for (const [how, code, expected] of [
    ['201', 201, 'yes'],
    ['409', 409, 'no'],
    ['406', 406, 'unknown'],
    ['500', 500, 'unknown'],
    ['504', 504, 'unknown'],
    ['drop', 503, 'unknown'],
    ['half', 500, 'unknown'],
  ] as const) {
    // Waiting for the rest of a cut answer would end with an error.
    const { event, carriedOut } = await (how === 'half'
      ? attempts.attemptAndLeave(create(how), 500)
      : attempts.attempt(create(how)));
    expect(arrived).toContain(how);
    expect({ how, code: event.responseStatus?.code, carriedOut }).toEqual({ how, code, carriedOut: expected });
    expect(event.stage).toBe(how === 'half' ? 'Panic' : 'ResponseComplete');
  }
  const { event, carriedOut } = await attempts.attemptAndLeave(create('hang'), 300);
  expect(event.responseStatus?.code).toBe(503);
  expect(carriedOut).toBe('unknown');
}, 120_000);

/** Not a loopback address, because the API server does not proxy to itself. */
const address = Object.values(networkInterfaces())
  .flatMap((interfaces) => interfaces ?? [])
  .find(({ family, internal }) => family === 'IPv4' && !internal)?.address;

(address === undefined ? test.skip : test)(
  'what a pod answers through the proxy says nothing of what it did',
  async () => {
    const arrived: string[] = [];
    const pod = await attempts.startBackend((_body, response, url) => {
      arrived.push(url);
      const code = Number(url.slice(1));
      if (code === 0) response.destroy();
      else response.writeHead(code).end();
    }, address);
    await attempts.make('/api/v1/namespaces/default/serviceaccounts', { metadata: { name: 'default' } });
    const PODS = '/api/v1/namespaces/default/pods';
    await attempts.make(PODS, { metadata: { name: 'p' }, spec: { containers: [{ name: 'a', image: 'a' }] } });
    const body = { status: { phase: 'Running', podIP: address, podIPs: [{ ip: address }] } };
    await attempts.attempt({ method: 'PATCH', path: `${PODS}/p/status`, body, type: 'application/merge-patch+json' });
    const proxied = (path: string, port = pod.port) => `${PODS}/https:p:${port}/proxy/${path}`;
    for (const method of ['GET', 'POST', 'DELETE']) {
      for (const [path, code, expected] of [
        ['200', 200, 'yes'],
        ['404', 404, 'unknown'],
        ['500', 500, 'unknown'],
        ['0', 503, 'unknown'],
      ] as const) {
        const { event, carriedOut } = await attempts.attempt({ method, path: proxied(path) });
        const outcome = { path: arrived.pop(), code: event.responseStatus?.code, carriedOut };
        expect(outcome).toEqual({ path: `/${path}`, code, carriedOut: expected });
      }
      const { event, carriedOut } = await attempts.attempt({ method, path: proxied('200', 1) });
      expect(event.responseStatus?.code).toBe(503);
      expect(carriedOut).toBe('no');
    }
  },
);
