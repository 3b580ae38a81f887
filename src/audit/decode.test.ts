import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Bounds, DEFAULT_BOUNDS, exceedsBounds } from './bounds.ts';
import { type DecodedBatch, decodeBatch, decodeDocument, decodeEvent } from './decode.ts';
import type { DecodedEvent } from './event.ts';
import { parseTimestamp } from './timestamp.ts';

const RECEIVED = parseTimestamp('2026-05-01T12:00:00.000000Z') ?? 0;

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
  assert.equal(batch.kind, 'batch', JSON.stringify(batch));
  assert(batch.kind === 'batch');
  return batch;
}

function only(text: string, bounds?: Bounds): DecodedEvent {
  const [event, ...others] = accepted(decodeBatch(text, RECEIVED, bounds)).events;
  assert(event !== undefined && others.length === 0);
  return event;
}

function reasonOf(item: unknown): string {
  const decoded = decodeEvent(item, 3, RECEIVED);
  return 'reason' in decoded ? decoded.reason : 'accepted';
}

test('the list that an API server sends becomes its events, in order', () => {
  const { events, quarantined } = accepted(decodeBatch(`${list(good, { ...good, auditID: 'd1f6' })}\n`, RECEIVED));
  assert.deepEqual(quarantined, []);
  assert.deepEqual(events[0], {
    event: good,
    ordinal: 0,
    truncated: false,
    receivedAt: RECEIVED,
    at: RECEIVED - 999_998,
    skewed: false,
  });
  assert.equal(events[1]?.ordinal, 1);
});

test('a list without items is an empty batch', () => {
  for (const items of ['[]', 'null']) {
    const text = `{"kind":"EventList","apiVersion":"audit.k8s.io/v1","items":${items}}`;
    assert.deepEqual(decodeBatch(text, RECEIVED), { kind: 'batch', events: [], quarantined: [] });
  }
});

test('what is not the list is rejected with what was expected and what came', () => {
  const rejected = (text: string): string => {
    const batch = decodeBatch(text, RECEIVED);
    return batch.kind === 'rejected' ? `${batch.reason}: ${batch.message}` : batch.kind;
  };
  const expected = 'expected an object of kind "EventList" and apiVersion "audit.k8s.io/v1", found';
  assert.equal(rejected('null'), `not_event_list: ${expected} null`);
  assert.equal(rejected('[]'), `not_event_list: ${expected} an array`);
  assert.equal(rejected('{}'), `not_event_list: ${expected} kind nothing and apiVersion nothing`);
  assert.equal(
    rejected('{"kind":"EventList","apiVersion":"audit.k8s.io/v1beta1","items":[]}'),
    `not_event_list: ${expected} kind "EventList" and apiVersion "audit.k8s.io/v1beta1"`,
  );
  assert.equal(
    rejected('{"kind":"EventList","apiVersion":"audit.k8s.io/v1"}'),
    `not_event_list: ${expected} nothing as its items`,
  );
  assert.match(rejected('{"kind":"a\\u001b[2J","apiVersion":1}'), /kind "a\\u\{1b\}\[2J" and apiVersion a number$/);
  assert.match(rejected(JSON.stringify({ kind: 'x'.repeat(9_999) })), /^.{0,300}$/);
  assert.equal(rejected(''), 'not_json: expected the JSON of an object of kind "EventList", found an empty text');
  assert.match(rejected('<html>'), /^not_json: .* found 6 characters that are not JSON$/);
});

test('a field of the wrong type quarantines its item and says where', () => {
  assert.equal(reasonOf({ user: 'mara' }), 'items[3].user: expected an object, found a string');
  assert.equal(reasonOf({ user: [] }), 'items[3].user: expected an object, found an array');
  assert.equal(reasonOf({ verb: 7 }), 'items[3].verb: expected a string, found a number');
  assert.equal(reasonOf({ user: { groups: {} } }), 'items[3].user.groups: expected an array, found an object');
  assert.equal(reasonOf({ user: { groups: ['a', null] } }), 'items[3].user.groups[1]: expected a string, found null');
  assert.equal(
    reasonOf({ impersonatedUser: { uid: true } }),
    'items[3].impersonatedUser.uid: expected a string, found a boolean',
  );
  assert.equal(
    reasonOf({ user: { extra: { 'a\n': 'b' } } }),
    'items[3].user.extra["a\\u{a}"]: expected an array, found a string',
  );
  assert.equal(reasonOf({ annotations: { a: 1 } }), 'items[3].annotations["a"]: expected a string, found a number');
  assert.equal(reasonOf({ sourceIPs: '10.0.0.1' }), 'items[3].sourceIPs: expected an array, found a string');
  assert.equal(reasonOf({ objectRef: { name: {} } }), 'items[3].objectRef.name: expected a string, found an object');
  assert.equal(
    reasonOf({ responseStatus: { code: '200' } }),
    'items[3].responseStatus.code: expected a number, found a string',
  );
  assert.equal(reasonOf({ kind: 'Pod' }), 'items[3].kind: expected "Event", found "Pod"');
  assert.equal(
    reasonOf({ apiVersion: 'audit.k8s.io/v1beta1' }),
    'items[3].apiVersion: expected "audit.k8s.io/v1", found "audit.k8s.io/v1beta1"',
  );
  for (const [item, found] of [
    [null, 'null'],
    [7, 'a number'],
    ['x', 'a string'],
    [[], 'an array'],
  ] as const) {
    assert.equal(reasonOf(item), `items[3]: expected an object, found ${found}`);
  }
});

