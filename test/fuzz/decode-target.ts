import assert from 'node:assert/strict';
import { DEFAULT_BOUNDS, exceedsBounds } from '../../src/audit/bounds.ts';
import { decodeBatch, decodeDocument } from '../../src/audit/decode.ts';
import { FIELDS } from '../../src/ecs/fields.ts';

type Random = () => number;

const RECEIVED = Date.UTC(2026, 4, 1) * 1000;
const SEED_EVENT = JSON.stringify({
  level: 'RequestResponse',
  auditID: '7d0a',
  stage: 'ResponseComplete',
  requestURI: '/api/v1/namespaces/shop/pods?dryRun=All',
  verb: 'create',
  user: { username: 'mara', groups: ['dev'], extra: { 'example.org/team': ['blue'] } },
  sourceIPs: ['203.0.113.9', '10.1.2.3'],
  objectRef: { resource: 'pods', namespace: 'shop', apiVersion: 'v1' },
  responseStatus: { metadata: {}, code: 201 },
  requestObject: { spec: { containers: [{ image: 'a', securityContext: { privileged: true } }] } },
  requestReceivedTimestamp: '2026-04-30T23:59:59.000001Z',
  stageTimestamp: '2026-04-30T23:59:59.100002Z',
  annotations: { 'authorization.k8s.io/decision': 'allow' },
});
const FRAGMENTS = [
  ...[
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '"',
    '\\',
    'null',
    '1e999',
    '-0',
    '12345678901234567890',
    '"__proto__":{"a":1},',
    '"user":"x",',
  ],
  ...[
    '\\ud800',
    '\\uDFFF',
    '\ud800',
    '\u0000',
    '\u202e',
    '"items":[',
    '"kind":"Pod",',
    '"sourceIPs":7,',
    '"a.b":{"c":[]},',
  ],
];

/** Hostile batches: no text makes decoding throw, no event is over a bound, a sound event beside a broken one is not lost. */
export const decodeTarget = {
  name: 'decode',
  run(random: Random): void {
    const mutated = mutate(SEED_EVENT, random);
    const text = list([SEED_EVENT, mutated, SEED_EVENT]);
    check(random() < 0.5 ? mutate(text, random) : text);
    check(mutated);

    const batch = decodeBatch(list([SEED_EVENT, JSON.stringify(mutated), wrapDeep(random)]), RECEIVED);
    assert(batch.kind === 'batch');
    assert.equal(batch.events[0]?.event.verb, 'create');
    assert.equal(batch.events.length + batch.quarantined.length, 3);
  },
} as const;

function check(text: string): void {
  for (const batch of [decodeBatch(text, RECEIVED), decodeDocument(text, RECEIVED)]) {
    if (batch.kind === 'rejected') {
      assert(batch.message.length < 1_000);
      continue;
    }
    for (const item of batch.quarantined) assert(JSON.stringify(item).length < 4_000);
    for (const decoded of batch.events) {
      assert.equal(exceedsBounds(decoded.event, DEFAULT_BOUNDS), false);
      assert(JSON.stringify(decoded.event).isWellFormed());
      assert(Number.isSafeInteger(decoded.at) && decoded.at <= RECEIVED + 600_000_000);
      for (const field of FIELDS) field.read(decoded);
    }
  }
}

function list(items: readonly string[]): string {
  return `{"kind":"EventList","apiVersion":"audit.k8s.io/v1","metadata":{},"items":[${items.join(',')}]}`;
}

function mutate(text: string, random: Random): string {
  let mutated = text;
  for (let edits = below(random, 4); edits >= 0; edits--) {
    const start = below(random, mutated.length);
    const removed = random() < 0.5 ? 0 : below(random, 12);
    const inserted =
      random() < 0.3 ? mutated.slice(below(random, mutated.length)).slice(0, 60) : pick(FRAGMENTS, random);
    mutated = mutated.slice(0, start) + inserted + mutated.slice(start + removed);
  }
  return mutated;
}

/** An event with a body of some depth, at and around the bound. */
function wrapDeep(random: Random): string {
  const depth = below(random, 200);
  return `{"verb":"patch","requestObject":${'[{"a":'.repeat(depth)}1${'}]'.repeat(depth)}}`;
}

function below(random: Random, limit: number): number {
  return Math.floor(random() * limit);
}

function pick(fragments: readonly string[], random: Random): string {
  return fragments[below(random, fragments.length)] ?? '';
}
