import { sha256Hashes } from '../ingest/hashes.ts';
import { runRuleTest } from '../ingest/rule-test.ts';
import type { CompiledRules, ReadyRule } from '../rulefiles/compile-loaded.ts';
import { openSqliteState } from '../state/sqlite/sqlite-state.ts';
import type { JunitCase } from './junit.ts';

/** Runs the inline tests of a rule, each on an empty store, in their order. */
export async function ruleTestCases({ rule, loaded }: ReadyRule, { slots }: CompiledRules): Promise<JunitCase[]> {
  const cases: JunitCase[] = [];
  for (const [index, ruleTest] of rule.document.tests.entries()) {
    const store = openSqliteState({ kind: 'sqlite', path: ':memory:' });
    const failure = await runRuleTest(rule, ruleTest, { slots, store, hashes: sha256Hashes }).finally(() =>
      store.close(),
    );
    const { line } = loaded.place(['spec', 'tests', index]);
    cases.push({
      name: ruleTest.name,
      file: loaded.file,
      line,
      ...(failure !== undefined && { problem: { kind: 'failed', message: failure } }),
    });
  }
  return cases;
}
