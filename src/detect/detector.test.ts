import { expect, test } from '@jest/globals';
import { anonymousRequest, batchOf, NOON, type RequestChanges } from '../../test/support/events.ts';
import { expectPresent } from '../../test/support/expect.ts';
import { compiledRules, detectorOf, ruleDocument } from '../../test/support/rules.ts';
import type { DecodedEvent } from '../audit/event.ts';
import { sha256Hashes } from '../ingest/hashes.ts';
import type { FieldMemo } from '../query/match/slots.ts';
import type { CompiledRule } from '../rules/compiled-rule.ts';
import type { RuleDocument, SuppressionDocument } from '../rules/document.ts';
import { DAY, HOUR } from '../rules/limits.ts';
import { createDetector } from './detector.ts';

const detect = (document: RuleDocument, ...events: readonly DecodedEvent[]) =>
  detectorOf(document).detect('local', batchOf(...events)).decisions;

function one(document: RuleDocument, changes: RequestChanges = {}, cluster = 'local') {
  const [decision] = detectorOf(document).detect(cluster, [anonymousRequest(changes)]).decisions;
  expectPresent(decision);
  return decision;
}

test('decisions are in order of time, then of arrival, then of the rules', () => {
  const detector = detectorOf(ruleDocument({ name: 'a' }), ruleDocument({ name: 'b' }));
  const { decisions } = detector.detect(
    'local',
    batchOf(
      anonymousRequest({ at: NOON + 2, id: 'late' }),
      anonymousRequest({ at: NOON, id: 'x' }),
      anonymousRequest({ at: NOON, id: 'y' }),
      anonymousRequest({ at: NOON + 1, id: 'middle' }),
    ),
  );
  expect(decisions.map(({ event, rule }) => `${event.event.auditID} ${rule.document.name}`)).toEqual([
    'x a',
    'x b',
    'y a',
    'y b',
    'middle a',
    'middle b',
    'late a',
    'late b',
  ]);
});

test('the ordinal orders events of the same time', () => {
  const events = [anonymousRequest({ id: 'second', ordinal: 1 }), anonymousRequest({ id: 'first', ordinal: 0 })];
  const { decisions } = detectorOf(ruleDocument()).detect('local', events);
  expect(decisions.map(({ event }) => event.event.auditID)).toEqual(['first', 'second']);
});

test('a rule that throws on an event is reported, and everything else goes on', () => {
  const { rules, slots } = compiledRules([ruleDocument({ name: 'sound' }), ruleDocument({ name: 'broken' })]);
  const [sound, broken] = rules;
  expectPresent(sound);
  expectPresent(broken);
  const bug = new Error('a bug');
  const throwing = {
    ...broken,
    matches: (event: DecodedEvent) => {
      if (event.event.auditID === 'poison') throw bug;
      return true;
    },
  };
  const events = batchOf(...['a', 'poison', 'b'].map((id) => anonymousRequest({ id })));
  const { decisions, faults, matches } = createDetector([throwing, sound], slots, sha256Hashes).detect('local', events);
  expect(faults).toEqual([{ rule: 'broken', event: events[1], error: bug }]);
  expect(decisions.map(({ event, rule }) => `${event.event.auditID} ${rule.document.name}`)).toEqual([
    'a broken',
    'a sound',
    'poison sound',
    'b broken',
    'b sound',
  ]);
  expect([...matches.values()]).toEqual([2, 3]);
});

