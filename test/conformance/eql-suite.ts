import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FieldType } from '../../src/ecs/field.ts';
import { compilePredicate } from '../../src/query/compile.ts';
import { type EqlResult, parseEql } from '../../src/query/eql/parse.ts';
import { nearest } from '../../src/query/nearest.ts';
import { formatProblem } from '../../src/query/problem.ts';
import { createFieldSlots } from '../../src/query/slots.ts';
import { createDocumentFields, documentEvent } from './documents.ts';
import type { SuiteResult } from './suite.ts';

/** The form of `eql.json`: queries on events, and what they select. */
export interface EqlVectors {
  /** Types of fields by name; all else is a keyword. */
  readonly fields: Readonly<Record<string, FieldType>>;
  readonly docs: readonly { readonly id: string; readonly [key: string]: unknown }[];
  readonly cases: readonly EqlCase[];
}

export interface EqlCase {
  readonly query: string;
  /** The ids of the documents that the query selects, in any order. A query that is refused selects nothing. */
  readonly hits: readonly string[];
  /** Part of the message or the hint with which the query must be refused. */
  readonly error?: string;
}

/** `eql.json`: queries on events and the documents that they select. */
export function runEqlSuite(folder: string): SuiteResult | undefined {
  const file = join(folder, 'eql.json');
  if (!existsSync(file)) return undefined;
  const vectors: EqlVectors = JSON.parse(readFileSync(file, 'utf8'));
  const failures = vectors.cases.flatMap((eqlCase) => checkEqlCase(vectors, eqlCase) ?? []);
  return { name: 'eql', passed: vectors.cases.length - failures.length, failures };
}

/** What is wrong with a case, or undefined if it passes. */
export function checkEqlCase(vectors: EqlVectors, { query, hits, error }: EqlCase): string | undefined {
  const parsed = parseEql(query, {
    resolveField: createDocumentFields(vectors.fields),
    suggestField: (name) => nearest(name, Object.keys(vectors.fields)),
  });
  if (parsed.kind === 'invalid') {
    const refusal = parsed.problems.map((problem) => formatProblem(problem, query)).join('\n');
    if (error !== undefined && refusal.includes(error)) return undefined;
    return `${query}\n  ${error === undefined ? 'refused' : `expected to be refused with: ${error}\n  came`}: ${refusal}`;
  }
  if (error !== undefined) return `${query}\n  expected to be refused with: ${error}\n  came: accepted`;
  const expected = [...hits].sort().join(', ');
  const came = select(vectors, parsed).sort().join(', ');
  return expected === came ? undefined : `${query}\n  expected: [${expected}]\n  came:     [${came}]`;
}

function select({ docs }: EqlVectors, parsed: Exclude<EqlResult, { readonly kind: 'invalid' }>): string[] {
  if (parsed.kind === 'sequence') throw new Error('a sequence stands among the queries on events');
  const slots = createFieldSlots();
  const matches = compilePredicate(parsed.predicate, slots);
  const memo = slots.createMemo();
  const selected = docs.filter((document) => {
    memo.reset(documentEvent(document));
    return matches(memo);
  });
  return selected.map(({ id }) => id);
}
