/**
 * Runs the conformance kit of a folder and ends with `N passed, N failed`.
 *
 *   npm run conformance -- --dir DIR
 *
 * A folder may hold any of the kit's files; suites without their files are skipped. Another suite is one file and one line
 * in SUITES.
 */
import { parseArgs } from 'node:util';
import { runEsqlExprSuite } from './esql-expr-suite.ts';
import { runEsqlQueriesSuite } from './esql-queries-suite.ts';
import { QUERY_SUITES } from './query-suite.ts';
import { runRulesSuite } from './rules-suite.ts';
import type { Suite } from './suite.ts';

const SUITES: readonly Suite[] = [...QUERY_SUITES, runEsqlExprSuite, runEsqlQueriesSuite, runRulesSuite];

const { values } = parseArgs({ options: { dir: { type: 'string', default: 'test/conformance/vectors' } } });
let passed = 0;
let failed = 0;
for (const runSuite of SUITES) {
  const result = await runSuite(values.dir);
  if (result === undefined) continue;
  const { name, failures, refused, note } = result;
  for (const failure of failures) console.log(`✖ ${name}: ${failure}\n`);
  if (refused !== undefined) console.log(`${name}: refused on purpose: ${refused.count} (${refused.reason})`);
  const lost = failures.length + (refused?.count ?? 0);
  console.log(`${name}: ${result.passed} passed, ${lost} failed${note === undefined ? '' : ` (${note})`}`);
  passed += result.passed;
  failed += lost;
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
