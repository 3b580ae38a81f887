import { RE2JS, RE2JSException } from 're2js';
import { nearest } from '../nearest.ts';
import { convert } from './convert.ts';
import type { DataType } from './data-type.ts';
import { GROK_PATTERNS } from './grok-patterns.ts';
import type { Scalar } from './value.ts';

/** A column that a pattern extracts. */
export interface Extracted {
  readonly name: string;
  readonly type: DataType;
}

export interface Grok {
  readonly columns: readonly Extracted[];
  /** The values of each column if the pattern matches anywhere in the text; undefined otherwise. */
  readonly match: (text: string) => readonly (readonly Scalar[])[] | undefined;
}

export type GrokResult =
  | { readonly kind: 'ok'; readonly grok: Grok }
  | { readonly kind: 'invalid'; readonly message: string; readonly hint?: string };

/** Raised and caught in this file. */
class GrokError extends Error {
  readonly hint: string | undefined;
  constructor(message: string, hint?: string) {
    super(message);
    this.hint = hint;
  }
}

const LONGEST_PATTERN = 4_096;
const LONGEST_EXPANDED = 16_384;
const DEEPEST = 20;
const REFERENCE = /%\{([A-Za-z0-9_]+)(?::([^:{}%]+)(?::([A-Za-z]+))?)?\}|\(\?<([A-Za-z_][\w.@-]*)>|\(\?>|\\./gs;
const TYPES: Readonly<Record<string, DataType>> = {
  string: 'keyword',
  int: 'integer',
  integer: 'integer',
  long: 'long',
  float: 'double',
  double: 'double',
  boolean: 'boolean',
};

/**
 * Prepares a Grok pattern: `%{NAME}`, `%{NAME:column}`, `%{NAME:column:type}`, `(?<column>…)` and the part of
 * Oniguruma's regular expressions that can be matched in linear time. It matches anywhere in a text; a dot does not
 * match line breaks; `^` and `$` match at lines.
 */
export function compileGrok(pattern: string): GrokResult {
  if (pattern.length > LONGEST_PATTERN) {
    return { kind: 'invalid', message: `the pattern has more than ${LONGEST_PATTERN} characters` };
  }
  try {
    const groups: Extracted[] = [];
    const expanded = expand(pattern, groups, 0, { left: LONGEST_EXPANDED });
    return { kind: 'ok', grok: createGrok(RE2JS.compile(`(?m)${expanded}`), groups) };
  } catch (error) {
    if (error instanceof GrokError) {
      const { message, hint } = error;
      return hint === undefined ? { kind: 'invalid', message } : { kind: 'invalid', message, hint };
    }
    if (!(error instanceof RE2JSException)) throw error;
    const hint = 'look-around and back-references are not supported: they cannot be matched in linear time';
    return { kind: 'invalid', message: error.message, hint };
  }
}

/** The regular expression of a pattern; group `g<n>` is the n-th of `groups`. */
function expand(pattern: string, groups: Extracted[], depth: number, budget: { left: number }): string {
  if (depth > DEEPEST) throw new GrokError('the patterns refer to each other in a loop');
  return pattern.replace(REFERENCE, (whole, name?: string, column?: string, type?: string, named?: string) => {
    if (named !== undefined) return open(groups, named, 'keyword');
    if (whole === '(?>') return '(?:';
    if (name === undefined) return whole;
    const definition = Object.hasOwn(GROK_PATTERNS, name) ? GROK_PATTERNS[name] : undefined;
    if (definition === undefined) failUnknown(name);
    const start = column === undefined ? '(?:' : open(groups, column, typeOf(type));
    const inner = expand(definition, groups, depth + 1, budget);
    budget.left -= inner.length;
    if (budget.left < 0) throw new GrokError(`the pattern expands to more than ${LONGEST_EXPANDED} characters`);
    return `${start}${inner})`;
  });
}

function open(groups: Extracted[], name: string, type: DataType): string {
  const earlier = groups.find((group) => group.name === name);
  if (earlier !== undefined && earlier.type !== type) {
    throw new GrokError(`the column [${name}] cannot be of type ${earlier.type} and ${type}`);
  }
  groups.push({ name, type });
  return `(?P<g${groups.length - 1}>`;
}

function typeOf(written: string | undefined): DataType {
  if (written === undefined) return 'keyword';
  const type = Object.hasOwn(TYPES, written) ? TYPES[written] : undefined;
  if (type === undefined) throw new GrokError(`unknown type ${written}`, `types are ${Object.keys(TYPES).join(', ')}`);
  return type;
}

function failUnknown(name: string): never {
  const close = nearest(name, Object.keys(GROK_PATTERNS));
  throw new GrokError(
    `Unable to find pattern [${name}]`,
    close === undefined ? undefined : `did you mean %{${close}}?`,
  );
}

function createGrok(regex: RE2JS, groups: readonly Extracted[]): Grok {
  const columns = groups.filter(({ name }, index) => groups.findIndex((other) => other.name === name) === index);
  const columnOf = groups.map(({ name }) => columns.findIndex((column) => column.name === name));
  return {
    columns,
    match: (text) => {
      const matcher = regex.matcher(text);
      if (!matcher.find()) return undefined;
      const values: Scalar[][] = columns.map(() => []);
      for (const [index, { type }] of groups.entries()) {
        const found = matcher.group(`g${index}`);
        if (found === null || found === undefined) continue;
        const converted = convert(found, 'keyword', type);
        if ('value' in converted) values[columnOf[index] ?? 0]?.push(converted.value);
      }
      return values;
    },
  };
}
