import { expect, test } from '@jest/globals';
import { expectKind, expectPresent } from '../../test/support/expect.ts';
import { type Bounds, DEFAULT_BOUNDS, exceedsBounds } from './bounds.ts';
import { type DecodedBatch, decodeBatch, decodeDocument, decodeEvent } from './decode.ts';
import type { DecodedEvent } from './event.ts';
import { parseTimestamp } from './timestamp.ts';

const RECEIVED = parseTimestamp('2026-05-01T12:00:00.000000Z') ?? 0;

const POD_UID = 'authentication.kubernetes.io/pod-uid';

const good = {
  level: 'Metadata',
  auditID: 'd1f5',
  stage: 'ResponseComplete',
  requestURI: '/api/v1/namespaces/shop/secrets/db?token=hush',
  verb: 'get',
  user: { username: 'mara', groups: ['dev'], extra: { 'example.org/team': ['blue'] } },
  sourceIPs: ['10.1.2.3'],
  objectRef: { resource: 'secrets', namespace: 'shop', name: 'db' },
  responseStatus: { metadata: {}, code: 200 },
  requestReceivedTimestamp: '2026-05-01T11:59:58.000001Z',
  stageTimestamp: '2026-05-01T11:59:59.000002Z',
  annotations: { 'authorization.k8s.io/decision': 'allow' },
};

function list(...items: readonly unknown[]): string {
  return JSON.stringify({ kind: 'EventList', apiVersion: 'audit.k8s.io/v1', metadata: {}, items });
}

function accepted(batch: DecodedBatch): Extract<DecodedBatch, { kind: 'batch' }> {
  expectKind(batch, 'batch');
  expectKind(batch, 'batch');
  return batch;
}

function only(text: string, bounds?: Bounds): DecodedEvent {
  const [event, ...others] = accepted(decodeBatch(text, RECEIVED, bounds)).events;
  expectPresent(event);
  expect(others.length).toBe(0);
  return event;
}

function reasonOf(item: unknown): string {
  const decoded = decodeEvent(item, 3, RECEIVED);
  return 'reason' in decoded ? decoded.reason : 'accepted';
}

test('the list that an API server sends becomes its events, in order', () => {
  const { events, quarantined } = accepted(decodeBatch(`${list(good, { ...good, auditID: 'd1f6' })}\n`, RECEIVED));
  expect(quarantined).toEqual([]);
  expect(events[0]).toEqual({
    event: good,
    ordinal: 0,
    truncated: false,
    receivedAt: RECEIVED,
    at: RECEIVED - 999_998,
    skewed: false,
  });
  expect(events[1]?.ordinal).toBe(1);
});

test.each(['[]', 'null'])('a list without items is an empty batch: %j', (items) => {
  const text = `{"kind":"EventList","apiVersion":"audit.k8s.io/v1","items":${items}}`;
  expect(decodeBatch(text, RECEIVED)).toEqual({ kind: 'batch', events: [], quarantined: [] });
});

test('what is not the list is rejected with what was expected and what came', () => {
  const rejected = (text: string): string => {
    const batch = decodeBatch(text, RECEIVED);
    return batch.kind === 'rejected' ? `${batch.reason}: ${batch.message}` : batch.kind;
  };
  const expected = 'expected an object of kind "EventList" and apiVersion "audit.k8s.io/v1", found';
  expect(rejected('null')).toBe(`not_event_list: ${expected} null`);
  expect(rejected('[]')).toBe(`not_event_list: ${expected} an array`);
  expect(rejected('{}')).toBe(`not_event_list: ${expected} kind nothing and apiVersion nothing`);
  expect(rejected('{"kind":"EventList","apiVersion":"audit.k8s.io/v1beta1","items":[]}')).toBe(
    `not_event_list: ${expected} kind "EventList" and apiVersion "audit.k8s.io/v1beta1"`,
  );
  expect(rejected('{"kind":"EventList","apiVersion":"audit.k8s.io/v1"}')).toBe(
    `not_event_list: ${expected} nothing as its items`,
  );
  expect(rejected('{"kind":"a\\u001b[2J","apiVersion":1}')).toMatch(/kind "a\\u\{1b\}\[2J" and apiVersion a number$/);
  expect(rejected(JSON.stringify({ kind: 'x'.repeat(9_999) }))).toMatch(/^.{0,300}$/);
  expect(rejected('')).toBe('not_json: expected the JSON of an object of kind "EventList", found an empty text');
  expect(rejected('<html>')).toMatch(/^not_json: .* found 6 characters that are not JSON$/);
});

