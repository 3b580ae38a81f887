import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type Bounds, exceedsBounds } from '../../src/audit/bounds.ts';
import { decodeBatch, decodeDocument, decodeEvent } from '../../src/audit/decode.ts';
import { cutBytes, sanitise, utf8Length, wellFormedJson } from '../../src/audit/text.ts';
import { formatTimestamp, parseTimestamp } from '../../src/audit/timestamp.ts';
import { FIELDS, resolveField } from '../../src/ecs/fields.ts';
import { expectKey, expectKind } from '../support/expect.ts';

const RECEIVED = Date.UTC(2026, 4, 1) * 1000;
const BOUNDS: Bounds = { depth: 6, nodes: 60, keysPerObject: 20, stringLength: 30, items: 50 };
const anyText = fc.string({ unit: 'binary' });
const brokenText = fc.array(fc.nat(0xffff), { maxLength: 40 }).map((codes) => String.fromCharCode(...codes));
const anyJson = fc.jsonValue({ maxDepth: 8, stringUnit: 'binary' });

const EVENT_KEYS = [
  ...[
    'level',
    'auditID',
    'stage',
    'verb',
    'requestURI',
    'user',
    'impersonatedUser',
    'sourceIPs',
    'objectRef',
    'responseStatus',
  ],
  ...[
    'requestObject',
    'responseObject',
    'stageTimestamp',
    'requestReceivedTimestamp',
    'annotations',
    'kind',
    'apiVersion',
    '__proto__',
  ],
];
const eventLike = fc.dictionary(fc.constantFrom(...EVENT_KEYS), fc.oneof(anyJson, anyText, fc.constant(null)), {
  maxKeys: 8,
});
const texts = fc.array(anyText, { maxLength: 40 });
const user = fc.record(
  { username: anyText, uid: anyText, groups: texts, extra: fc.dictionary(anyText, texts) },
  { requiredKeys: [] },
);
const soundEvent = fc.record(
  {
    auditID: anyText,
    verb: anyText,
    requestURI: anyText,
    user,
    impersonatedUser: user,
    sourceIPs: texts,
    annotations: fc.dictionary(anyText, anyText, { maxKeys: 40 }),
    requestObject: anyJson,
    responseObject: anyJson,
    stageTimestamp: anyText,
    unknown: anyJson,
  },
  { requiredKeys: ['auditID'] },
);
const list = (items: readonly string[]): string =>
  `{"kind":"EventList","apiVersion":"audit.k8s.io/v1","metadata":{},"items":[${items.join(',')}]}`;

test('no text makes decoding throw', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        anyText,
        brokenText,
        anyText.map((text) => list([text])),
        fc.json(),
      ),
      (text) => {
        decodeBatch(text, RECEIVED);
        decodeDocument(text, RECEIVED);
      },
    ),
  );
});

test('no JSON makes decoding or a field throw, and every item is accounted for', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(anyJson, eventLike, soundEvent), { maxLength: 8 }), (items) => {
      const batch = decodeBatch(list(items.map((item) => JSON.stringify(item))), RECEIVED, BOUNDS);
      expectKind(batch, 'batch');
      const ordinals = [...batch.events, ...batch.quarantined].map(({ ordinal }) => ordinal);
      expect(ordinals.sort((a, b) => a - b)).toEqual([...items.keys()]);
      for (const event of batch.events) {
        expect(Number.isSafeInteger(event.at)).toBe(true);
        for (const field of FIELDS) field.read(event);
      }
      for (const item of batch.quarantined) expect(JSON.stringify(item).length).toBeLessThan(3_000);
    }),
  );
});

test('a sound item is decoded whatever stands beside it', () => {
  const junk = fc.oneof(
    anyJson.map((value) => JSON.stringify(value)),
    fc.constantFrom('{"a":,}', '01', '{x}', 'nul', '"\\x"', '{"a":1,}', ''),
  );
  fc.assert(
    fc.property(fc.array(junk, { maxLength: 5 }), fc.array(junk, { maxLength: 5 }), (before, after) => {
      const sound = JSON.stringify({ auditID: 'the-one', verb: 'get' });
      const batch = decodeBatch(list([...before, sound, ...after]), RECEIVED);
      expectKind(batch, 'batch');
      expect(batch.events.some(({ event, ordinal }) => event.auditID === 'the-one' && ordinal === before.length)).toBe(
        true,
      );
    }),
  );
});