test('null is absent, and what the event does not define is not judged', () => {
  assert.equal(
    reasonOf({ user: null, sourceIPs: null, stageTimestamp: null, user2: 'x', requestObject: 'text' }),
    'accepted',
  );
  assert.equal(reasonOf({}), 'accepted');
});

test('a quarantined item is named as far as it can be, without its secrets', () => {
  const decoded = decodeEvent({ ...good, verb: 'get\u0007', user: 5 }, 0, RECEIVED);
  assert.deepEqual(decoded, {
    ordinal: 0,
    reason: 'items[0].user: expected an object, found a number',
    auditID: 'd1f5',
    verb: 'get\\u{7}',
    requestPath: '/api/v1/namespaces/shop/secrets/db',
  });
  const long = decodeEvent({ auditID: 'x'.repeat(1e6), requestURI: `/${'y'.repeat(1e6)}`, user: 5 }, 0, RECEIVED);
  assert(JSON.stringify(long).length < 700);
});

test('one bad item does not cost the others', () => {
  const { events, quarantined } = accepted(decodeBatch(list(good, 'x', good, { user: 1 }, good), RECEIVED));
  assert.deepEqual(
    events.map(({ ordinal }) => ordinal),
    [0, 2, 4],
  );
  assert.deepEqual(
    quarantined.map(({ ordinal }) => ordinal),
    [1, 3],
  );
});

test('one item that is not JSON does not cost the others', () => {
  const text = `{"kind":"EventList","apiVersion":"audit.k8s.io/v1","items":[${JSON.stringify(good)},{"verb":"get",},${JSON.stringify(good)}]}`;
  const { events, quarantined } = accepted(decodeBatch(text, RECEIVED));
  assert.deepEqual(
    events.map(({ ordinal }) => ordinal),
    [0, 2],
  );
  assert.deepEqual(quarantined, [{ ordinal: 1, reason: 'items[1]: expected an object, found text that is not JSON' }]);
});

test('a broken item after which nobody can tell where the next begins rejects the batch', () => {
  const text = `{"kind":"EventList","apiVersion":"audit.k8s.io/v1","items":[{"verb":"get","a":[},${JSON.stringify(good)}]}`;
  assert.equal(decodeBatch(text, RECEIVED).kind, 'rejected');
  assert.equal(decodeBatch(list(good).slice(0, -5), RECEIVED).kind, 'rejected');
  assert.equal(decodeBatch('{"kind":"PodList","items":[{,}]}', RECEIVED).kind, 'rejected');
});

test('the time is that of the stage, else of the request, else of the receipt', () => {
  const { stageTimestamp: _, ...unstaged } = good;
  assert.equal(only(list(unstaged)).at, RECEIVED - 1_999_999);
  assert.equal(only(list({ ...good, stageTimestamp: 'soon' })).at, RECEIVED - 1_999_999);
  assert.equal(only(list({ verb: 'get' })).at, RECEIVED);
});

test('a time more than ten minutes ahead of the receipt is not believed', () => {
  const at = (stageTimestamp: string) => only(list({ ...good, stageTimestamp }));
  assert.deepEqual({ ...at('2026-05-01T12:10:00.000000Z'), event: 0 }.skewed, false);
  const ahead = at('2026-05-01T12:10:00.000001Z');
  assert.equal(ahead.skewed, true);
  assert.equal(ahead.at, RECEIVED);
});

test("the API server's own truncation is seen", () => {
  assert.equal(only(list({ ...good, annotations: { 'audit.k8s.io/truncated': 'true' } })).truncated, true);
});

test('an event over a bound loses its bodies and keeps its metadata', () => {
  let deep: unknown = 1;
  for (let level = 0; level < 9_000; level++) deep = { a: deep };
  const keys = Object.fromEntries(Array.from({ length: 10_001 }, (_, index) => [`k${index}`, 1]));
  for (const requestObject of [deep, keys, 'x'.repeat(256 * 1024 + 1), new Array(200_001).fill(0)]) {
    const decoded = only(list({ ...good, requestObject, responseObject: { a: 1 }, other: 1 }));
    assert.equal(decoded.truncated, true);
    assert.deepEqual(decoded.event, { ...good, other: 1 });
  }
});