test('a field of the wrong type quarantines its item and says where', () => {
  expect(reasonOf({ user: 'mara' })).toBe('items[3].user: expected an object, found a string');
  expect(reasonOf({ user: [] })).toBe('items[3].user: expected an object, found an array');
  expect(reasonOf({ verb: 7 })).toBe('items[3].verb: expected a string, found a number');
  expect(reasonOf({ user: { groups: {} } })).toBe('items[3].user.groups: expected an array, found an object');
  expect(reasonOf({ user: { groups: ['a', null] } })).toBe('items[3].user.groups[1]: expected a string, found null');
  expect(reasonOf({ impersonatedUser: { uid: true } })).toBe(
    'items[3].impersonatedUser.uid: expected a string, found a boolean',
  );
  expect(reasonOf({ user: { extra: { 'a\n': 'b' } } })).toBe(
    'items[3].user.extra[*]: expected an array, found a string',
  );
  expect(reasonOf({ annotations: { a: 1 } })).toBe('items[3].annotations[*]: expected a string, found a number');
  expect(reasonOf({ sourceIPs: '10.0.0.1' })).toBe('items[3].sourceIPs: expected an array, found a string');
  expect(reasonOf({ objectRef: { name: {} } })).toBe('items[3].objectRef.name: expected a string, found an object');
  expect(reasonOf({ responseStatus: { code: '200' } })).toBe(
    'items[3].responseStatus.code: expected a number, found a string',
  );
  expect(reasonOf({ kind: 'Pod' })).toBe('items[3].kind: expected "Event", found another text');
  expect(reasonOf({ apiVersion: 'audit.k8s.io/v1beta1' })).toBe(
    'items[3].apiVersion: expected "audit.k8s.io/v1", found another text',
  );
});

test.each([
  [null, 'null'],
  [7, 'a number'],
  ['x', 'a string'],
  [[], 'an array'],
] as const)('a field of the wrong type quarantines its item and says where: %s', (item, found) => {
  expect(reasonOf(item)).toBe(`items[3]: expected an object, found ${found}`);
});

test('what the event does not define is not judged', () => {
  expect(reasonOf({ user2: 'x', requestObject: 'text', responseObject: [null] })).toBe('accepted');
  expect(reasonOf({})).toBe('accepted');
});

test('a field that is null is absent, at every depth; a body is left as it is', () => {
  const decoded = only(
    list({
      kind: null,
      auditID: null,
      stage: null,
      verb: 'get',
      requestURI: null,
      userAgent: null,
      sourceIPs: null,
      stageTimestamp: null,
      user: { username: 'mara', uid: null, groups: null, extra: { [POD_UID]: null, team: ['blue'] } },
      impersonatedUser: null,
      objectRef: { resource: 'pods', name: null, subresource: null },
      responseStatus: { code: null, reason: null },
      annotations: { a: null, requestObject: null, b: 'c' },
      requestObject: { a: null, b: [null] },
      responseObject: null,
    }),
  );
  expect(decoded.truncated).toBe(false);
  expect(decoded.event).toEqual({
    verb: 'get',
    user: { username: 'mara', extra: { team: ['blue'] } },
    objectRef: { resource: 'pods' },
    responseStatus: {},
    annotations: { b: 'c' },
    requestObject: { a: null, b: [null] },
    responseObject: null,
  });
  expect(Object.keys(decoded.event)).not.toContain('auditID');
});

test('a null does not hide a field of the wrong type, and one in a list is no text', () => {
  expect(reasonOf({ user: null, verb: 7 })).toBe('items[3].verb: expected a string, found a number');
  expect(reasonOf({ stage: null, sourceIPs: [null] })).toBe('items[3].sourceIPs[0]: expected a string, found null');
});

test('the reason of a quarantine has no text of the item', () => {
  const items = [
    { kind: 'hush' },
    { apiVersion: 'hush' },
    { annotations: { hush: 1 } },
    { user: { extra: { hush: 'hush' } } },
    { user: { extra: { hush: ['a', 1] } } },
    { verb: ['hush'] },
    'hush',
  ];
  for (const item of items) expect(reasonOf(item)).not.toMatch(/hush|accepted/);
});

