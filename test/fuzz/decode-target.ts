import { expect } from '@jest/globals';
import { DEFAULT_BOUNDS, exceedsBounds } from '../../src/audit/bounds.ts';
import { decodeBatch, decodeDocument } from '../../src/audit/decode.ts';
import { FIELDS } from '../../src/ecs/fields.ts';
import { expectKind } from '../support/expect.ts';
import type { Random } from './random.ts';
import type { FuzzTarget } from './target.ts';

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
export const decodeTarget: FuzzTarget = {
  name: 'decode',
  generate: (random) => wound(SEED_EVENT, random),
  check(input, random) {
    const text = list([SEED_EVENT, input, SEED_EVENT]);
    checkText(random.chance(0.5) ? wound(text, random) : text);
    checkText(input);

    const batch = decodeBatch(list([SEED_EVENT, JSON.stringify(input), wrapDeep(random)]), RECEIVED);
    expectKind(batch, 'batch');
    expect(batch.events[0]?.event.verb).toBe('create');
    expect(batch.events.length + batch.quarantined.length).toBe(3);
  },
  timeLimitMs: 1_000,
};

function checkText(text: string): void {
  for (const batch of [decodeBatch(text, RECEIVED), decodeDocument(text, RECEIVED)]) {
    if (batch.kind === 'rejected') {
      expect(batch.message.length).toBeLessThan(1_000);
      continue;
    }
    for (const item of batch.quarantined) expect(JSON.stringify(item).length).toBeLessThan(4_000);
    for (const decoded of batch.events) {
      expect(exceedsBounds(decoded.event, DEFAULT_BOUNDS)).toBe(false);
      expect(JSON.stringify(decoded.event).isWellFormed()).toBe(true);
      expect(Number.isSafeInteger(decoded.at)).toBe(true);
      expect(decoded.at).toBeLessThanOrEqual(RECEIVED + 600_000_000);
      for (const field of FIELDS) field.read(decoded);
    }
  }
}

function list(items: readonly string[]): string {
  return `{"kind":"EventList","apiVersion":"audit.k8s.io/v1","metadata":{},"items":[${items.join(',')}]}`;
}

function wound(text: string, random: Random): string {
  let wounded = text;
  for (let edits = random.below(4); edits >= 0; edits--) {
    const start = random.below(wounded.length);
    const removed = random.chance(0.5) ? 0 : random.below(12);
    const inserted = random.chance(0.3)
      ? wounded.slice(random.below(wounded.length)).slice(0, 60)
      : (FRAGMENTS[random.below(FRAGMENTS.length)] ?? '');
    wounded = wounded.slice(0, start) + inserted + wounded.slice(start + removed);
  }
  return wounded;
}

/** An event with a body of some depth, at and around the bound. */
function wrapDeep(random: Random): string {
  const depth = random.below(200);
  return `{"verb":"patch","requestObject":${'[{"a":'.repeat(depth)}1${'}]'.repeat(depth)}}`;
}
