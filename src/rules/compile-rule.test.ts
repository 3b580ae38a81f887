import assert from 'node:assert/strict';
import { test } from 'node:test';
import { anonymousRequest, NOON, type RequestChanges } from '../../test/support/events.ts';
import { compiledRule, ruleDocument } from '../../test/support/rules.ts';
import { sha256Hashes } from '../ingest/hashes.ts';
import { createFieldSlots } from '../query/slots.ts';
import { compileRule, formatRuleProblem } from './compile-rule.ts';
import type { RuleDocument } from './document.ts';
import { DAY } from './limits.ts';

function matches(document: RuleDocument, changes: RequestChanges = {}): boolean {
  const { rule, slots } = compiledRule(document);
  const memo = slots.createMemo();
  const event = anonymousRequest(changes);
  memo.reset(event);
  return rule.matches(event, memo);
}

function problemsOf(document: RuleDocument) {
  const result = compileRule(document, createFieldSlots(), sha256Hashes);
  assert.ok(result.kind === 'invalid');
  return result.problems;
}

test('every problem of a rule comes at once, each with its place', () => {
  const problems = problemsOf(
    ruleDocument({
      query: 'user.nam: eve and (event.action: list',
      exceptions: [
        { query: 'user.name: eve', language: 'kuery', reason: 'fine' },
        { query: 'user.name:', language: 'kuery', reason: 'broken' },
      ],
      newTerms: { fields: ['user.name', 'user_agent.orignal'] },
      suppression: { by: ['no.such.thing.at.all'], windowMicros: DAY, missingFields: 'suppress' },
    }),
  );
  const places = problems.map(({ path }) => path.join('.'));
  assert.deepEqual([...new Set(places)], ['query', 'exceptions.1.query', 'newTerms.fields.1', 'suppression.by.0']);
  const [inQuery] = problems;
  assert.equal(inQuery?.inQuery?.source, 'user.nam: eve and (event.action: list');
  const text = problems.map(formatRuleProblem).join('\n');
  assert.match(text, /^spec\.query: .*\n/);
  assert.match(text, /user\.nam: eve and \(event\.action: list\n\s*\^/, 'the line of the query and a caret');
  assert.match(
    text,
    /spec\.newTerms\.fields\.1: unknown field user_agent\.orignal\n {2}hint: did you mean user_agent\.original\?/,
  );
  assert.match(
    text,
    /spec\.suppression\.by\.0: unknown field no\.such\.thing\.at\.all\n {2}hint: see the field reference/,
  );
});

test('an unknown field of the query gets a suggestion', () => {
  const [problem] = problemsOf(ruleDocument({ query: 'user.nmae: eve' }));
  assert.match(JSON.stringify(problem), /user\.name/);
});

test('it matches what the query selects', () => {
  assert.equal(matches(ruleDocument()), true);
  assert.equal(matches(ruleDocument(), { username: 'eve' }), false);
});

test('an exception excludes what it selects, and each of several does', () => {
  const exceptions = ['curl', 'wget'].map((agent) => ({
    query: `user_agent.original: ${agent}`,
    language: 'kuery' as const,
    reason: 'ours',
  }));
  const agents = ['curl', 'wget', 'masscan'];
  assert.deepEqual(
    agents.map((userAgent) => matches(ruleDocument({ exceptions }), { userAgent })),
    [false, false, true],
  );
});

test('an exception ends by the time of the event, not of the process', () => {
  const document = ruleDocument({
    exceptions: [{ query: 'user.name: *', language: 'kuery', reason: 'for now', expiresAt: NOON }],
  });
  assert.equal(matches(document, { at: NOON - 1 }), false);
  assert.equal(matches(document, { at: NOON }), true);
  assert.equal(matches(document, { at: NOON, receivedAt: NOON - DAY }), true);
});

test('the fields of the term and of the suppression are read through the shared slots', () => {
  const { rule, slots } = compiledRule(
    ruleDocument({
      newTerms: { fields: ['user_agent.original', 'source.ip'] },
      suppression: { by: ['user.name'], windowMicros: DAY, missingFields: 'suppress' },
    }),
  );
  const memo = slots.createMemo();
  memo.reset(anonymousRequest());
  const read = (fields = rule.termFields) => fields.map(({ name, slot }) => [name, memo.read(slot)]);
  assert.deepEqual(read(), [
    ['user_agent.original', 'masscan/1.3'],
    ['source.ip', '203.0.113.7'],
  ]);
  assert.deepEqual(read(rule.suppressBy), [['user.name', 'system:anonymous']]);
  const plain = compiledRule(ruleDocument()).rule;
  assert.deepEqual([plain.termFields, plain.suppressBy], [[], undefined]);
});

test('the memory of a rule is named by its name, type, fields and window, and by nothing else', () => {
  const stateOf = (document: RuleDocument) => compiledRule(document).rule.state;
  const fields = ['user.name', 'source.ip'];
  const state = stateOf(ruleDocument({ newTerms: { fields } }));
  const kept = ruleDocument({
    newTerms: { fields, learningMicros: DAY },
    title: 'Another',
    query: 'user.name: eve',
    severity: 'critical',
    exceptions: [{ query: 'user.name: eve', language: 'kuery', reason: 'fine' }],
    budget: { alertsPerHour: 1 },
    suppression: { by: ['user.name'], windowMicros: DAY, missingFields: 'suppress' },
  });
  assert.equal(stateOf(kept), state);
  const anew = [
    ruleDocument({ name: 'other', newTerms: { fields } }),
    ruleDocument({ newTerms: { fields: fields.toReversed() } }),
    ruleDocument({ newTerms: { fields: ['user.name'] } }),
    ruleDocument({ newTerms: { fields, windowMicros: DAY } }),
    ruleDocument(),
  ];
  assert.equal(new Set([state, ...anew.map(stateOf)]).size, anew.length + 1);
  assert.match(state, /^[\w-]{22}$/);
});