test('reports a rule that exceeds its cost limit, and starts the next evaluation with a full budget', () => {
  const { rules, slots } = compiledRules([ruleDocument({ name: 'dear' }), ruleDocument({ name: 'cheap' })]);
  const [dear, cheap] = rules;
  expectPresent(dear);
  expectPresent(cheap);
  const spending = {
    ...dear,
    matches: (event: DecodedEvent, memo: FieldMemo) =>
      memo.budget.spend(event.event.auditID === 'long' ? Number.POSITIVE_INFINITY : 1),
  };
  const frugal = { ...cheap, matches: (_: DecodedEvent, memo: FieldMemo) => memo.budget.spend(1) };
  const inItems = {
    ...cheap,
    document: { ...cheap.document, name: 'items' },
    kind: {
      ...cheap.kind,
      occurrences: (_: CompiledRule, memo: FieldMemo) => {
        memo.budget.spend(Number.POSITIVE_INFINITY);
        return [];
      },
    },
  };
  const events = batchOf(...['long', 'short'].map((id) => anonymousRequest({ id })));
  const { decisions, faults } = createDetector([spending, frugal, inItems], slots, sha256Hashes).detect(
    'local',
    events,
  );
  expect(faults.map(({ rule, event, error }) => [rule, event.event.auditID, String(error)])).toEqual([
    ['dear', 'long', 'Error: its expressions exceed the cost limit on this event and count as null'],
    ...['long', 'short'].map((id) => [
      'items',
      id,
      'Error: its expressions exceed the cost limit on this event and count as null',
    ]),
  ]);
  expect(decisions.map(({ event, rule }) => `${event.event.auditID} ${rule.document.name}`)).toEqual([
    'long cheap',
    'short dear',
    'short cheap',
  ]);
});

test('reports a rule that throws on a combination', () => {
  const { rules, slots } = compiledRules([ruleDocument()]);
  const [rule] = rules;
  expectPresent(rule);
  const kind = {
    ...rule.kind,
    occurrences: () => {
      throw new Error('a bug');
    },
  };
  const { faults, decisions } = createDetector([{ ...rule, kind }], slots, sha256Hashes).detect('local', [
    anonymousRequest(),
  ]);
  expect(faults).toHaveLength(1);
  expect(decisions).toHaveLength(0);
});

test('counts every event that the query matches, with or without a decision', () => {
  const detector = detectorOf(ruleDocument({ newTerms: {} }));
  const { matches, decisions } = detector.detect(
    'local',
    batchOf(anonymousRequest(), anonymousRequest({ userAgent: null }), anonymousRequest({ username: 'eve' })),
  );
  expect([...matches.values()]).toEqual([2]);
  expect(decisions).toHaveLength(1);
});

test('counts the stages of a request once', () => {
  const first = one(ruleDocument(), { id: 'r', at: NOON, event: { stage: 'ResponseStarted' } });
  const last = one(ruleDocument(), { id: 'r', at: NOON + 2 * HOUR, requestedAt: NOON });
  expect(first.requestKey).toBe(last.requestKey);
  expect(first.doneKey).toBe(last.doneKey);
  expect(first.hour).toBe(last.hour); // the hour is that of the request
  expect(first.hour).toBe(Math.floor(NOON / HOUR));
});

test.each<RequestChanges>([
  { username: 'system:anonymous', event: { verb: 'delete' } },
  { event: { requestURI: '/other' } },
  { sourceIPs: ['10.0.0.1'] },
  { requestedAt: NOON + 1 },
])('a reused auditID with %j is another request', (changes) => {
  const first = one(ruleDocument(), { id: 'chosen' });
  expect(one(ruleDocument(), { id: 'chosen', ...changes }).doneKey).not.toBe(first.doneKey);
});

test('a reused auditID in another cluster is another request', () => {
  const first = one(ruleDocument(), { id: 'chosen' });
  expect(one(ruleDocument(), { id: 'chosen' }, 'other-cluster').requestKey).not.toBe(first.requestKey);
});

test('counts separately for each rule and combination', () => {
  const keys = [ruleDocument({ name: 'a' }), ruleDocument({ name: 'b' })].map((rule) => one(rule).doneKey);
  const fields = ['source.ip'];
  const decisions = detect(
    ruleDocument({ newTerms: { fields } }),
    anonymousRequest({ sourceIPs: ['10.0.0.1', '10.0.0.2'] }),
  );
  const all = [...keys, ...decisions.map(({ doneKey }) => doneKey)];
  expect(new Set(all).size).toBe(4);
});

