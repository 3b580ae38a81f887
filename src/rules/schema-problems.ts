/** Rewords zod's issues: what was expected, what was found, and what to write instead. */
import { z } from 'zod';
import { nearest } from '../query/nearest.ts';
import { QUERY_LANGUAGES, RULE_TYPES } from './document.ts';
import { type DocumentPath, type DocumentProblem, describeValue, formatPath, valueAt } from './document-problem.ts';

type Issue = z.core.$ZodIssue;

const EXPECTED: Readonly<Record<string, string>> = {
  string: 'text',
  object: 'a mapping',
  record: 'a mapping',
  array: 'a list',
  boolean: 'true or false',
  number: 'a number',
  int: 'a whole number',
};

/** Elastic's other rule types and languages. */
const OTHER_TYPES: ReadonlySet<unknown> = new Set(['machine_learning', 'saved_query', 'threat_match']);
const OTHER_LANGUAGES: ReadonlySet<unknown> = new Set(['lucene']);

/** One problem per mistake, in zod's order. */
export function toDocumentProblems(schema: z.ZodType, value: unknown, issues: readonly Issue[]): DocumentProblem[] {
  return issues.flatMap((issue) => {
    const path = issue.path.filter((step) => typeof step !== 'symbol');
    if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownKey(schema, path, key));
    const found = valueAt(value, path);
    const { message, hint } = explain(issue, path, found);
    return [{ path, message, ...(hint !== undefined && { hint }) }];
  });
}

function unknownKey(schema: z.ZodType, path: DocumentPath, key: string): DocumentProblem {
  const whole = [...path, key];
  const known = keysAt(schema, path);
  const near = nearest(key, known);
  const hint = near === undefined ? `known keys: ${known.join(', ')}` : `did you mean ${near}?`;
  return { path: whole, message: `unknown key ${describeValue(key)}`, hint, on: 'key' };
}

function explain(issue: Issue, path: DocumentPath, found: unknown): { message: string; hint?: string } {
  const name = formatPath(path);
  const shown = describeValue(found);
  if (name === 'spec.type' && OTHER_TYPES.has(found)) {
    return { message: `rule type ${found} is not supported by this version; supported: ${RULE_TYPES.join(', ')}` };
  }
  if (name === 'spec.language' && OTHER_LANGUAGES.has(found)) {
    return { message: `language ${found} is not supported by this version; supported: ${QUERY_LANGUAGES.join(', ')}` };
  }
  switch (issue.code) {
    case 'invalid_type': {
      const expected = EXPECTED[issue.expected] ?? issue.expected;
      if (found === undefined) return { message: `missing ${name}: expected ${expected}` };
      const quotable = issue.expected === 'string' && (typeof found === 'number' || typeof found === 'boolean');
      return {
        message: `expected ${expected}, found ${shown}`,
        ...(quotable && { hint: `write "${shown}", in quotes` }),
      };
    }
    case 'invalid_value': {
      const values = issue.values.map(String);
      const expected = values.length === 1 ? values.join() : `one of ${values.join(', ')}`;
      if (found === undefined) return { message: `missing ${name}: expected ${expected}` };
      const near = typeof found === 'string' ? nearest(found, values) : undefined;
      return {
        message: `expected ${expected}, found ${shown}`,
        ...(near !== undefined && { hint: `did you mean ${near}?` }),
      };
    }
    case 'too_small':
      return { message: `expected ${limit('at least', issue.minimum, issue.origin)}, found ${size(found)}` };
    case 'too_big':
      return { message: `expected ${limit('at most', issue.maximum, issue.origin)}, found ${size(found)}` };
    case 'invalid_format':
      return { message: `${issue.message}, found ${shown}` };
    case 'custom': {
      const hint = issue.params?.hint;
      const message = issue.params?.found === true ? `${issue.message}, found ${shown}` : issue.message;
      return { message, ...(typeof hint === 'string' && { hint }) };
    }
    default:
      return { message: `${issue.message}, found ${shown}` };
  }
}

function limit(which: 'at least' | 'at most', bound: number | bigint, origin: string): string {
  const unit = origin === 'string' ? 'character' : origin === 'array' ? 'item' : '';
  if (unit === '') return `a number of ${which} ${bound}`;
  return `${which} ${bound} ${unit}${Number(bound) === 1 ? '' : 's'}`;
}

function size(found: unknown): string {
  return typeof found === 'string' || Array.isArray(found) ? String(found.length) : describeValue(found);
}

/** The keys of an object in the schema; empty if the path leads to no object. */
function keysAt(schema: z.ZodType, path: DocumentPath): readonly string[] {
  let at = unwrap(schema);
  for (const step of path) {
    const next = at instanceof z.ZodObject ? at.shape[step] : at instanceof z.ZodArray ? at.element : undefined;
    if (!(next instanceof z.ZodType)) return [];
    at = unwrap(next);
  }
  return at instanceof z.ZodObject ? Object.keys(at.shape) : [];
}

/** The schema inside an optional wrapper. */
function unwrap(schema: z.ZodType): z.ZodType {
  const wraps = schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault;
  const inner = wraps ? schema.unwrap() : undefined;
  return inner instanceof z.ZodType ? unwrap(inner) : schema;
}
