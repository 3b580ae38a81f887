/** Our own rules, in `rules/`: they load, they compile, and each selects what its tests say. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { decodeEvent } from '../audit/decode.ts';
import type { DecodedEvent } from '../audit/event.ts';
import { sha256Hashes } from '../ingest/hashes.ts';
import { runRuleTest } from '../ingest/rule-test.ts';
import { openSqliteState } from '../state/sqlite/sqlite-state.ts';
import { compileLoaded } from './compile-loaded.ts';
import { formatFileProblem } from './file-problem.ts';
import { loadRuleFiles } from './load.ts';

const RECEIVED_AT = Date.UTC(2026, 5, 1) * 1_000;

const { ready, slots, problems } = compileLoaded(
  await loadRuleFiles([join(import.meta.dirname, '../../rules')]),
  sha256Hashes,
);
const memo = slots.createMemo();

function decoded(event: unknown, ordinal: number): DecodedEvent {
  const item = decodeEvent(event, ordinal, RECEIVED_AT);
  return 'event' in item ? item : assert.fail(JSON.stringify(item));
}

test('every rule of the pack loads and compiles', () => {
  assert.deepEqual(problems.map(formatFileProblem), []);
  assert.ok(ready.length >= 45, `${ready.length} rules`);
});

test('a client that does not wait hides from no rule: what timed out (504) may have been done', () => {
  for (const { document } of ready.map(({ rule }) => rule)) {
    const success = document.query.match(/responseStatus\.code < 400/g)?.length ?? 0;
    const timeouts = document.query.match(/responseStatus\.code(?:: | == )504/g)?.length ?? 0;
    assert.equal(timeouts, success, document.name);
  }
});

test('every rule says what it is for and has tests that fire and tests that do not', () => {
  for (const { document } of ready.map(({ rule }) => rule)) {
    const { description, threat, falsePositives, triage, references, tags, tests } = document;
    assert.ok(description !== '' && triage !== '' && document.reason !== undefined, document.name);
    for (const list of [threat, falsePositives, references, tags]) assert.ok(list.length > 0, document.name);
    assert.ok(tests.filter(({ expect }) => expect === 'fire').length >= 2, document.name);
    assert.ok(tests.filter(({ expect }) => expect === 'silent').length >= 2, document.name);
    assert.equal(new Set(tests.map(({ name }) => name)).size, tests.length, document.name);
  }
});

test('the first rule is as the product defines it', () => {
  const first = ready.find(({ rule }) => rule.document.name === 'anonymous-request-unusual-agent');
  const { document } = first?.rule ?? assert.fail('it did not load');
  const { type, severity, riskScore, newTerms } = document;
  assert.deepEqual({ type, severity, riskScore }, { type: 'new_terms', severity: 'medium', riskScore: 47 });
  assert.deepEqual(newTerms, { fields: ['user_agent.original'], windowMicros: 7 * 86_400_000_000, learningMicros: 0 });
  assert.ok(document.threat.every(({ tactic }) => tactic.id === 'TA0001'));
});

for (const { rule } of ready) {
  for (const ruleTest of rule.document.tests) {
    const { name, events, expect } = ruleTest;
    test(`${rule.document.name}: ${name}`, async () => {
      const store = openSqliteState({ kind: 'sqlite', path: ':memory:' });
      assert.equal(await runRuleTest(rule, ruleTest, { slots, store, hashes: sha256Hashes }), undefined);
      await store.close();
      // Which of its events a silent sequence lacks is for the sequence to say.
      if (rule.sequence !== undefined && expect === 'silent') return;
      const selected = events.map((event, ordinal) => {
        const item = decoded(event, ordinal);
        memo.reset(item);
        return rule.matches(item, memo);
      });
      // What is silent after other events is silent because of them: the query selects it all the same.
      assert.deepEqual(
        selected,
        events.map(() => expect !== 'silent' || events.length > 1),
      );
    });
  }
}