test('an event at a bound keeps its bodies', () => {
  const requestObject = { text: 'x'.repeat(256 * 1024), list: new Array(100_000).fill(0) };
  assert.equal(only(list({ ...good, requestObject })).truncated, false);
});

test('depth beyond any stack costs one body, not the process', () => {
  const body = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
  const text = list(good).replace('"level"', `"requestObject":${body},"level"`);
  assert.deepEqual(only(text).event, good);
});

test('metadata over a bound is cut, never lost', () => {
  const long = only(
    list({ ...good, requestURI: `/${'x'.repeat(1e6)}`, annotations: { a: '🚀'.repeat(200_000), b: 'c' } }),
  );
  assert.equal(long.truncated, true);
  assert.equal(long.event.requestURI?.length, 256 * 1024);
  assert.equal(long.event.annotations?.b, 'c');
  assert.deepEqual(long.event.user, good.user);

  const many = only(list({ ...good, sourceIPs: [...new Array(250_000).fill('::'), '10.1.2.3'] }));
  assert.equal(many.event.sourceIPs?.at(-1), '10.1.2.3');
  assert.deepEqual(many.event.user, good.user);
  assert.equal(many.event.annotations?.['authorization.k8s.io/decision'], 'allow');

  const extra = Object.fromEntries(Array.from({ length: 20_000 }, (_, index) => [`k${index}`, ['v']]));
  const clipped = only(list({ ...good, user: { username: 'mara', extra } }));
  assert.equal(clipped.event.user?.username, 'mara');
  assert.equal(Object.keys(clipped.event.user?.extra ?? {}).length, 10_000);
});

test('whatever is cut is within the bounds afterwards', () => {
  const bounds: Bounds = { depth: 4, nodes: 30, keysPerObject: 20, stringLength: 30, items: 10 };
  const groups = Array.from({ length: 50 }, (_, index) => `group-${index}`);
  const decoded = only(
    list({ ...good, user: { username: 'mara', groups }, unknown: { a: { b: { c: { d: {} } } } } }),
    bounds,
  );
  assert.equal(exceedsBounds(decoded.event, bounds), false);
  assert.equal(decoded.event.verb, 'get');
  assert.equal(decoded.event.auditID, 'd1f5');
});

test('decoding does not change the value that it is given', () => {
  const value = { ...good, requestObject: new Array(200_001).fill(0) };
  decodeEvent(value, 0, RECEIVED);
  assert.equal(value.requestObject.length, 200_001);
});

test('a batch of more items than anyone sends is refused', () => {
  const text = list(...new Array(DEFAULT_BOUNDS.items + 1).fill(0));
  assert.equal(decodeBatch(text, RECEIVED).kind, 'rejected');
});

test('keys with a meaning in JavaScript, duplicate keys and huge numbers are harmless', () => {
  const item =
    '{"verb":"get","__proto__":{"verb":"x"},"constructor":1,"verb":"list","requestObject":{"__proto__":{"a":1},"n":12345678901234567890,"m":1e999}}';
  const decoded = only(`{"kind":"EventList","apiVersion":"audit.k8s.io/v1","items":[${item}]}`);
  assert.equal(decoded.event.verb, 'list');
  assert.equal(({} as { readonly a?: number }).a, undefined);
  const cut = only(list().replace('[]', `[${item.replace('"m"', `"s":"${'x'.repeat(300_000)}","m"`)}]`));
  assert.equal(Object.getPrototypeOf(cut.event), Object.prototype);
});

test('all strings and keys are well-formed', () => {
  const text = list(good).replace('"mara"', '"mara\\ud800"').replace('"shop"', '"\\uDEADshop"');
  assert.equal(only(text).event.user?.username, 'mara\ufffd');
  assert.equal(only(text).event.objectRef?.namespace, '\ufffdshop');
});

test('a document is a list or one event, such as a line of a log file', () => {
  const decoded = (value: unknown) => decodeDocument(JSON.stringify(value), RECEIVED);
  assert.equal(accepted(decodeDocument(list(good, good), RECEIVED)).events.length, 2);
  assert.equal(accepted(decoded({ kind: 'Event', apiVersion: 'audit.k8s.io/v1', ...good })).events.length, 1);
  assert.equal(accepted(decoded(good)).events.length, 1);
  assert.equal(decoded({ msg: 'started' }).kind, 'rejected');
  assert.equal(decoded({ kind: 'Event', apiVersion: 'v1', message: 'Pulled' }).kind, 'rejected');
  assert.equal(decoded([good]).kind, 'rejected');
  assert.equal(decodeDocument('{"verb"', RECEIVED).kind, 'rejected');
  assert.deepEqual(
    accepted(decoded({ ...good, user: 1 })).quarantined.map(({ reason }) => reason),
    ['event.user: expected an object, found a number'],
  );
});