test('a quarantined item is named as far as it can be, without its secrets', () => {
  const decoded = decodeEvent({ ...good, verb: 'get\u0007', user: 5 }, 0, RECEIVED);
  expect(decoded).toEqual({
    ordinal: 0,
    reason: 'items[0].user: expected an object, found a number',
    auditID: 'd1f5',
    verb: 'get\\u{7}',
    requestPath: '/api/v1/namespaces/shop/secrets/db',
  });
  const long = decodeEvent({ auditID: 'x'.repeat(1e6), requestURI: `/${'y'.repeat(1e6)}`, user: 5 }, 0, RECEIVED);
  expect(JSON.stringify(long).length).toBeLessThan(700);
});

test('one bad item does not cost the others', () => {
  const { events, quarantined } = accepted(decodeBatch(list(good, 'x', good, { user: 1 }, good), RECEIVED));
  expect(events.map(({ ordinal }) => ordinal)).toEqual([0, 2, 4]);
  expect(quarantined.map(({ ordinal }) => ordinal)).toEqual([1, 3]);
});

test('one item that is not JSON does not cost the others', () => {
  const text = `{"kind":"EventList","apiVersion":"audit.k8s.io/v1","items":[${JSON.stringify(good)},{"verb":"get",},${JSON.stringify(good)}]}`;
  const { events, quarantined } = accepted(decodeBatch(text, RECEIVED));
  expect(events.map(({ ordinal }) => ordinal)).toEqual([0, 2]);
  expect(quarantined).toEqual([{ ordinal: 1, reason: 'items[1]: expected an object, found text that is not JSON' }]);
});

test('a broken item after which nobody can tell where the next begins rejects the batch', () => {
  const text = `{"kind":"EventList","apiVersion":"audit.k8s.io/v1","items":[{"verb":"get","a":[},${JSON.stringify(good)}]}`;
  expect(decodeBatch(text, RECEIVED).kind).toBe('rejected');
  expect(decodeBatch(list(good).slice(0, -5), RECEIVED).kind).toBe('rejected');
  expect(decodeBatch('{"kind":"PodList","items":[{,}]}', RECEIVED).kind).toBe('rejected');
});

test('the time is that of the stage, else of the request, else of the receipt', () => {
  const { stageTimestamp: _, ...unstaged } = good;
  expect(only(list(unstaged)).at).toBe(RECEIVED - 1_999_999);
  expect(only(list({ ...good, stageTimestamp: 'soon' })).at).toBe(RECEIVED - 1_999_999);
  expect(only(list({ verb: 'get' })).at).toBe(RECEIVED);
});

test('a time more than ten minutes ahead of the receipt is not believed', () => {
  const at = (stageTimestamp: string) => only(list({ ...good, stageTimestamp }));
  expect({ ...at('2026-05-01T12:10:00.000000Z'), event: 0 }.skewed).toBe(false);
  const ahead = at('2026-05-01T12:10:00.000001Z');
  expect(ahead.skewed).toBe(true);
  expect(ahead.at).toBe(RECEIVED);
});

test("the API server's own truncation is seen", () => {
  expect(only(list({ ...good, annotations: { 'audit.k8s.io/truncated': 'true' } })).truncated).toBe(true);
});

test('an event over a bound loses its bodies and keeps its metadata', () => {
  let deep: unknown = 1;
  for (let level = 0; level < 9_000; level++) deep = { a: deep };
  const keys = Object.fromEntries(Array.from({ length: 10_001 }, (_, index) => [`k${index}`, 1]));
  for (const requestObject of [deep, keys, 'x'.repeat(256 * 1024 + 1), new Array(200_001).fill(0)]) {
    const decoded = only(list({ ...good, requestObject, responseObject: { a: 1 }, other: 1 }));
    expect(decoded.truncated).toBe(true);
    expect(decoded.event).toEqual({ ...good, other: 1 });
  }
});

test('an event at a bound keeps its bodies', () => {
  const requestObject = { text: 'x'.repeat(256 * 1024), list: new Array(100_000).fill(0) };
  expect(only(list({ ...good, requestObject })).truncated).toBe(false);
});

test('depth beyond any stack costs one body, not the process', () => {
  const body = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
  const text = list(good).replace('"level"', `"requestObject":${body},"level"`);
  expect(only(text).event).toEqual(good);
});

