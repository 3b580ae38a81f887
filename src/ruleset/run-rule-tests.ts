import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Store } from '../alerts/store.ts';
import { runRuleTest } from '../ingest/rule-test.ts';
import type { FieldSlots } from '../query/match/slots.ts';
import type { CompiledRule } from '../rules/compiled-rule.ts';
import type { Hashes } from '../rules/hashes.ts';

export interface RuleTestDeps {
  /** The field slots that the rule was compiled with. */
  readonly slots: FieldSlots;
  readonly hashes: Hashes;
  /** Opens an empty store for one test. */
  readonly openStore: () => Store;
}

export interface RuleTestResults {
  readonly run: number;
  readonly failures: readonly { readonly name: string; readonly why: string }[];
}

/** Runs the inline tests of a rule one after another; events get a turn between them. */
export async function runRuleTests(
  rule: CompiledRule,
  { slots, hashes, openStore }: RuleTestDeps,
): Promise<RuleTestResults> {
  const { tests } = rule.document;
  const failures: { name: string; why: string }[] = [];
  for (const test of tests) {
    await nextTurn();
    const store = openStore();
    const why = await runRuleTest(rule, test, { slots, store, hashes })
      .catch((error: unknown) => `firstseen failed on this test, which is a bug: ${error}`)
      .finally(() => store.close());
    if (why !== undefined) failures.push({ name: test.name, why });
  }
  return { run: tests.length, failures };
}
