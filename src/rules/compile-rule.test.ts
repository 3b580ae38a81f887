import { expect, test } from '@jest/globals';
import { anonymousRequest, NOON, type RequestChanges } from '../../test/support/events.ts';
import { expectKind } from '../../test/support/expect.ts';
import { compiledRule, ruleDocument } from '../../test/support/rules.ts';
import { sha256Hashes } from '../ingest/hashes.ts';
import { createFieldSlots } from '../query/match/slots.ts';
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
  expectKind(result, 'invalid');
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
  expect([...new Set(places)]).toEqual(['query', 'exceptions.1.query', 'newTerms.fields.1', 'suppression.by.0']);
  const [inQuery] = problems;
  expect(inQuery?.inQuery?.source).toBe('user.nam: eve and (event.action: list');
  const text = problems.map(formatRuleProblem).join('\n');
  expect(text).toMatch(/^spec\.query: .*\n/);
  expect(text).toMatch(/user\.nam: eve and \(event\.action: list\n\s*\^/); // the line of the query and a caret
  expect(text).toMatch(
    /spec\.newTerms\.fields\.1: unknown field user_agent\.orignal\n {2}hint: did you mean user_agent\.original\?/,
  );
  expect(text).toMatch(
    /spec\.suppression\.by\.0: unknown field no\.such\.thing\.at\.all\n {2}hint: see docs\/reference\/fields\.md/,
  );
});

test('an unknown field of the query gets a suggestion', () => {
  const [problem] = problemsOf(ruleDocument({ query: 'user.nmae: eve' }));
  expect(JSON.stringify(problem)).toMatch(/user\.name/);
});

test('it matches what the query selects', () => {
  expect(matches(ruleDocument())).toBe(true);
  expect(matches(ruleDocument(), { username: 'eve' })).toBe(false);
});

test('an exception excludes what it selects, and each of several does', () => {
  const exceptions = ['curl', 'wget'].map((agent) => ({
    query: `user_agent.original: ${agent}`,
    language: 'kuery' as const,
    reason: 'ours',
  }));
  const agents = ['curl', 'wget', 'masscan'];
  expect(agents.map((userAgent) => matches(ruleDocument({ exceptions }), { userAgent }))).toEqual([false, false, true]);
});

test('an exception begins by the time of the event', () => {
  const document = ruleDocument({
    exceptions: [{ query: 'user.name: *', language: 'kuery', reason: 'maintenance', startsAt: NOON }],
  });
  expect(matches(document, { at: NOON - 1 })).toBe(true);
  expect(matches(document, { at: NOON })).toBe(false);
});

test('an exception ends by the time of the event, not of the process', () => {
  const document = ruleDocument({
    exceptions: [{ query: 'user.name: *', language: 'kuery', reason: 'for now', expiresAt: NOON }],
  });
  expect(matches(document, { at: NOON - 1 })).toBe(false);
  expect(matches(document, { at: NOON })).toBe(true);
  expect(matches(document, { at: NOON, receivedAt: NOON - DAY })).toBe(true);
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
  expect(read()).toEqual([
    ['user_agent.original', 'masscan/1.3'],
    ['source.ip', '203.0.113.7'],
  ]);
  expect(read(rule.suppressBy)).toEqual([['user.name', 'system:anonymous']]);
  const plain = compiledRule(ruleDocument()).rule;
  expect([plain.termFields, plain.suppressBy]).toEqual([[], undefined]);
});

test('the memory of a rule is named by its name, type, fields with their forms, and window, and by nothing else', () => {
  const memoryKeyOf = (document: RuleDocument) => compiledRule(document).rule.memoryKey;
  const fields = ['user.name', 'source.ip'];
  const memoryKey = memoryKeyOf(ruleDocument({ newTerms: { fields } }));
  const kept = ruleDocument({
    newTerms: { fields, learningMicros: DAY },
    title: 'Another',
    query: 'user.name: eve',
    severity: 'critical',
    exceptions: [{ query: 'user.name: eve', language: 'kuery', reason: 'fine' }],
    budget: { alertsPerHour: 1 },
    suppression: { by: ['user.name'], windowMicros: DAY, missingFields: 'suppress' },
  });
  expect(memoryKeyOf(kept)).toBe(memoryKey);
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
  expect(anew.map(memoryKeyOf)).toContain(memoryKeyOf(spaced)); // blanks are no difference
  expect(new Set([memoryKey, ...anew.map(memoryKeyOf)]).size).toBe(anew.length + 1);
  expect(memoryKey).toMatch(/^[\w-]{22}$/);
});

test('forms are named for fields of the term that have them', () => {
  const normalize = { 'user_agent.orignal': 'product', 'source.ip': '/24', 'user.name': 'lowercase' };
  const problems = problemsOf(ruleDocument({ newTerms: { fields: ['user_agent.original', 'source.ip'], normalize } }));
  expect(problems.map(formatRuleProblem)).toEqual([
    'spec.newTerms.normalize.user_agent.orignal: user_agent.orignal is not in newTerms.fields\n  hint: write user_agent.original, or remove it',
    'spec.newTerms.normalize.source.ip: expected two prefix lengths, IPv4 first\n  hint: write "/24, /64": the network prefixes for IPv4 and IPv6',
    'spec.newTerms.normalize.user.name: user.name is not in newTerms.fields\n  hint: write user_agent.original or source.ip, or remove it',
  ]);
});

const THRESHOLD = { fields: ['user.name'], value: 3, cardinality: [], windowMicros: HOUR };
const SEQUENCE = 'sequence [any where event.action == "list"] [any where event.action == "get"]';

test('every type but eql asks for a query about single events, in KQL or EQL', () => {
  expect(matches(ruleDocument({ language: 'eql', query: 'any where user.name == "system:anonymous"' }))).toBe(true);
  expect(matches(ruleDocument({ language: 'eql', query: 'any where user.name == "eve"' }))).toBe(false);
});

