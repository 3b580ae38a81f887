import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Suite, SuiteResult } from './suite.ts';

const REASON = 'ES|QL is not supported by this version';

/** `esql_expr.json`: expressions and their values. */
export const runEsqlExpressionSuite: Suite = (folder) =>
  refuseAll('esql_expr', folder, (file) => (Array.isArray(file) ? file.length : 0));

/** `esql_queries.json`: queries and the tables that they give. */
export const runEsqlQuerySuite: Suite = (folder) =>
  refuseAll('esql_queries', folder, (file) => {
    const cases: unknown = typeof file === 'object' && file !== null ? Reflect.get(file, 'cases') : undefined;
    return Array.isArray(cases) ? cases.length : 0;
  });

function refuseAll(name: string, folder: string, countCases: (file: unknown) => number): SuiteResult | undefined {
  const path = join(folder, `${name}.json`);
  if (!existsSync(path)) return undefined;
  const count = countCases(JSON.parse(readFileSync(path, 'utf8')));
  return { name, passed: 0, failures: [], refused: { count, reason: REASON } };
}
