import { expect, test } from '@jest/globals';
import { fail } from '../../../test/support/fail.ts';
import { compiledRules, ruleDocument } from '../../../test/support/rules.ts';
import { decodeEvent } from '../../audit/decode.ts';
import type { DecodedEvent } from '../../audit/event.ts';
import type { RuleDocument } from '../../rules/document.ts';
import { HOUR } from '../../rules/limits.ts';
import { explainEvent } from './explain-event.ts';
import { formatEventExplanation } from './format-event-explanation.ts';

const EVENT = {
  level: 'Metadata',
  auditID: 'a-1',
  stage: 'ResponseComplete',
  requestURI: '/api/v1/namespaces/default/pods',
  verb: 'list',
  user: { username: 'eve', groups: ['ops', 'dev'] },
  sourceIPs: ['10.0.0.7'],
  objectRef: { resource: 'pods', namespace: 'default', apiVersion: 'v1' },
  responseStatus: { code: 200 },
  stageTimestamp: '2026-03-02T08:00:00.100000Z',
};

function decoded(changes: object = {}): DecodedEvent {
  const event = decodeEvent({ ...EVENT, ...changes }, 0, Date.UTC(2030, 0, 1) * 1_000);
  return 'event' in event ? event : fail(event.reason);
}

function explained(document: RuleDocument, changes?: object, style = { signs: false, all: false }): string {
  const { rules, slots } = compiledRules([document]);
  const [rule] = rules;
  if (rule === undefined) fail();
  const event = decoded(changes);
  const explanation = explainEvent(rule, event, slots);
  const memo = slots.createMemo();
  memo.reset(event);
  expect(explanation.matched).toBe(rule.matches(event, memo));
  // Without the head, which is the same in all tests.
  return formatEventExplanation(explanation, 'a.log:3', style).split('\n').slice(3).join('\n');
}

test('the head names the rule and the event', () => {
  const { rules, slots } = compiledRules([ruleDocument({ title: 'A\u202e title' })]);
  const [rule] = rules;
  if (rule === undefined) fail();
  const text = formatEventExplanation(explainEvent(rule, decoded({ auditID: 'a\u001b[2J' }), slots), 'a.log:3', {
    signs: false,
    all: false,
  });
  expect(text.split('\n').slice(0, 2)).toEqual([
    'anonymous: A\\u{202e} title',
    'a.log:3: audit ID a\\u{1b}[2J, stage ResponseComplete, level Metadata, 2026-03-02T08:00:00.100000Z',
  ]);
});

const CHOICE = ruleDocument({
  query:
    'kubernetes.audit.verb: list and (user.name: (bob or mal*) or source.ip: 192.0.2.0/24) and not (user.name: eve and kubernetes.audit.user.groups: dev)',
});

test('deciding clauses show their values, the others take one line', () => {
  expect(explained(CHOICE)).toBe(`It does not match: the query does not select it.

Query
  [does not hold] all of these hold:
  - [holds] kubernetes.audit.verb is "list"
  - [does not hold] one of these holds:
    - [does not hold] user.name is "bob", or begins with "mal" (it is "eve")
    - [does not hold] source.ip is in 192.0.2.0/24 (it is "10.0.0.7")
  - [does not hold] not all of these hold:
    - [holds] user.name is "eve" (it is "eve")
    - [holds] kubernetes.audit.user.groups is "dev" (it is "ops", "dev")
`);
});

test('all clauses in full, with signs', () => {
  const colours = (text: string) =>
    text.replaceAll('\u001b[0m', '').replaceAll('\u001b[32m', '32').replaceAll('\u001b[31m', '31');
  expect(
    colours(explained(CHOICE, { user: { username: 'bob' }, sourceIPs: undefined }, { signs: true, all: true })),
  ).toBe(`It matches.

Query
  32✓ all of these hold:
  - 32✓ kubernetes.audit.verb is "list" (it is "list")
  - 32✓ one of these holds:
    - 32✓ user.name is "bob", or begins with "mal" (it is "bob")
    - 31✗ source.ip is in 192.0.2.0/24 (it has no value)
  - 32✓ not all of these hold:
    - 31✗ user.name is "eve" (it is "bob")
    - 31✗ kubernetes.audit.user.groups is "dev" (it has no value)

What the rule does
  It alerts or joins an open alert.
  The alert: "Anonymous request", severity medium, risk score 47.
  Its reason: Anonymous request: bob list pods in default
  For 1h, matches of the same user, last address and object (or path) join the alert and raise its count.
  On this event it is "bob", "pods", "default".
`);
});

test('expressions show their values', () => {
  const query = 'any where length(user.name) + 1 > 4 and substring(kubernetes.audit.objectRef.name, 1) == "x"';
  expect(
    explained(ruleDocument({ type: 'eql', language: 'eql', query })),
  ).toBe(`It does not match: the query does not select it.

Query
  [does not hold] all of these hold:
  - [does not hold] length(user.name) + 1 > 4 is true (it is false, length(user.name) + 1 is 4, length(user.name) is 3, user.name is "eve")
  - [does not hold] substring(kubernetes.audit.objectRef.name, 1) == "x" is true (it is null, substring(kubernetes.audit.objectRef.name, 1) is null, kubernetes.audit.objectRef.name has no value)
`);
});

