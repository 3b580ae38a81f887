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
  // Without what stands above the blank line, which is the same in all.
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

test('what decides is told with its values, the rest in a line', () => {
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

test('all of it, and with signs', () => {
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

What it does
  It alerts, or joins an alert that is open.
  The alert: "Anonymous request", severity medium, risk score 47.
  Its reason: Anonymous request: bob list pods in default
  Matches of the same user, last address and object (or path) join its alert for 1h, and raise its count.
  Of this event it is "bob", "pods", "default".
`);
});

test('expressions are told with what they come to', () => {
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

test('an exception that excludes, one that has ended, one with a list', () => {
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
  return explained(document, changes).split('\nWhat it does\n')[1] ?? '';
}

test('the terms of new_terms', () => {
  const document = ruleDocument({
    query: 'user.name: *',
    newTerms: { fields: ['user.name', 'kubernetes.audit.user.groups'], learningMicros: HOUR },
  });
  expect(last(document)).toBe(`  It makes the term user.name "eve", kubernetes.audit.user.groups "dev".
  It makes the term user.name "eve", kubernetes.audit.user.groups "ops".
  Whether that is new depends on history: it alerts if no matching event had it in the 7d before, and the rule does not learn any more (it does for 1h).
  The alert: "Anonymous request", severity medium, risk score 47.
  Its reason: user "eve", kubernetes.audit.user.groups "dev" not seen in 7d: eve list pods in default
  Matches of the same terms join its alert for 7d, and raise its count.
`);
  expect(last(document, { user: { username: 'eve' } })).toBe(
    '  The event has no kubernetes.audit.user.groups, so it neither alerts nor teaches.\n',
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
  It takes 5 in a group within 1h: whether it alerts depends on the other events.
  Of kubernetes.audit.objectRef.namespace it takes 3 different values; on this event it is "default".
  The alert: "Anonymous request", severity medium, risk score 47.
  Matches of the same group join its alert for 1h, and raise its count.
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

What it does
  It can be event 1 of a sequence with user.name "eve".
  Whether it alerts depends on the other events within 5m.
  The alert: "Anonymous request", severity medium, risk score 47.
  Matches of the same join values join its alert for 1h, and raise its count.
`);
});

test('what the event says in place of the rule, and by what it is suppressed', () => {
  const document = ruleDocument({
    query: 'user.name: *',
    severityMapping: [{ field: 'user.name', value: 'eve', severity: 'critical' }],
    suppression: { by: ['source.ip', 'user_agent.original'], windowMicros: HOUR, missingFields: 'doNotSuppress' },
  });
  expect(last(document)).toBe(`  It alerts, or joins an alert that is open.
  The alert: "Anonymous request", severity critical, risk score 47 (by the mappings of the rule).
  Its reason: Anonymous request: eve list pods in default
  Matches with the same source.ip and user_agent.original join its alert for 1h, and raise its count.
  Those without one of these have an alert each.
  Of this event source.ip is "10.0.0.7", user_agent.original has no value.
`);
});

test('an event that was recorded too early, or with too little, and a rule that is switched off', () => {
  const document = ruleDocument({
    enabled: false,
    query:
      'kubernetes.audit.responseObject.kind: Secret and kubernetes.audit.annotations.authorization_k8s_io/decision: allow',
  });
  const [, notes = ''] = explained(document, { stage: 'RequestReceived', responseStatus: undefined }).split('\n\n');
  expect(notes).toBe(`Notes
  The event is of stage RequestReceived; the rule can only match at ResponseStarted, ResponseComplete, Panic.
  The event was recorded at level Metadata; the rule can only match at RequestResponse.
  The rule is switched off: it does not run.`);
});

test('a query in ES|QL that makes rows, and one that groups them', () => {
  const esql = (commands: string) =>
    ruleDocument({ type: 'esql', language: 'esql', query: `FROM logs-* METADATA _id | ${commands}` });
  const rows = esql(
    'WHERE kubernetes.audit.verb == "list" | EVAL who = CONCAT(user.name, "!") | WHERE who LIKE "*e!" | KEEP who',
  );
  expect(last(rows)).toBe(`  The columns say who "eve!".
  It alerts, or joins an alert that is open.
  The alert: "Anonymous request", severity medium, risk score 47.
  Its reason: Anonymous request: eve list pods in default
  Matches of the same user, last address and object (or path) join its alert for 1h, and raise its count.
  Of this event it is "eve", "10.0.0.7", "pods", "default".
`);
  expect(explained(rows, { user: { username: 'bob' } })).toBe(`It does not match: the query does not select it.

Query
  [does not hold] every command leaves a row of it:
  - [holds] rows for which kubernetes.audit.verb == "list"
  - [holds] of each row is computed: who = CONCAT(user.name, "!")
  - [does not hold] rows for which who LIKE "*e!" (who is "bob!")
`);
  expect(
    last(esql('WHERE kubernetes.audit.verb == "list" | STATS n = COUNT(*) BY user.name | WHERE n > 3')),
  ).toBe(`  It counts for the group user.name "eve".
  Whether it alerts depends on the other events: it does if a row is left of the group.
  The alert: "Anonymous request", severity medium, risk score 47.
  Matches of the same group join its alert for 1h, and raise its count.
`);
});

test('a query in ES|QL, command by command: what decides of each condition, with its values', () => {
  const query = (commands: string) =>
    explained(ruleDocument({ type: 'esql', language: 'esql', query: `FROM logs-* | ${commands}` }))
      .split('\n\n')
      .at(1);
  expect(
    query(
      `WHERE kubernetes.audit.verb IN ("get", "list") AND NOT (user.name == "eve" OR user.name == "bob") | KEEP user.name`,
    ),
  ).toBe(`Query
  [does not hold] every command leaves a row of it:
  - [does not hold] rows for which all of these are true:
    - [holds] kubernetes.audit.verb IN ("get", "list")
    - [does not hold] this is false:
      - [holds] one of these is true:
        - [holds] user.name == "eve" (user.name is "eve")
        - [does not hold] user.name == "bob"
`);
  expect(query('EVAL n = LENGTH(user.email) | WHERE n > 3 OR KQL("user.name: (bob or mal*)") | KEEP n')).toBe(`Query
  [does not hold] every command leaves a row of it:
  - [holds] of each row is computed: n = LENGTH(user.email)
  - [does not hold] rows for which one of these is true:
    - [does not hold] n > 3 (it is null, n has no value)
    - [does not hold] KQL("user.name: (bob or mal*)"):
      - [does not hold] user.name is "bob", or begins with "mal" (it is "eve")
`);
  expect(
    query('MV_EXPAND kubernetes.audit.user.groups | WHERE kubernetes.audit.user.groups == "sre" | STATS n = COUNT(*)'),
  ).toBe(`Query
  [does not hold] every command before STATS leaves a row of it:
  - [holds] a row for each value of kubernetes.audit.user.groups
  - [does not hold] rows for which kubernetes.audit.user.groups == "sre" (kubernetes.audit.user.groups is "dev, ops")
`);
});

test('a rule that no event can match, and expressions that cost too much', () => {
  const never = explained(ruleDocument({ query: 'kubernetes.audit.verb: list and kubernetes.audit.verb: get' }));
  expect(never).toMatch(/^ {2}No event can match this rule: `firstseen rules explain` says why\.$/m);
  const query = `any where ${Array.from({ length: 40 }, () => 'length(concat(user.name, "x")) > 1').join(' and ')}`;
  const dear = explained(ruleDocument({ type: 'eql', language: 'eql', query }), {
    user: { username: 'e'.repeat(200_000) },
  });
  expect(dear).toMatch(/^It does not match: the query does not select it\.$/m);
  expect(dear).toMatch(
    /^ {2}The rule fails on this event: its expressions take too long on this event and count as null\.$/m,
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