test('every decoded event is within the bounds, and only what is truncated is changed', () => {
  fc.assert(
    fc.property(soundEvent, (event) => {
      const decoded = decodeEvent(event, 0, RECEIVED, BOUNDS);
      expectKey(decoded, 'event');
      expect(exceedsBounds(decoded.event, BOUNDS)).toBe(false);
      if (!decoded.truncated) expect(decoded.event).toBe(event);
      else expect(decoded.event.auditID).toBe(event.auditID.slice(0, BOUNDS.stringLength).toWellFormed());
    }),
  );
});

test('what JSON parses to after decoding is well-formed, and well-formed JSON is left alone', () => {
  fc.assert(
    fc.property(fc.oneof(brokenText, anyText), (text) => {
      const parsed: unknown = JSON.parse(wellFormedJson(JSON.stringify(text)));
      expect(parsed).toBe(text.toWellFormed());
    }),
  );
});

test('a time that is written is read again', () => {
  fc.assert(
    fc.property(fc.integer({ min: -(2 ** 53) + 1, max: 2 ** 53 - 1 }), (micros) => {
      expect(parseTimestamp(formatTimestamp(micros))).toBe(micros);
    }),
  );
});

test('a text is a time only as Date has it, too', () => {
  const digits = (length: number) =>
    fc.string({ unit: fc.constantFrom(...'0123456789'), minLength: length, maxLength: length });
  fc.assert(
    fc.property(
      fc.constantFrom('1', '2'),
      digits(3),
      digits(2),
      digits(2),
      digits(2),
      digits(2),
      digits(2),
      (...parts) => {
        const [era, year, month, day, hour, minute, second] = parts;
        const text = `${era}${year}-${month}-${day}T${hour}:${minute}:${second}Z`;
        const micros = parseTimestamp(text);
        if (micros !== undefined) expect(`${formatTimestamp(micros).slice(0, 19)}Z`).toBe(text);
      },
    ),
    { numRuns: 2_000 },
  );
});

test('sanitised text has nothing in it that cannot be seen', () => {
  const nasty = fc.string({
    unit: fc.constantFrom(
      'a',
      '\u001b',
      '\n',
      '\u202e',
      '\u200b',
      '\u2028',
      '\ud800',
      '\udc00',
      '\u0085',
      '\ufeff',
      '\u3164',
    ),
  });
  fc.assert(
    fc.property(fc.oneof(nasty, brokenText, anyText), (text) => {
      const shown = sanitise(text);
      expect(shown).not.toMatch(
        /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]|\u034f|\u115f|\u1160|\u3164|\uffa0|[\u200b-\u200f\u202a-\u202e\u2060-\u2069]|[\ufe00-\ufe0f]/u,
      );
      expect(sanitise(shown)).toBe(shown);
    }),
  );
});

test('cut text fits, is well-formed, and begins as the text does', () => {
  fc.assert(
    fc.property(anyText, fc.nat(60), (text, bytes) => {
      const cut = cutBytes(text, bytes);
      const length = new TextEncoder().encode(cut).length;
      expect(length).toBeLessThanOrEqual(bytes);
      expect(utf8Length(cut)).toBe(length);
      if (cut === text) return;
      expect(utf8Length(text)).toBeGreaterThan(bytes);
      const kept = bytes >= 3 ? cut.slice(0, -1) : cut;
      expect(text.startsWith(kept)).toBe(true);
      expect(cut.isWellFormed()).toBe(true);
      expect(bytes - length).toBeLessThan(4);
    }),
  );
});

test('any name resolves or does not, and what resolves reads any body', () => {
  const key = fc.oneof(fc.constantFrom('a', 'b', 'a.b', 'spec', '__proto__', 'constructor', ''), anyText);
  const path = fc.array(key, { maxLength: 8 }).map((keys) => keys.join('.'));
  const body = fc.letrec((tie) => ({
    node: fc.oneof(
      { depthSize: 'medium' },
      anyJson,
      fc.dictionary(key, tie('node'), { maxKeys: 4 }),
      fc.array(tie('node'), { maxLength: 4 }),
    ),
  })).node;
  fc.assert(
    fc.property(
      fc.constantFrom('', 'requestObject.', 'annotations.', 'user.extra.'),
      path,
      body,
      (prefix, rest, requestObject) => {
        const field = resolveField(`kubernetes.audit.${prefix}${rest}`);
        const decoded = decodeEvent({ requestObject, annotations: { a: 'b' } }, 0, RECEIVED);
        expectKey(decoded, 'event');
        const values = field?.read(decoded);
        const list = Array.isArray(values) ? values : values === undefined ? [] : [values];
        for (const value of list) {
          expect(['string', 'number', 'boolean']).toContain(typeof value);
          expect(value).not.toBe('');
        }
        expect(!Array.isArray(values) || new Set(values).size === values.length).toBe(true);
      },
    ),
  );
});
