import { compileEsql } from '../../src/query/esql/compile.ts';
import { startQuery } from '../../src/query/esql/start.ts';
import type { Table } from '../../src/query/esql/table.ts';
import { toJson } from '../../src/query/esql/to-json.ts';
import { formatProblem } from '../../src/query/problem.ts';

/** What a query gave, in the form of the kit. */
export interface EsqlOutcome {
  /** `name:type`. */
  readonly columns: readonly string[];
  readonly rows: readonly (readonly unknown[])[];
  readonly warnings: readonly string[];
  /** Every problem with its place; undefined if the query is accepted. */
  readonly refusal?: string;
}

/** NOW() of every case. */
const NOW = Date.UTC(2026, 10, 20, 12);

/** Runs a query over documents. */
export function runEsql(query: string, table: Table<unknown>, documents: readonly unknown[]): EsqlOutcome {
  const compiled = compileEsql(query, table);
  if (compiled.kind === 'invalid') {
    const refusal = compiled.problems.map((problem) => formatProblem(problem, query)).join('\n');
    return { columns: [], rows: [], warnings: [], refusal };
  }
  const { columns } = compiled.query;
  const running = startQuery(compiled.query, NOW);
  for (const document of documents) if (!running.push(document)) break;
  const { rows, warnings, exceeded } = running.finish();
  return {
    columns: columns.map(({ name, type }) => `${name}:${type}`),
    rows: rows.map((row) => row.map((value, index) => toJson(value, columns[index]?.type ?? 'null'))),
    warnings: warnings.map(({ message, line, column }) => `${line}:${column}: ${message}`),
    ...(exceeded === undefined ? {} : { refusal: exceeded }),
  };
}
