import assert from 'node:assert/strict';
import { test } from 'node:test';
import { anonymousRequest, NOON, type RequestChanges } from '../../test/support/events.ts';
import { compiledRule, ruleDocument } from '../../test/support/rules.ts';
import { sha256Hashes } from '../ingest/hashes.ts';
import { createFieldSlots } from '../query/slots.ts';
import { compileRule } from './compile-rule.ts';
import type { RuleDocument } from './document.ts';
import { DAY, HOUR } from './limits.ts';
import { formatRuleProblem } from './rule-problem.ts';

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

test('an exception begins by the time of the event', () => {
  const document = ruleDocument({
    exceptions: [{ query: 'user.name: *', language: 'kuery', reason: 'maintenance', startsAt: NOON }],
  });
  assert.equal(matches(document, { at: NOON - 1 }), true);
  assert.equal(matches(document, { at: NOON }), false);
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

test('the memory of a rule is named by its name, type, fields with their forms, and window, and by nothing else', () => {
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
    ruleDocument({ newTerms: { fields, normalize: { 'source.ip': '/24, /64' } } }),
    ruleDocument({ newTerms: { fields, normalize: { 'source.ip': '/16, /64' } } }),
    ruleDocument({ newTerms: { fields, normalize: { 'user.name': 'lowercase' } } }),
    ruleDocument(),
  ];
  const spaced = ruleDocument({ newTerms: { fields, normalize: { 'source.ip': '/24,/64' } } });
  assert.ok(anew.map(stateOf).includes(stateOf(spaced)), 'blanks are no difference');
  assert.equal(new Set([state, ...anew.map(stateOf)]).size, anew.length + 1);
  assert.match(state, /^[\w-]{22}$/);
});

test('forms are named for fields of the term that have them', () => {
  const normalize = { 'user_agent.orignal': 'product', 'source.ip': '/24', 'user.name': 'lowercase' };
  const problems = problemsOf(ruleDocument({ newTerms: { fields: ['user_agent.original', 'source.ip'], normalize } }));
  assert.deepEqual(problems.map(formatRuleProblem), [
    'spec.newTerms.normalize.user_agent.orignal: user_agent.orignal is none of newTerms.fields\n  hint: write user_agent.original, or leave it out',
    'spec.newTerms.normalize.source.ip: expected two prefix lengths, that of IPv4 first\n  hint: write "/24, /64": the network of an IPv4 address, and that of an IPv6 address',
    'spec.newTerms.normalize.user.name: user.name is none of newTerms.fields\n  hint: write user_agent.original or source.ip, or leave it out',
  ]);
});

const THRESHOLD = { fields: ['user.name'], value: 3, cardinality: [], windowMicros: HOUR };
const SEQUENCE = 'sequence [any where event.action == "list"] [any where event.action == "get"]';

test('every type but eql asks for a query about single events, in KQL or EQL', () => {
  assert.equal(matches(ruleDocument({ language: 'eql', query: 'any where user.name == "system:anonymous"' })), true);
  assert.equal(matches(ruleDocument({ language: 'eql', query: 'any where user.name == "eve"' })), false);
  for (const type of ['query', 'threshold'] as const) {
    const threshold = type === 'threshold' ? { threshold: THRESHOLD } : {};
    const [problem, ...others] = problemsOf(ruleDocument({ type, language: 'eql', query: SEQUENCE, ...threshold }));
    assert.deepEqual([problem?.path, problem?.hint, others], [['query'], 'write type: eql', []]);
  }
});

test('a problem of EQL has its place, in the query and in exceptions', () => {
  const [inQuery] = problemsOf(ruleDocument({ type: 'eql', language: 'eql', query: 'any where user.nam == "eve"' }));
  assert.match(
    formatRuleProblem(inQuery ?? { path: [], message: '' }),
    /^spec\.query: line 1, column 11: .*\n.*\n\s*\^/,
  );
  const exceptions = [
    { query: 'any where', language: 'eql', reason: 'broken' },
    { query: SEQUENCE, language: 'eql', reason: 'two events' },
  ] as const;
  const paths = problemsOf(ruleDocument({ exceptions })).map(({ path }) => path.join('.'));
  assert.deepEqual(paths, ['exceptions.0.query', 'exceptions.1.query']);
  const excepted = [{ query: 'any where user_agent.original == "a"', language: 'eql', reason: 'fine' }] as const;
  assert.equal(matches(ruleDocument({ exceptions: excepted }), { userAgent: 'a' }), false);
});

test('a sequence matches an event that can be any of its items', () => {
  const rule = (query: string) => ruleDocument({ type: 'eql', language: 'eql', query });
  assert.equal(matches(rule(SEQUENCE)), true);
  assert.equal(matches(rule(SEQUENCE), { event: { verb: 'watch' } }), false);
  const joined = SEQUENCE.replace('sequence', 'sequence by user_agent.original');
  assert.equal(matches(rule(joined), { userAgent: null }), false, 'it lacks a field that it is joined by');
});

test('what cannot be held is refused', () => {
  const threshold = { ...THRESHOLD, value: 1_001, cardinality: [{ field: 'source.ip', value: 2_000 }] };
  assert.deepEqual(problemsOf(ruleDocument({ type: 'threshold', threshold })).map(formatRuleProblem), [
    'spec.threshold.value: 1001 cannot be reached: of one group at most 1000 events are held',
    'spec.threshold.cardinality.0.value: 2000 cannot be reached: of one group at most 1000 events are held',
  ]);
  const query = `sequence [any where true] with runs=100 [any where true] with runs=100 [any where true] with runs=100`;
  const [long] = problemsOf(ruleDocument({ type: 'eql', language: 'eql', query }));
  assert.equal(long?.message, 'a sequence of 300 events, and at most 256 can be followed');
  const year = SEQUENCE.replace('sequence', 'sequence with maxspan=365d');
  const [span] = problemsOf(ruleDocument({ type: 'eql', language: 'eql', query: year }));
  assert.equal(span?.message, 'maxspan is longer than events are held: at most 30d');
});

test('the fields of a threshold are checked, and suppression may name those of its group', () => {
  const unknown = { ...THRESHOLD, fields: ['user.nam'], cardinality: [{ field: 'source.up', value: 2 }] };
  const places = problemsOf(ruleDocument({ type: 'threshold', threshold: unknown })).map(({ path }) => path.join('.'));
  assert.deepEqual(places, ['threshold.field.0', 'threshold.cardinality.0.field']);
  const by = (name: string) => ({ by: [name], windowMicros: HOUR, missingFields: 'suppress' }) as const;
  const rule = (name: string) => ruleDocument({ type: 'threshold', threshold: THRESHOLD, suppression: by(name) });
  const [other] = problemsOf(rule('source.ip'));
  assert.deepEqual(other?.path, ['suppression', 'by', 0]);
  assert.equal(compileRule(rule('user.name'), createFieldSlots(), sha256Hashes).kind, 'ok');
});

test('order and until of a sequence have to go together', () => {
  const any = (query: string) => ruleDocument({ type: 'eql', language: 'eql', sequenceOrder: 'any', query });
  assert.deepEqual(problemsOf(any('any where true'))[0]?.path, ['sequenceOrder']);
  assert.deepEqual(problemsOf(any(`${SEQUENCE} until [any where false]`))[0]?.path, ['query']);
});

test('memory survives edits of the query, and begins anew where rows would mean something else', () => {
  const state = (changes: Partial<RuleDocument>) => compiledRule(ruleDocument(changes)).rule.state;
  const threshold = (changes: Partial<typeof THRESHOLD>, query = 'user.name: *') =>
    state({ type: 'threshold', query, threshold: { ...THRESHOLD, ...changes } });
  assert.equal(threshold({}), threshold({ value: 7 }, 'user.name: a'));
  assert.notEqual(threshold({}), threshold({ fields: ['source.ip'] }));
  assert.notEqual(threshold({}), threshold({ windowMicros: 1 }));
  const sequence = (query: string) => state({ type: 'eql', language: 'eql', query });
  assert.equal(sequence(SEQUENCE), sequence(SEQUENCE.replace('"list"', '"watch"')));
  assert.notEqual(sequence(SEQUENCE), sequence(`${SEQUENCE} [any where true]`));
  assert.notEqual(sequence(SEQUENCE), sequence(SEQUENCE.replace('sequence', 'sequence by user.name')));
  assert.notEqual(sequence(SEQUENCE), sequence(SEQUENCE.replace('sequence', 'sequence with maxspan=1m')));
});
