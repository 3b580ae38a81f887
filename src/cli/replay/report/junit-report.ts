import type { CompiledRules } from '../../../rulefiles/compile-loaded.ts';
import { formatFileProblem } from '../../../rulefiles/file-problem.ts';
import type { JudgedRule } from '../../../rulefiles/rule-verdict.ts';
import type { JunitCase, JunitSuite } from '../../junit.ts';
import { ruleTestCases } from '../../rules/rule-test-cases.ts';
import type { RuleRecord } from './replay-record.ts';

/**
 * One suite per rule: a case for loading and running over the logs, then its inline tests. Matches are no failures
 * and are reported as properties.
 */
export async function junitSuites(
  records: readonly RuleRecord[],
  rules: CompiledRules,
): Promise<readonly JunitSuite[]> {
  const suites: JunitSuite[] = [];
  for (const record of records) {
    const { ready, matches, fires, repeats } = record;
    const { name, type } = ready.rule.document;
    suites.push({
      name,
      file: ready.loaded.file,
      properties: [
        ['type', type],
        ['verdict', ready.judged.verdict],
        ['matches', matches.count],
        ['fires', fires.count],
        ['repeats', repeats.count],
      ],
      cases: [replayCase(record), ...(await ruleTestCases(ready, rules))],
    });
  }
  return [...suites, ...rules.verdicts.filter(({ problems }) => problems.length > 0).map(refusedSuite)];
}

function replayCase({ ready: { loaded, judged }, faults, firstFault = '' }: RuleRecord): JunitCase {
  const where = { name: 'replay', file: loaded.file, ...(judged.line !== undefined && { line: judged.line }) };
  if (faults === 0) return where;
  const events = faults === 1 ? '1 event' : `${faults} events`;
  return { ...where, problem: { kind: 'failed', message: `the rule failed on ${events}; first: ${firstFault}` } };
}

function refusedSuite({ name, file, line, verdict, why, problems }: JudgedRule): JunitSuite {
  const message = `${verdict}: ${why.join('; ')}`;
  const detail = problems.map(formatFileProblem).join('\n');
  return {
    name: name === '-' ? file : name,
    file,
    properties: [['verdict', verdict]],
    cases: [{ name: 'load', file, ...(line !== undefined && { line }), problem: { kind: 'error', message, detail } }],
  };
}