test('metadata over a bound is cut, never lost', () => {
  const long = only(
    list({ ...good, requestURI: `/${'x'.repeat(1e6)}`, annotations: { a: '🚀'.repeat(200_000), b: 'c' } }),
  );
  expect(long.truncated).toBe(true);
  expect(long.event.requestURI?.length).toBe(256 * 1024);
  expect(long.event.annotations?.b).toBe('c');
  expect(long.event.user).toEqual(good.user);

  const many = only(list({ ...good, sourceIPs: [...new Array(250_000).fill('::'), '10.1.2.3'] }));
  expect(many.event.sourceIPs?.at(-1)).toBe('10.1.2.3');
  expect(many.event.user).toEqual(good.user);
  expect(many.event.annotations?.['authorization.k8s.io/decision']).toBe('allow');

  const extra = Object.fromEntries(Array.from({ length: 20_000 }, (_, index) => [`k${index}`, ['v']]));
  const clipped = only(list({ ...good, user: { username: 'mara', extra } }));
  expect(clipped.event.user?.username).toBe('mara');
  expect(Object.keys(clipped.event.user?.extra ?? {})).toHaveLength(10_000);
});

test('whatever is cut is within the bounds afterwards', () => {
  const bounds: Bounds = { depth: 4, nodes: 30, keysPerObject: 20, stringLength: 30, items: 10 };
  const groups = Array.from({ length: 50 }, (_, index) => `group-${index}`);
  const decoded = only(
    list({ ...good, user: { username: 'mara', groups }, unknown: { a: { b: { c: { d: {} } } } } }),
    bounds,
  );
  expect(exceedsBounds(decoded.event, bounds)).toBe(false);
  expect(decoded.event.verb).toBe('get');
  expect(decoded.event.auditID).toBe('d1f5');
});

test('decoding does not change the value that it is given', () => {
  const value = { ...good, stage: null, requestObject: new Array(200_001).fill(0) };
  decodeEvent(value, 0, RECEIVED);
  expect(value.requestObject).toHaveLength(200_001);
  expect(value.stage).toBeNull();
});

test('a batch of more items than anyone sends is refused', () => {
  const text = list(...new Array(DEFAULT_BOUNDS.items + 1).fill(0));
  expect(decodeBatch(text, RECEIVED).kind).toBe('rejected');
});

test('keys with a meaning in JavaScript, duplicate keys and huge numbers are harmless', () => {
  const item =
    '{"verb":"get","__proto__":{"verb":"x"},"constructor":1,"verb":"list","requestObject":{"__proto__":{"a":1},"n":12345678901234567890,"m":1e999}}';
  const decoded = only(`{"kind":"EventList","apiVersion":"audit.k8s.io/v1","items":[${item}]}`);
  expect(decoded.event.verb).toBe('list');
  expect(({} as { readonly a?: number }).a).toBeUndefined();
  const cut = only(list().replace('[]', `[${item.replace('"m"', `"s":"${'x'.repeat(300_000)}","m"`)}]`));
  expect(Object.getPrototypeOf(cut.event)).toBe(Object.prototype);
});

test('all strings and keys are well-formed', () => {
  const text = list(good).replace('"mara"', '"mara\\ud800"').replace('"shop"', '"\\uDEADshop"');
  expect(only(text).event.user?.username).toBe('mara\ufffd');
  expect(only(text).event.objectRef?.namespace).toBe('\ufffdshop');
});

test('a document is a list or one event, such as a line of a log file', () => {
  const decoded = (value: unknown) => decodeDocument(JSON.stringify(value), RECEIVED);
  expect(accepted(decodeDocument(list(good, good), RECEIVED)).events).toHaveLength(2);
  expect(accepted(decoded({ kind: 'Event', apiVersion: 'audit.k8s.io/v1', ...good })).events).toHaveLength(1);
  expect(accepted(decoded(good)).events).toHaveLength(1);
  expect(decoded({ msg: 'started' }).kind).toBe('rejected');
  expect(decoded({ kind: 'Event', apiVersion: 'v1', message: 'Pulled' }).kind).toBe('rejected');
  expect(decoded([good]).kind).toBe('rejected');
  expect(decodeDocument('{"verb"', RECEIVED).kind).toBe('rejected');
  expect(accepted(decoded({ ...good, user: 1 })).quarantined.map(({ reason }) => reason)).toEqual([
    'event.user: expected an object, found a number',
  ]);
});