test('exceptions: expired, and in force with a list', () => {
  const exception = { query: 'user.name: eve', language: 'kuery' as const };
  const exceptions = [
    { ...exception, reason: 'until spring', expiresAt: Date.UTC(2026, 0, 1) * 1_000 },
    {
      ...exception,
      reason: 'known hosts',
      lists: [{ field: 'source.ip', type: 'ip' as const, values: ['10.0.0.7'], excluded: false }],
    },
  ];
  expect(
    explained(ruleDocument({ query: 'user.name: *', exceptions })),
  ).toBe(`It does not match: an exception excludes it: known hosts

Query
  [holds] user.name has a value (it is "eve")

Exceptions
  does not exclude it: until spring, until 2026-01-01T00:00:00.000000Z, not in force at the time of the event
    [holds] user.name is "eve" (it is "eve")
  excludes it: known hosts
    [holds] all of these hold:
    - [holds] user.name is "eve" (it is "eve")
    - [holds] source.ip is in a list of 1 value (ip) (it is "10.0.0.7")
`);
});

function last(document: RuleDocument, changes?: object): string {
  return explained(document, changes).split('\nWhat the rule does\n')[1] ?? '';
}

test('the terms of new_terms', () => {
  const document = ruleDocument({
    query: 'user.name: *',
    newTerms: { fields: ['user.name', 'kubernetes.audit.user.groups'], learningMicros: HOUR },
  });
  expect(last(document)).toBe(`  Its term is user.name "eve", kubernetes.audit.user.groups "dev".
  Its term is user.name "eve", kubernetes.audit.user.groups "ops".
  It alerts if no matching event had that in the 7d before and the learning time of 1h is over.
  The alert: "Anonymous request", severity medium, risk score 47.
  Its reason: user "eve", kubernetes.audit.user.groups "dev" not seen in 7d: eve list pods in default
  For 7d, matches of the same terms join the alert and raise its count.
`);
  expect(last(document, { user: { username: 'eve' } })).toBe(
    '  The event has no kubernetes.audit.user.groups, so the rule ignores it.\n',
  );
});

test('the group of a threshold', () => {
  const cardinality = [{ field: 'kubernetes.audit.objectRef.namespace', value: 3 }];
  const document = ruleDocument({
    type: 'threshold',
    query: 'user.name: *',
    threshold: { fields: ['source.ip'], value: 5, cardinality, windowMicros: HOUR },
  });
  expect(last(document)).toBe(`  It counts for the group source.ip "10.0.0.7".
  The rule alerts at 5 events of a group within 1h, so this depends on the other events.
  It takes 3 different values of kubernetes.audit.objectRef.namespace; on this event it is "default".
  The alert: "Anonymous request", severity medium, risk score 47.
  For 1h, matches of the same group join the alert and raise its count.
`);
  expect(last(document, { sourceIPs: undefined })).toBe('  The event has no source.ip, so it counts for no group.\n');
});

test('the items of a sequence, and the values that join it', () => {
  const query = `sequence by user.name with maxspan=5m
    [any where kubernetes.audit.verb == "list"]
    [any where kubernetes.audit.verb == "delete"]`;
  expect(explained(ruleDocument({ type: 'eql', language: 'eql', query }))).toBe(`It matches.

Query
  [holds] it is one of these events of the sequence:
  - [holds] 1. an event, joined by user.name, for which
    - [holds] all of these hold:
      - [holds] kubernetes.audit.verb is "list" (it is "list")
      - [holds] user.name has a value (it is "eve")
  - [does not hold] 2. an event, joined by user.name, for which

What the rule does
  It fits event 1 of a sequence with user.name "eve".
  Whether it alerts depends on the other events within 5m.
  The alert: "Anonymous request", severity medium, risk score 47.
  For 1h, matches of the same join values join the alert and raise its count.
`);
});

test('mapped severity and suppression values of the event', () => {
  const document = ruleDocument({
    query: 'user.name: *',
    severityMapping: [{ field: 'user.name', value: 'eve', severity: 'critical' }],
    suppression: { by: ['source.ip', 'user_agent.original'], windowMicros: HOUR, missingFields: 'doNotSuppress' },
  });
  expect(last(document)).toBe(`  It alerts or joins an open alert.
  The alert: "Anonymous request", severity critical, risk score 47 (by the rule's mappings).
  Its reason: Anonymous request: eve list pods in default
  For 1h, matches with the same source.ip and user_agent.original join the alert and raise its count.
  Matches without one of these open an alert each.
  On this event source.ip is "10.0.0.7", user_agent.original has no value.
`);
});

