import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { CarriedOut } from '../../src/audit/carried-out.ts';
import {
  type Attempt,
  type Attempts,
  configMap,
  FALLBACK,
  LIST,
  MAPS,
  newName,
  ONE,
  startAttempts,
  TABLE,
} from './support/attempts.ts';

const PODS = '/api/v1/namespaces/default/pods';
const TOKEN = '/api/v1/namespaces/default/serviceaccounts/default/token';
const MERGE = 'application/merge-patch+json';
const PATIENCE_MS = 30_000;

let attempts: Attempts;

beforeAll(async () => {
  attempts = await startAttempts();
  await attempts.make('/api/v1/namespaces/default/serviceaccounts', { metadata: { name: 'default' } });
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

describe('a write is stored although its answer is an error', () => {
  for (const [accept, query, code] of [
    [TABLE, 'includeObject=x', 400],
    [TABLE + FALLBACK, 'includeObject=x', 400],
    [TABLE, '%69ncludeObject=%ff', 400],
    [LIST, 'a=b', 406],
    [LIST + FALLBACK, 'a=b', 406],
  ] as const) {
    const lost = { ...LOST, code };
    const how = `${code} ${accept} ${query}`;

    test(`create: ${how}`, async () => {
      const name = newName();
      await expectEffect(
        { method: 'POST', path: `${MAPS}?${query}`, body: configMap(name), accept },
        `${MAPS}/${name}`,
        lost,
      );
      const generated = { metadata: { generateName: 'g-' } };
      await expectEffect({ method: 'POST', path: `${MAPS}?${query}`, body: generated, accept }, MAPS, lost);
    });

    test(`update and patches: ${how}`, async () => {
      const path = await attempts.newMap();
      const name = path.split('/').at(-1) ?? '';
      const url = `${path}?${query}`;
      await expectEffect(
        { method: 'PUT', path: url, body: { ...configMap(name), data: { u: '1' } }, accept },
        path,
        lost,
      );
      const patches = [
        ['application/json-patch+json', [{ op: 'add', path: '/data/j', value: '1' }]],
        [MERGE, { data: { m: '1' } }],
        ['application/strategic-merge-patch+json', { data: { s: '1' } }],
        ['application/apply-patch+yaml', { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { y: '1' } }],
      ] as const;
      for (const [type, body] of patches) {
        await expectEffect({ method: 'PATCH', path: `${url}&fieldManager=t`, body, type, accept }, path, lost);
      }
    });

    test(`subresources: ${how}`, async () => {
      const name = newName();
      await attempts.make(PODS, { metadata: { name }, spec: { containers: [{ name: 'a', image: 'a' }] } });
      const status = { method: 'PATCH', path: `${PODS}/${name}/status?${query}`, body: { status: { message: 'x' } } };
      await expectEffect({ ...status, type: MERGE, accept }, `${PODS}/${name}`, lost);
      await expectEffect({ method: 'DELETE', path: `${PODS}/${name}?${query}`, accept }, `${PODS}/${name}`, lost);
    });
  }

  test('delete: what answers with a status answers with it as a list, too', async () => {
    const path = await attempts.newMap();
    await expectEffect({ method: 'DELETE', path, accept: LIST }, path, { code: 200, stored: true, carriedOut: 'yes' });
    const other = await attempts.newMap();
    const request = { method: 'DELETE', path: `${other}?includeObject=x`, accept: TABLE };
    await expectEffect(request, other, { ...LOST, code: 400 });
  });

  test('deletecollection: the list as one object, or as a Table with odd rows', async () => {
    await attempts.newMap({ all: 'y' });
    const path = `${MAPS}?labelSelector=all%3Dy`;
    await expectEffect({ method: 'DELETE', path, accept: ONE }, path, { ...LOST, code: 406 });
    await attempts.newMap({ all: 'y' });
    const odd = { method: 'DELETE', path: `${path}&includeObject=x`, accept: TABLE };
    await expectEffect(odd, path, { ...LOST, code: 400 });
  });

  test('a token is issued', async () => {
    const request = { method: 'POST', path: TOKEN, body: { spec: {} }, accept: LIST };
    const { event, carriedOut } = await attempts.attempt(request);
    expect(event.annotations).toHaveProperty(['authentication.kubernetes.io/issued-credential-id']);
    expect(carriedOut).toBe('unknown');
  });
});

describe('a write that is refused or fails changes nothing', () => {
  for (const accept of ['application/json', TABLE, LIST + FALLBACK]) {
    test(accept, async () => {
      const path = await attempts.newMap();
      const name = path.split('/').at(-1) ?? '';
      const old = { metadata: { name, resourceVersion: '1' } };
      const options = { preconditions: { uid: 'x' } };
      const requests: readonly (readonly [number, Attempt])[] = [
        [409, { method: 'POST', path: MAPS, body: configMap(name) }],
        [409, { method: 'PUT', path, body: old }],
        [409, { method: 'DELETE', path, body: options }],
        [422, { method: 'POST', path: MAPS, body: configMap('UPPER') }],
        [422, { method: 'POST', path: `${MAPS}?dryRun=x`, body: configMap('dry') }],
        [404, { method: 'DELETE', path: `${MAPS}/absent` }],
        [404, { method: 'POST', path: '/api/v1/namespaces/none/configmaps', body: configMap('a') }],
        [403, { method: 'POST', path: MAPS, body: configMap('a'), token: attempts.server.userTokens.bob }],
        [401, { method: 'POST', path: MAPS, body: configMap('a'), token: 'wrong' }],
        [400, { method: 'POST', path: MAPS, body: '{' }],
        [400, { method: 'POST', path: `${MAPS}?timeout=x`, body: configMap('a') }],
        [415, { method: 'POST', path: MAPS, body: 'a', type: 'text/plain' }],
        [413, { method: 'POST', path: MAPS, body: { data: { a: 'x'.repeat(3_200_000) } } }],
      ];
      for (const [code, request] of requests) {
        await expectEffect({ ...request, accept }, MAPS, { ...REFUSED, code });
      }
    });
  }

  test('a media type that is not served cannot be told from one that is, but for its words', async () => {
    const request = { method: 'POST', path: MAPS, body: configMap(newName()), accept: 'text/html' };
    await expectEffect(request, MAPS, { code: 406, stored: false, carriedOut: 'unknown' });
  });
});

describe('a dry run', () => {
  test('stores nothing, but for a deletion whose body does not ask for it', async () => {
    const path = await attempts.newMap();
    const dry = { ...REFUSED, code: 201 };
    await expectEffect({ method: 'POST', path: `${MAPS}?dryRun=All`, body: configMap(newName()) }, MAPS, dry);
    const whole = { method: 'DELETE', path, body: { dryRun: ['All'] } };
    await expectEffect(whole, path, { ...REFUSED, code: 200 });
    const request = { method: 'DELETE', path: `${path}?dryRun=All`, body: { kind: 'DeleteOptions', apiVersion: 'v1' } };
    await expectEffect(request, path, { code: 200, stored: true, carriedOut: 'yes' });
  });

  test('issues a token and answers a question all the same', async () => {
    const token = await attempts.attempt({ method: 'POST', path: `${TOKEN}?dryRun=All`, body: { spec: {} } });
    expect(token).toMatchObject({ status: 201, carriedOut: 'yes' });
    expect(JSON.parse(token.body).status.token).toMatch(/^ey/);
    const path = '/apis/authorization.k8s.io/v1/selfsubjectrulesreviews?dryRun=All';
    const review = await attempts.attempt({ method: 'POST', path, body: { spec: { namespace: 'default' } } });
    expect(review).toMatchObject({ status: 201, carriedOut: 'yes' });
    expect(JSON.parse(review.body).status.resourceRules).not.toEqual([]);
  });
});

describe('the deletion of a collection stops at the first object that cannot be deleted', () => {
  test('a precondition that holds for the first only', async () => {
    const first = await attempts.newMap({ pre: 'y' });
    await attempts.newMap({ pre: 'y' });
    const { uid } = JSON.parse((await attempts.attempt({ path: first })).body).metadata;
    const path = `${MAPS}?labelSelector=pre%3Dy`;
    for (const [expected, accept] of [
      [LOST, 'application/json'],
      [{ stored: false, carriedOut: 'unknown' } as const, ONE], // the first is gone already
    ] as const) {
      const request = { method: 'DELETE', path, body: { preconditions: { uid } }, accept };
      await expectEffect(request, first, { ...expected, code: 409 });
    }
  });
});

test('the deletion of a collection that has not begun says so where it can', async () => {
  const request = { method: 'DELETE', path: `${MAPS}?fieldSelector=spec.x%3D1` };
  await expectEffect(request, MAPS, { ...REFUSED, code: 400 });
  await expectEffect({ ...request, accept: TABLE }, MAPS, { code: 400, stored: false, carriedOut: 'unknown' });
});

test('a timeout and a client that leaves say nothing of whether a write was stored', async () => {
  let lost = 0;
  for (let round = 0; round < 120 && lost === 0; round++) {
    const name = newName();
    const [at, wait] = [`${MAPS}/${name}`, 1 + (round % 12) * 0.25];
    const create = { method: 'POST', path: MAPS, body: configMap(name) };
    const { event, carriedOut } =
      round % 2 === 0
        ? await attempts.attemptAndLeave({ ...create, path: `${MAPS}?timeout=${wait}ms` }, PATIENCE_MS) // or is cut off
        : await attempts.attemptAndLeave(create, wait - 1);
    await sleep(50); // the store is still at it
    const stored = (await attempts.stored(at)) !== undefined;
    if (stored) expect({ event, carriedOut }).not.toEqual({ event, carriedOut: 'no' });
    if (event.responseStatus?.code === 504) expect(carriedOut).toBe('unknown');
    if (stored && carriedOut === 'unknown') lost++;
  }
  expect(lost).toBeGreaterThan(0);
}, 120_000);

test.each([
  { path: MAPS, accept: 'application/json', code: 200, expected: 'yes' },
  { path: `${MAPS}?includeObject=x`, accept: TABLE, code: 400, expected: 'no' },
  { path: `${MAPS}/absent`, accept: 'application/json', code: 404, expected: 'no' },
  { path: MAPS, accept: ONE, code: 406, expected: 'no' },
])('a read answered with $code: carried out $expected', async ({ path, accept, code, expected }) => {
  const { event, carriedOut } = await attempts.attempt({ path, accept });
  expect(event.responseStatus?.code).toBe(code);
  expect(carriedOut).toBe(expected);
});