test.each(['query', 'threshold'] as const)(
  'every type but eql asks for a query about single events, in KQL or EQL: %s',
  (type) => {
    const threshold = type === 'threshold' ? { threshold: THRESHOLD } : {};
    const [problem, ...others] = problemsOf(ruleDocument({ type, language: 'eql', query: SEQUENCE, ...threshold }));
    expect([problem?.path, problem?.hint, others]).toEqual([['query'], 'write type: eql', []]);
  },
);

test('a problem of EQL has its place, in the query and in exceptions', () => {
  const [inQuery] = problemsOf(ruleDocument({ type: 'eql', language: 'eql', query: 'any where user.nam == "eve"' }));
  expect(formatRuleProblem(inQuery ?? { path: [], message: '' })).toMatch(
    /^spec\.query: line 1, column 11: .*\n.*\n\s*\^/,
  );
  const exceptions = [
    { query: 'any where', language: 'eql', reason: 'broken' },
    { query: SEQUENCE, language: 'eql', reason: 'two events' },
  ] as const;
  const paths = problemsOf(ruleDocument({ exceptions })).map(({ path }) => path.join('.'));
  expect(paths).toEqual(['exceptions.0.query', 'exceptions.1.query']);
  const excepted = [{ query: 'any where user_agent.original == "a"', language: 'eql', reason: 'fine' }] as const;
  expect(matches(ruleDocument({ exceptions: excepted }), { userAgent: 'a' })).toBe(false);
});

test('a sequence matches an event that can be any of its items', () => {
  const rule = (query: string) => ruleDocument({ type: 'eql', language: 'eql', query });
  expect(matches(rule(SEQUENCE))).toBe(true);
  expect(matches(rule(SEQUENCE), { event: { verb: 'watch' } })).toBe(false);
  const joined = SEQUENCE.replace('sequence', 'sequence by user_agent.original');
  expect(matches(rule(joined), { userAgent: null })).toBe(false); // it lacks a field that it is joined by
});

test('what cannot be held is refused', () => {
  const threshold = { ...THRESHOLD, value: 1_001, cardinality: [{ field: 'source.ip', value: 2_000 }] };
  expect(problemsOf(ruleDocument({ type: 'threshold', threshold })).map(formatRuleProblem)).toEqual([
    'spec.threshold.value: 1001 cannot be reached: at most 1000 events of a group are kept',
    'spec.threshold.cardinality.0.value: 2000 cannot be reached: at most 1000 events of a group are kept',
  ]);
  const query = `sequence [any where true] with runs=100 [any where true] with runs=100 [any where true] with runs=100`;
  const [long] = problemsOf(ruleDocument({ type: 'eql', language: 'eql', query }));
  expect(long?.message).toBe('the sequence has 300 events; the limit is 256');
  const year = SEQUENCE.replace('sequence', 'sequence with maxspan=365d');
  const [span] = problemsOf(ruleDocument({ type: 'eql', language: 'eql', query: year }));
  expect(span?.message).toBe('maxspan is longer than events are kept; the limit is 30d');
});

test('the fields of a threshold are checked, and suppression may name those of its group', () => {
  const unknown = { ...THRESHOLD, fields: ['user.nam'], cardinality: [{ field: 'source.up', value: 2 }] };
  const places = problemsOf(ruleDocument({ type: 'threshold', threshold: unknown })).map(({ path }) => path.join('.'));
  expect(places).toEqual(['threshold.field.0', 'threshold.cardinality.0.field']);
  const by = (name: string) => ({ by: [name], windowMicros: HOUR, missingFields: 'suppress' }) as const;
  const rule = (name: string) => ruleDocument({ type: 'threshold', threshold: THRESHOLD, suppression: by(name) });
  const [other] = problemsOf(rule('source.ip'));
  expect(other?.path).toEqual(['suppression', 'by', 0]);
  expect(compileRule(rule('user.name'), createFieldSlots(), sha256Hashes).kind).toBe('ok');
});

test('order and until of a sequence have to go together', () => {
  const any = (query: string) => ruleDocument({ type: 'eql', language: 'eql', sequenceOrder: 'any', query });
  expect(problemsOf(any('any where true'))[0]?.path).toEqual(['sequenceOrder']);
  expect(problemsOf(any(`${SEQUENCE} until [any where false]`))[0]?.path).toEqual(['query']);
});

test('memory survives edits of the query, and begins anew where rows would mean something else', () => {
  const memoryKey = (changes: Partial<RuleDocument>) => compiledRule(ruleDocument(changes)).rule.memoryKey;
  const threshold = (changes: Partial<typeof THRESHOLD>, query = 'user.name: *') =>
    memoryKey({ type: 'threshold', query, threshold: { ...THRESHOLD, ...changes } });
  expect(threshold({})).toBe(threshold({ value: 7 }, 'user.name: a'));
  expect(threshold({})).not.toBe(threshold({ fields: ['source.ip'] }));
  expect(threshold({})).not.toBe(threshold({ windowMicros: 1 }));
  const sequence = (query: string) => memoryKey({ type: 'eql', language: 'eql', query });
  expect(sequence(SEQUENCE)).toBe(sequence(SEQUENCE.replace('"list"', '"watch"')));
  expect(sequence(SEQUENCE)).not.toBe(sequence(`${SEQUENCE} [any where true]`));
  expect(sequence(SEQUENCE)).not.toBe(sequence(SEQUENCE.replace('sequence', 'sequence by user.name')));
  expect(sequence(SEQUENCE)).not.toBe(sequence(SEQUENCE.replace('sequence', 'sequence with maxspan=1m')));
});