test('notes on the stage, the level and a disabled rule', () => {
  const document = ruleDocument({
    enabled: false,
    query:
      'kubernetes.audit.responseObject.kind: Secret and kubernetes.audit.annotations.authorization_k8s_io/decision: allow',
  });
  const [, notes = ''] = explained(document, { stage: 'RequestReceived', responseStatus: undefined }).split('\n\n');
  expect(notes).toBe(`Notes
  The event has stage RequestReceived; the rule can only match at ResponseStarted, ResponseComplete, Panic.
  The event was recorded at level Metadata; the rule can only match at RequestResponse.
  The rule is disabled.`);
});

test('ES|QL queries with rows and with groups', () => {
  const esql = (commands: string) =>
    ruleDocument({ type: 'esql', language: 'esql', query: `FROM logs-* METADATA _id | ${commands}` });
  const rows = esql(
    'WHERE kubernetes.audit.verb == "list" | EVAL who = CONCAT(user.name, "!") | WHERE who LIKE "*e!" | KEEP who',
  );
  expect(last(rows)).toBe(`  Columns: who "eve!".
  It alerts or joins an open alert.
  The alert: "Anonymous request", severity medium, risk score 47.
  Its reason: Anonymous request: eve list pods in default
  For 1h, matches of the same user, last address and object (or path) join the alert and raise its count.
  On this event it is "eve", "10.0.0.7", "pods", "default".
`);
  expect(explained(rows, { user: { username: 'bob' } })).toBe(`It does not match: the query does not select it.

Query
  [does not hold] a row remains after every command:
  - [holds] rows for which kubernetes.audit.verb == "list"
  - [holds] for each row, compute: who = CONCAT(user.name, "!")
  - [does not hold] rows for which who LIKE "*e!" (who is "bob!")
`);
  expect(
    last(esql('WHERE kubernetes.audit.verb == "list" | STATS n = COUNT(*) BY user.name | WHERE n > 3')),
  ).toBe(`  It counts for the group user.name "eve".
  It alerts if a row of the group remains, which depends on the other events.
  The alert: "Anonymous request", severity medium, risk score 47.
  For 1h, matches of the same group join the alert and raise its count.
`);
});

test('each ES|QL command with the deciding conditions and their values', () => {
  const query = (commands: string) =>
    explained(ruleDocument({ type: 'esql', language: 'esql', query: `FROM logs-* | ${commands}` }))
      .split('\n\n')
      .at(1);
  expect(
    query(
      `WHERE kubernetes.audit.verb IN ("get", "list") AND NOT (user.name == "eve" OR user.name == "bob") | KEEP user.name`,
    ),
  ).toBe(`Query
  [does not hold] a row remains after every command:
  - [does not hold] rows for which all of these are true:
    - [holds] kubernetes.audit.verb IN ("get", "list")
    - [does not hold] this is false:
      - [holds] one of these is true:
        - [holds] user.name == "eve" (user.name is "eve")
        - [does not hold] user.name == "bob"
`);
  expect(query('EVAL n = LENGTH(user.email) | WHERE n > 3 OR KQL("user.name: (bob or mal*)") | KEEP n')).toBe(`Query
  [does not hold] a row remains after every command:
  - [holds] for each row, compute: n = LENGTH(user.email)
  - [does not hold] rows for which one of these is true:
    - [does not hold] n > 3 (it is null, n has no value)
    - [does not hold] KQL("user.name: (bob or mal*)"):
      - [does not hold] user.name is "bob", or begins with "mal" (it is "eve")
`);
  expect(
    query('MV_EXPAND kubernetes.audit.user.groups | WHERE kubernetes.audit.user.groups == "sre" | STATS n = COUNT(*)'),
  ).toBe(`Query
  [does not hold] a row remains after every command before STATS:
  - [holds] one row for each value of kubernetes.audit.user.groups
  - [does not hold] rows for which kubernetes.audit.user.groups == "sre" (kubernetes.audit.user.groups is "dev, ops")
`);
});

test('notes on a rule that no event can match, and on expressions over budget', () => {
  const never = explained(ruleDocument({ query: 'kubernetes.audit.verb: list and kubernetes.audit.verb: get' }));
  expect(never).toMatch(/^ {2}No event can match this rule\. `firstseen rules explain` says why\.$/m);
  const query = `any where ${Array.from({ length: 40 }, () => 'length(concat(user.name, "x")) > 1').join(' and ')}`;
  const dear = explained(ruleDocument({ type: 'eql', language: 'eql', query }), {
    user: { username: 'e'.repeat(200_000) },
  });
  expect(dear).toMatch(/^It does not match: the query does not select it\.$/m);
  expect(dear).toMatch(
    /^ {2}The rule fails on this event: its expressions exceed the cost limit on this event and count as null\.$/m,
  );
});

test('values are escaped and bounded', () => {
  const long = `\u001b[31m${'x'.repeat(10_000)}`;
  const text = explained(ruleDocument({ query: 'kubernetes.audit.user.groups: a' }), {
    user: { username: 'eve', groups: [long, ...Array.from({ length: 50 }, (_, index) => `g${index}`)] },
  });
  expect(text).toMatch(/\(it is "\\u\{1b\}\[31mx{100,125}…", "g0", "g1", "g2", "g3" and 46 more\)$/m);
  expect(text).not.toContain('\u001b');
});
