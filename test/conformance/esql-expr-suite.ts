import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DataType } from '../../src/query/esql/data-type.ts';
import { createDocumentTable } from '../../src/query/esql/document-table.ts';
import { runEsql } from './esql-outcome.ts';
import type { SuiteResult } from './suite.ts';

/** A case of `esql_expr.json`: what `ROW x = 1 | EVAL r = EXPR | KEEP r` gives. */
export interface EsqlExpression {
  readonly expr: string;
  readonly type?: DataType;
  readonly value?: unknown;
  /** The expression must be refused; how the refusal is worded is not compared, unless `hint` is there too. */
  readonly error?: string;
  /** Part of the refusal of ours: the message or the hint. */
  readonly hint?: string;
  /** Part of a warning of ours. */
  readonly warning?: string;
}

const TABLE = createDocumentTable({
  types: {},
  metadata: () => undefined,
  kql: () => ({ kind: 'invalid', problems: [] }),
});

/** `esql_expr.json`: expressions with their types and values. */
export function runEsqlExprSuite(folder: string): SuiteResult | undefined {
  const cases = readEsqlExpressions(folder);
  if (cases === undefined) return undefined;
  const failures = cases.map(checkEsqlExpression).filter((failure) => failure !== undefined);
  return { name: 'esql_expr', passed: cases.length - failures.length, failures };
}

/** The cases of a folder; undefined if it has none. */
export function readEsqlExpressions(folder: string): readonly EsqlExpression[] | undefined {
  const file = join(folder, 'esql_expr.json');
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined;
}

/** What is wrong with a case, or undefined if it passes. */
export function checkEsqlExpression({ expr, type, value, error, hint, warning }: EsqlExpression): string | undefined {
  const outcome = runEsql(`ROW x = 1 | EVAL r = ${expr} | KEEP r`, TABLE, []);
  const expected = error === undefined ? `${type} ${JSON.stringify(value)}` : 'to be refused';
  const came = outcome.refusal ?? `${outcome.columns[0]?.split(':')[1]} ${JSON.stringify(outcome.rows[0]?.[0])}`;
  const wrong = error === undefined ? expected !== came : outcome.refusal === undefined;
  if (wrong) return `${expr}\n  expected: ${expected}\n  came:     ${came}`;
  if (hint !== undefined && outcome.refusal?.includes(hint) !== true) {
    return `${expr}\n  expected to be refused with: ${hint}\n  came: ${came}`;
  }
  if (warning !== undefined && !outcome.warnings.some((text) => text.includes(warning))) {
    return `${expr}\n  expected the warning: ${warning}\n  came: ${outcome.warnings.join(', ') || 'none'}`;
  }
  return undefined;
}
