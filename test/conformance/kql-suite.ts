import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FieldType } from '../../src/ecs/field.ts';
import { compilePredicate } from '../../src/query/compile.ts';
import { parseKql } from '../../src/query/kql/parse.ts';
import { formatProblem } from '../../src/query/problem.ts';
import { createFieldSlots } from '../../src/query/slots.ts';
import { createDocumentFields, documentEvent } from './documents.ts';
import type { SuiteResult } from './suite.ts';

/** The form of `kql.json`. */
export interface KqlVectors {
  /** Types of fields by name; without it the kit's own: `ip` an address, `n` an integer, `f` a boolean; all else keyword. */
  readonly fields?: Readonly<Record<string, FieldType>>;
  readonly docs: readonly { readonly id: string; readonly [key: string]: unknown }[];
  readonly cases: readonly KqlCase[];
}

export interface KqlCase {
  readonly query: string;
  /** The ids of the documents that the query selects, in any order. A query that is refused selects nothing. */
  readonly hits: readonly string[];
  /** Part of the message or the hint with which the query must be refused. */
  readonly error?: string;
}

interface Outcome {
  readonly hits: readonly string[];
  /** Every problem with its place, empty if the query is accepted. */
  readonly refusal: string;
}

const KIT_FIELDS: Readonly<Record<string, FieldType>> = { ip: 'ip', n: 'integer', f: 'boolean' };

/** `kql.json`: queries and the documents that they select. */
export function runKqlSuite(folder: string): SuiteResult | undefined {
  const file = join(folder, 'kql.json');
  if (!existsSync(file)) return undefined;
  const vectors: KqlVectors = JSON.parse(readFileSync(file, 'utf8'));
  const failures: string[] = [];
  let refused = 0;
  for (const kqlCase of vectors.cases) {
    const failure = checkKqlCase(vectors, kqlCase);
    if (failure !== undefined) failures.push(failure);
    else if (kqlCase.error === undefined && runKqlQuery(vectors, kqlCase.query).refusal !== '') refused += 1;
  }
  const passed = vectors.cases.length - failures.length;
  const result = { name: 'kql', passed, failures };
  return refused === 0 ? result : { ...result, note: `${refused} of them selected nothing because they were refused` };
}

/** What is wrong with a case, or undefined if it passes. */
export function checkKqlCase(vectors: KqlVectors, { query, hits, error }: KqlCase): string | undefined {
  const outcome = runKqlQuery(vectors, query);
  const expected = [...hits].sort().join(', ');
  const came = [...outcome.hits].sort().join(', ');
  const refused = outcome.refusal === '' ? '' : `\n${outcome.refusal}`;
  if (expected !== came) return `${query}\n  expected: [${expected}]\n  came:     [${came}]${refused}`;
  if (error !== undefined && !outcome.refusal.includes(error)) {
    return `${query}\n  expected to be refused with: ${error}\n  came: ${refused || 'accepted'}`;
  }
  return undefined;
}

function runKqlQuery(vectors: KqlVectors, query: string): Outcome {
  const result = parseKql(query, { resolveField: createDocumentFields(vectors.fields ?? KIT_FIELDS) });
  if (result.kind === 'invalid') {
    return { hits: [], refusal: result.problems.map((problem) => formatProblem(problem, query)).join('\n') };
  }
  const slots = createFieldSlots();
  const matches = compilePredicate(result.predicate, slots);
  const memo = slots.createMemo();
  const selected = vectors.docs.filter((document) => {
    memo.reset(documentEvent(document));
    return matches(memo);
  });
  return { hits: selected.map(({ id }) => id), refusal: '' };
}
