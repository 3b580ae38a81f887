import { sha256Hashes } from '../../ingest/hashes.ts';
import { decodeTestEvent, runRuleTest } from '../../ingest/rule-test.ts';
import type { FieldSlots } from '../../query/match/slots.ts';
import type { CompiledRules, ReadyRule } from '../../rulefiles/compile-loaded.ts';
import type { CompiledRule } from '../../rules/compiled-rule.ts';
import type { RuleTestDocument } from '../../rules/document.ts';
import { openSqliteState } from '../../state/sqlite/sqlite-state.ts';
import { explainEvent } from '../explain/explain-event.ts';
import { decisiveLines } from '../explain/format-event-explanation.ts';
import type { JunitCase } from '../junit.ts';

/** Runs the inline tests of a rule in order, each on an empty store. Failures explain the last event. */
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
      ...(failure !== undefined && {
        problem: { kind: 'failed', message: failure, detail: [failure, ...whyOf(rule, ruleTest, slots)].join('\n') },
      }),
    });
  }
  return cases;
}

/** How query and exceptions treat the last event of a test. */
function whyOf(rule: CompiledRule, { events }: RuleTestDocument, slots: FieldSlots): readonly string[] {
  const last = decodeTestEvent(events.at(-1), events.length - 1);
  return 'event' in last ? decisiveLines(explainEvent(rule, last, slots)) : [];
}
