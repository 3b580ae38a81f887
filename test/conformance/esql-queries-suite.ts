import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FieldType } from '../../src/ecs/field.ts';
import type { DataType } from '../../src/query/esql/data-type.ts';
import { createDocumentTable } from '../../src/query/esql/document-table.ts';
import { kqlCondition } from '../../src/query/esql/kql-condition.ts';
import type { Table } from '../../src/query/esql/table.ts';
import { createDocumentFields, documentEvent } from './documents.ts';
import { runEsql } from './esql-outcome.ts';
import type { SuiteResult } from './suite.ts';

/** The form of `esql_queries.json`. */
export interface EsqlVectors {
  /** Types of fields by name; without it the kit's own. */
  readonly fields?: Readonly<Record<string, DataType>>;
  readonly docs: readonly { readonly id: string; readonly [key: string]: unknown }[];
  readonly cases: readonly EsqlCase[];
}

export interface EsqlCase {
  readonly query: string;
  /** `name:type`, in order. */
  readonly columns?: readonly string[];
  /** Rows; in order only if the query sorts. */
  readonly values?: readonly (readonly unknown[])[];
  /** The query must be refused; how the refusal is worded is not compared, unless `hint` is there too. */
  readonly error?: string;
  /** Part of the refusal of ours: the message or the hint. */
  readonly hint?: string;
}

const KIT_FIELDS: Readonly<Record<string, DataType>> = {
  id: 'keyword',
  k: 'keyword',
  mv: 'keyword',
  uri: 'keyword',
  n: 'integer',
  ip: 'ip',
  t: 'date',
  b: 'boolean',
  txt: 'keyword',
};

/** Cases on analysed text are for an engine that has an analyser. */
const ANALYSED = /\btxt\b/;

/** `esql_queries.json`: queries over documents, with the columns and rows of their results. */
export function runEsqlQueriesSuite(folder: string): SuiteResult | undefined {
  const vectors = readEsqlVectors(folder);
  if (vectors === undefined) return undefined;
  const { cases } = vectors;
  const failures = cases.map((esqlCase) => checkEsqlCase(vectors, esqlCase)).filter((failure) => failure !== undefined);
  return { name: 'esql_queries', passed: cases.length - failures.length, failures };
}

/** The cases of a folder, but for those on analysed text; undefined if it has none. */
export function readEsqlVectors(folder: string): EsqlVectors | undefined {
  const file = join(folder, 'esql_queries.json');
  if (!existsSync(file)) return undefined;
  const vectors: EsqlVectors = JSON.parse(readFileSync(file, 'utf8'));
  return { ...vectors, cases: vectors.cases.filter(({ query }) => !ANALYSED.test(query)) };
}

/** What is wrong with a case, or undefined if it passes. */
export function checkEsqlCase(
  vectors: EsqlVectors,
  { query, columns, values, error, hint }: EsqlCase,
): string | undefined {
  const outcome = runEsql(query, tableOf(vectors), vectors.docs);
  if (error !== undefined || hint !== undefined) {
    const refused = outcome.refusal?.includes(hint ?? '') === true;
    return refused
      ? undefined
      : `${query}\n  expected to be refused${hint === undefined ? '' : ` with: ${hint}`}\n  came: ${outcome.refusal ?? 'accepted'}`;
  }
  const sorts = /\|\s*sort\b/i.test(query);
  const expected = `${(columns ?? []).join(', ')}\n    ${rowsAsText(values ?? [], sorts)}`;
  const came = outcome.refusal ?? `${outcome.columns.join(', ')}\n    ${rowsAsText(outcome.rows, sorts)}`;
  return expected === came ? undefined : `${query}\n  expected: ${expected}\n  came:     ${came}`;
}

function rowsAsText(rows: readonly (readonly unknown[])[], ordered: boolean): string {
  const lines = rows.map((row) => JSON.stringify(row));
  return (ordered ? lines : lines.sort()).join('\n    ');
}

function tableOf({ fields = KIT_FIELDS }: EsqlVectors): Table<unknown> {
  const resolveField = createDocumentFields(
    Object.fromEntries(Object.entries(fields).map(([name, type]) => [name, fieldType(type)])),
  );
  return createDocumentTable({
    types: fields,
    metadata: (name) => {
      if (name === '_id') return { type: 'keyword', read: (document) => String(Reflect.get(Object(document), 'id')) };
      if (name === '_index') return { type: 'keyword', read: () => 'conf' };
      return name === '_version' ? { type: 'long', read: () => 1n } : undefined;
    },
    kql: (query) => {
      const condition = kqlCondition(query, { resolveField });
      return condition.kind === 'invalid'
        ? condition
        : { kind: 'ok', holds: (document) => condition.holds(documentEvent(document)) };
    },
  });
}

function fieldType(type: DataType): FieldType {
  return type === 'integer' || type === 'ip' || type === 'boolean' || type === 'date' ? type : 'keyword';
}
