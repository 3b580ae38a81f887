import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Field, FieldType } from '../../src/ecs/field.ts';
import { parseEql } from '../../src/query/eql/parse.ts';
import { parseKql } from '../../src/query/kql/parse.ts';
import { compilePredicate } from '../../src/query/match/compile-predicate.ts';
import { createFieldSlots } from '../../src/query/match/slots.ts';
import type { Predicate } from '../../src/query/predicate/predicate.ts';
import { formatProblem, type Problem } from '../../src/query/problem.ts';
import { createDocumentFields, documentEvent } from './documents.ts';
import type { Suite, SuiteResult } from './suite.ts';

/** The form of `kql.json`, and of `eql.json` of our own. */
export interface QueryVectors {
  /** Types of fields by name; without it the kit's own: `ip` an address, `n` an integer, `f` a boolean; all else keyword. */
  readonly fields?: Readonly<Record<string, FieldType>>;
  readonly docs: readonly { readonly id: string; readonly [key: string]: unknown }[];
  readonly cases: readonly QueryCase[];
}

export interface QueryCase {
  readonly query: string;
  /** The ids of the documents that the query selects, in any order. A query that is refused selects nothing. */
  readonly hits: readonly string[];
  /** Part of the message or the hint with which the query must be refused. */
  readonly error?: string;
}

/** A language, by the name of its vectors. */
export interface QueryLanguage {
  readonly name: string;
  parse(query: string, resolveField: (name: string) => Field | undefined): Predicate | readonly Problem[];
}

interface Outcome {
  readonly hits: readonly string[];
  /** Every problem with its place, empty if the query is accepted. */
  readonly refusal: string;
}

const KIT_FIELDS: Readonly<Record<string, FieldType>> = { ip: 'ip', n: 'integer', f: 'boolean' };

const KQL: QueryLanguage = {
  name: 'kql',
  parse(query, resolveField) {
    const result = parseKql(query, { resolveField });
    return result.kind === 'ok' ? result.predicate : result.problems;
  },
};

/** Queries for single events; sequences need rules. A field that no document has is unknown. */
const EQL: QueryLanguage = {
  name: 'eql',
  parse(query, resolveField) {
    const result = parseEql(query, { resolveField, suggestField: () => undefined });
    if (result.kind === 'sequence') throw new Error(`a sequence selects no documents: ${query}`);
    return result.kind === 'event' ? result.predicate : result.problems;
  },
};

export const QUERY_LANGUAGES: readonly QueryLanguage[] = [KQL, EQL];

/** For each language, `kql.json` or the like: queries and the documents that they select. */
export const QUERY_SUITES: readonly Suite[] = QUERY_LANGUAGES.map((language) => (folder) => {
  const vectors = readQueryVectors(language, folder);
  return vectors === undefined ? undefined : runQuerySuite(language, vectors);
});

export function readQueryVectors({ name }: QueryLanguage, folder: string): QueryVectors | undefined {
  const file = join(folder, `${name}.json`);
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined;
}

function runQuerySuite(language: QueryLanguage, vectors: QueryVectors): SuiteResult {
  const failures: string[] = [];
  let refused = 0;
  for (const one of vectors.cases) {
    const failure = checkQueryCase(language, vectors, one);
    if (failure !== undefined) failures.push(failure);
    else if (one.error === undefined && runQuery(language, vectors, one.query).refusal !== '') refused += 1;
  }
  const passed = vectors.cases.length - failures.length;
  const result = { name: language.name, passed, failures };
  return refused === 0 ? result : { ...result, note: `${refused} of them selected nothing because they were refused` };
}

/** What is wrong with a case, or undefined if it passes. */
export function checkQueryCase(
  language: QueryLanguage,
  vectors: QueryVectors,
  { query, hits, error }: QueryCase,
): string | undefined {
  const outcome = runQuery(language, vectors, query);
  const expected = [...hits].sort().join(', ');
  const came = [...outcome.hits].sort().join(', ');
  const refused = outcome.refusal === '' ? '' : `\n${outcome.refusal}`;
  if (expected !== came) return `${query}\n  expected: [${expected}]\n  came:     [${came}]${refused}`;
  if (error !== undefined && (refused === '' || !refused.includes(error))) {
    return `${query}\n  expected to be refused with: ${error}\n  came: ${refused || 'accepted'}`;
  }
  return undefined;
}

function runQuery(language: QueryLanguage, { fields = KIT_FIELDS, docs }: QueryVectors, query: string): Outcome {
  const fieldOf = createDocumentFields(fields);
  const events = docs.map(documentEvent);
  const isKnown = (field: Field) =>
    Object.hasOwn(fields, field.name) || events.some((event) => field.read(event) !== undefined);
  const result = language.parse(query, (name) => {
    const field = fieldOf(name);
    return language === KQL || isKnown(field) ? field : undefined;
  });
  if (!('kind' in result)) {
    return { hits: [], refusal: result.map((problem) => formatProblem(problem, query)).join('\n') };
  }
  const slots = createFieldSlots();
  const matches = compilePredicate(result, slots);
  const memo = slots.createMemo();
  const selected = docs.filter((_document, i) => {
    const event = events[i];
    if (event !== undefined) memo.reset(event);
    return matches(memo);
  });
  return { hits: selected.map(({ id }) => id), refusal: '' };
}