test('identifies an event without auditID or time by its content and index', () => {
  const { auditID: _, ...nameless } = anonymousRequest().event;
  const event: DecodedEvent = { ...anonymousRequest(), event: nameless };
  const [a, b] = detect(ruleDocument(), event, event);
  const [again] = detect(ruleDocument(), event);
  const [other] = detect(ruleDocument(), { ...event, event: { ...nameless, verb: 'get' } });
  expectPresent(a);
  expectPresent(b);
  expect(a.requestKey).not.toBe(b.requestKey); // two of them in a batch
  expect(a.requestKey).toBe(again?.requestKey); // the batch again
  expect(a.requestKey).not.toBe(other?.requestKey);
});

test('groups repeats by the default of the rule type, or by the fields and window of the rule', () => {
  const suppression: SuppressionDocument = { by: ['user.name'], windowMicros: DAY, missingFields: 'suppress' };
  const byUser = ruleDocument({ suppression });
  expect(one(ruleDocument(), { sourceIPs: ['1.1.1.1'] }).suppressionKey).not.toBe(one(ruleDocument()).suppressionKey);
  expect(one(byUser, { sourceIPs: ['1.1.1.1'] }).suppressionKey).toBe(one(byUser).suppressionKey);
  expect(one(ruleDocument()).windowMicros).toBe(HOUR);
  expect(one(byUser).windowMicros).toBe(DAY);
  expect(one(ruleDocument({ name: 'other', suppression })).suppressionKey).not.toBe(one(byUser).suppressionKey);
});

test('requests without a suppression field share an alert, or get their own if the rule says so', () => {
  const by = (missingFields: SuppressionDocument['missingFields']) =>
    ruleDocument({ suppression: { by: ['user.name', 'user_agent.original'], windowMicros: DAY, missingFields } });
  const key = (missing: SuppressionDocument['missingFields'], id: string, userAgent: string | null) =>
    one(by(missing), { id, userAgent }).suppressionKey;
  expect(key('suppress', 'a', null)).toBe(key('suppress', 'b', null));
  expect(key('suppress', 'a', null)).not.toBe(key('suppress', 'a', 'null'));
  expect(key('doNotSuppress', 'a', null)).not.toBe(key('doNotSuppress', 'b', null));
  expect(key('doNotSuppress', 'a', 'curl')).toBe(key('doNotSuppress', 'b', 'curl'));
});

test('keeps no state between calls', () => {
  const detector = detectorOf(ruleDocument({ newTerms: {} }));
  const events = [anonymousRequest()];
  expect(detector.detect('local', events)).toEqual(detector.detect('local', events));
});

test('each value of a suppression field is a separate decision', () => {
  const suppression = { by: ['source.ip'], windowMicros: HOUR, missingFields: 'suppress' } as const;
  const from = (id: string, ...sourceIPs: readonly string[]) =>
    detect(ruleDocument({ suppression }), anonymousRequest({ id, sourceIPs }));
  const two = from('a', '10.0.0.1', '10.0.0.2');
  const [one] = from('b', '10.0.0.2');
  expect(two).toHaveLength(2);
  expect(new Set(two.map(({ doneKey }) => doneKey)).size).toBe(2);
  expect(two[0]?.suppressionKey).toBe(one?.suppressionKey);
});

test('counts silenced events by rule and exception, not as matches', () => {
  const forBoth = { query: 'event.action: list', language: 'kuery', reason: 'known' } as const;
  const forOne = { ...forBoth, query: 'user_agent.original: curl' };
  const detector = detectorOf(
    ruleDocument({ name: 'a', exceptions: [forBoth, forOne] }),
    ruleDocument({ name: 'b', exceptions: [forOne] }),
  );
  const { matches, excepted } = detector.detect(
    'local',
    batchOf(
      anonymousRequest({ at: NOON + 2, userAgent: 'curl' }),
      anonymousRequest({ at: NOON + 1, userAgent: 'wget' }),
      anonymousRequest({ username: 'eve' }),
    ),
  );
  const counted = [...excepted].flatMap(([{ document }, uses]) =>
    [...uses].map(([{ query }, use]) => [document.name, query, use] as const),
  );
  expect(counted).toEqual([
    ['a', forBoth.query, { count: 2, lastAt: NOON + 2 }],
    ['b', forOne.query, { count: 1, lastAt: NOON + 2 }],
  ]);
  expect([...matches].map(([{ document }, count]) => [document.name, count])).toEqual([['b', 1]]);
});
