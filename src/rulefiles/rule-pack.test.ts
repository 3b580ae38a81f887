/** Our own rules, in `rules/`: they load, they compile, and each selects what its tests say. */

import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { expectPresent } from '../../test/support/expect.ts';
import { fail } from '../../test/support/fail.ts';
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
  return 'event' in item ? item : fail(JSON.stringify(item));
}

test('every rule of the pack loads and compiles', () => {
  expect(problems.map(formatFileProblem)).toEqual([]);
  expect(ready.length).toBeGreaterThanOrEqual(45);
});

test.each(ready.map(({ rule }) => rule))(
  'no rule takes a code for an outcome: an error can follow a stored write: %#',
  ({ document }) => expect(document.query).not.toMatch(/responseStatus\.code (?:<|>=) 400|firstseen\.dryRun/),
);

test.each(ready.map(({ rule }) => rule))(
  'every rule says what it is for and has tests that fire and tests that do not: %#',
  ({ document }) => {
    const { description, threat, falsePositives, triage, references, tags, tests } = document;
    expect(description).not.toBe('');
    expect(triage).not.toBe('');
    expectPresent(document.reason);
    for (const list of [threat, falsePositives, references, tags]) expect(list.length).toBeGreaterThan(0);
    expect(tests.filter(({ expect }) => expect === 'fire').length).toBeGreaterThanOrEqual(2);
    expect(tests.filter(({ expect }) => expect === 'silent').length).toBeGreaterThanOrEqual(2);
    expect(new Set(tests.map(({ name }) => name)).size).toBe(tests.length);
  },
);

test('the first rule is as the product defines it', () => {
  const first = ready.find(({ rule }) => rule.document.name === 'anonymous-request-unusual-agent');
  const { document } = first?.rule ?? fail('it did not load');
  const { type, severity, riskScore, newTerms } = document;
  expect({ type, severity, riskScore }).toEqual({ type: 'new_terms', severity: 'medium', riskScore: 47 });
  expect(newTerms).toEqual({ fields: ['user_agent.original'], windowMicros: 7 * 86_400_000_000, learningMicros: 0 });
  expect(document.threat.every(({ tactic }) => tactic.id === 'TA0001')).toBe(true);
});

for (const { rule } of ready) {
  for (const ruleTest of rule.document.tests) {
    const { name, events, expect: outcome } = ruleTest;
    test(`${rule.document.name}: ${name}`, async () => {
      const store = openSqliteState({ kind: 'sqlite', path: ':memory:' });
      expect(await runRuleTest(rule, ruleTest, { slots, store, hashes: sha256Hashes })).toBeUndefined();
      await store.close();
      // Which of its events a silent sequence lacks is for the sequence to say.
      if (rule.sequence !== undefined && outcome === 'silent') return;
      const selected = events.map((event, ordinal) => {
        const item = decoded(event, ordinal);
        memo.reset(item);
        return rule.matches(item, memo);
      });
      // What is silent after other events is silent because of them: the query selects it all the same.
      expect(selected).toEqual(events.map(() => outcome !== 'silent' || events.length > 1));
    });
  }
}
