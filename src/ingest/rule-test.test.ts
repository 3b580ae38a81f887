import { expect, test } from '@jest/globals';
import { evaluation } from '../../test/support/evaluation.ts';
import { anonymousRequest, NOON, type RequestChanges } from '../../test/support/events.ts';
import { expectPresent } from '../../test/support/expect.ts';
import { compiledRule, ruleDocument } from '../../test/support/rules.ts';
import type { RuleDocument, RuleTestDocument } from '../rules/document.ts';
import { DAY, MINUTE, SECOND } from '../rules/limits.ts';
import { sha256Hashes } from './hashes.ts';
import { runRuleTest } from './rule-test.ts';

function run(document: RuleDocument, expect: RuleTestDocument['expect'], ...requests: readonly RequestChanges[]) {
  const { rule, slots } = compiledRule(document);
  const events = requests.map((changes) => anonymousRequest(changes).event);
  const { store } = evaluation([]);
  return runRuleTest(rule, { name: 'a test', events, expect }, { slots, store, hashes: sha256Hashes });
}

const newTerms = ruleDocument({ newTerms: {} });

test('match: the query matches the last event', async () => {
  expect(await run(ruleDocument(), 'match', { username: 'eve' }, {})).toBeUndefined();
  expect((await run(ruleDocument(), 'match', {}, { username: 'eve' })) ?? '').toMatch(/query to match the last event/);
});

test('fire: the last event raises an alert', async () => {
  expect(await run(newTerms, 'fire', {})).toBeUndefined();
  const silence = [{ at: NOON }, { at: NOON + 7 * DAY + 1 }];
  expect(await run(newTerms, 'fire', ...silence)).toBeUndefined();
  expect((await run(newTerms, 'fire', { username: 'eve' })) ?? '').toMatch(/the query does not match it/);
  expect((await run(newTerms, 'fire', {}, { at: NOON + DAY })) ?? '').toMatch(/it matches without raising one/);
  expect((await run(newTerms, 'fire', {}, { userAgent: null })) ?? '').toMatch(/it matches without raising one/);
});

test('silent: the last event raises no alert', async () => {
  expect(await run(newTerms, 'silent', {}, { at: NOON + 7 * DAY })).toBeUndefined();
  expect(await run(newTerms, 'silent', { username: 'eve' })).toBeUndefined();
  expect((await run(newTerms, 'silent', {}, { userAgent: 'other' })) ?? '').toMatch(/it raises one/);
});

test('tests a learning rule as if its learning time were over', async () => {
  const learner = ruleDocument({ severity: 'low', newTerms: { learningMicros: DAY } });
  expect(await run(learner, 'fire', {})).toBeUndefined();
  expect(await run(learner, 'silent', {}, { at: NOON + 1 })).toBeUndefined();
});

test('tests a rule that judges several events together', async () => {
  const threshold = { fields: ['user.name'], value: 3, cardinality: [], windowMicros: MINUTE };
  const many = ruleDocument({ type: 'threshold', threshold });
  const [a, b, c] = [0, 1, 2].map((second) => ({ at: NOON + second * SECOND }));
  expectPresent(a);
  expectPresent(b);
  expectPresent(c);
  expect(await run(many, 'fire', a, b, c)).toBeUndefined();
  expect(await run(many, 'silent', a, b)).toBeUndefined();
  expect(await run(many, 'match', a)).toBeUndefined();
  expect((await run(many, 'fire', a, b, { at: NOON + 2 * MINUTE })) ?? '').toMatch(/it matches without raising one/);
  const query = 'sequence by user.name [any where event.action == "get"] [any where event.action == "list"]';
  const sequence = ruleDocument({ type: 'eql', language: 'eql', query });
  const get = { at: NOON, id: 'get', event: { verb: 'get' } };
  expect(await run(sequence, 'fire', get, b)).toBeUndefined();
  expect(await run(sequence, 'silent', b, { ...get, at: NOON + MINUTE })).toBeUndefined();
});

test('names an invalid event', async () => {
  const { rule, slots } = compiledRule(ruleDocument());
  const { store } = evaluation([]);
  const events = [anonymousRequest().event, { verb: 7 }];
  const failure = await runRuleTest(
    rule,
    { name: 'a test', events, expect: 'match' },
    { slots, store, hashes: sha256Hashes },
  );
  expect(failure ?? '').toMatch(/^event 2\.verb: expected/);
});

test('gives an event without a time its own time', async () => {
  const { rule, slots } = compiledRule(newTerms);
  const { store } = evaluation([]);
  const events = [{ user: { username: 'system:anonymous' }, userAgent: 'curl' }];
  const failure = await runRuleTest(
    rule,
    { name: 'a test', events, expect: 'fire' },
    { slots, store, hashes: sha256Hashes },
  );
  expect(failure).toBeUndefined();
});

test('a rule that throws fails its test', async () => {
  const { rule, slots } = compiledRule(ruleDocument());
  const { store } = evaluation([]);
  const broken = {
    ...rule,
    matches: () => {
      throw new Error('a bug');
    },
  };
  const events = [anonymousRequest().event];
  const failure = await runRuleTest(
    broken,
    { name: 'a test', events, expect: 'match' },
    { slots, store, hashes: sha256Hashes },
  );
  expect(failure).toBe('the rule failed: Error: a bug');
});
