import { nearest } from '../../../query/nearest.ts';
import { addressRange } from '../../../query/values/address.ts';
import { type DocumentPath, describeValue, quoteName } from '../../document-problem.ts';
import { addressField, searchField } from './field-mapping.ts';
import { type Findings, note, refuse } from './findings.ts';
import { SIGMA_MODIFIERS } from './modifiers.ts';
import { toRe2 } from './regex.ts';
import { type ComparisonOperator, joined, type Leaf, negated, type Search, type SearchField } from './search.ts';
import {
  anyBefore,
  anyBehind,
  literalText,
  parseText,
  plainText,
  type TextPattern,
  type TextPiece,
} from './sigma-text.ts';

/** The whole event as JSON text: keywords are searched here. */
const WHOLE_EVENT = 'event.original';

const NUMBER_OPERATORS: ReadonlyMap<string, ComparisonOperator> = new Map([
  ['lt', '<'],
  ['lte', '<='],
  ['gt', '>'],
  ['gte', '>='],
]);
/** Modifiers that choose the kind of test; at most one. */
const SORTS = ['re', 'cidr', 'exists', ...NUMBER_OPERATORS.keys()];
const TEXT_MODIFIERS = ['contains', 'startswith', 'endswith', 'cased'];
const NAMES = SIGMA_MODIFIERS.map(({ name }) => name);

/** One entry of a detection: a field with modifiers, and its values. */
interface Item {
  readonly field: SearchField;
  /** True for a keyword: no field, found anywhere in the event. */
  readonly isKeyword: boolean;
  readonly modifiers: readonly string[];
  readonly path: DocumentPath;
  readonly findings: Findings;
}

/**
 * The condition of `key: value` in a detection; an empty name is a keyword, searched in the whole event. Undefined if
 * it is invalid or has no equivalent; the findings say why.
 */
export function readItem(key: string, value: unknown, path: DocumentPath, findings: Findings): Search | undefined {
  const [name = '', ...modifiers] = key.split('|');
  const isKeyword = name === '';
  const field = searchField(isKeyword ? WHOLE_EVENT : name);
  if (field === undefined) {
    findings.problems.push({ path, message: `no field can have the name ${describeValue(name)}`, on: 'key' });
    return undefined;
  }
  if (isKeyword) note(findings, `keywords are searched in the whole event as JSON text (${WHOLE_EVENT})`);
  const item = { field, isKeyword, modifiers, path, findings };
  if (!areModifiersSound(item)) return undefined;
  const values: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (values.length === 0) {
    findings.problems.push({ path, message: 'expected at least one value, found an empty list' });
    return undefined;
  }
  const all = modifiers.includes('all');
  const searches = values.map((one, index) => readValue(item, one, Array.isArray(value) ? [...path, index] : path));
  if (!searches.every((search) => search !== undefined)) return undefined;
  const search = all ? joined('and', searches) : joined('or', withOneTest(searches));
  return modifiers.includes('neq') ? negated(search) : search;
}

function areModifiersSound({ modifiers, path, findings }: Item): boolean {
  const complain = (message: string, hint?: string): false => {
    findings.problems.push({ path, message, on: 'key', ...(hint !== undefined && { hint }) });
    return false;
  };
  for (const name of modifiers) {
    const known = SIGMA_MODIFIERS.find((row) => row.name === name);
    if (known === undefined) {
      const near = nearest(name, NAMES);
      const hint = near === undefined ? `known modifiers: ${NAMES.join(', ')}` : `did you mean ${near}?`;
      return complain(`unknown modifier ${quoteName(name)}`, hint);
    }
    if (known.refused === true) {
      refuse(findings, name, path, `the modifier ${name} is not supported: ${known.doc}`);
      return false;
    }
  }
  const [sort, another] = modifiers.filter((name) => SORTS.includes(name));
  const flag = modifiers.find((name) => ['i', 'm', 's'].includes(name));
  if (another !== undefined) return complain(`the modifiers ${sort} and ${another} exclude each other`);
  if (flag !== undefined && sort !== 're') return complain(`the modifier ${flag} needs re`, `write re|${flag}`);
  const text = modifiers.find((name) => TEXT_MODIFIERS.includes(name));
  if (sort !== undefined && text !== undefined) return complain(`the modifiers ${sort} and ${text} exclude each other`);
  return true;
}

function readValue(item: Item, value: unknown, path: DocumentPath): Search | undefined {
  const { modifiers, findings } = item;
  const sort = modifiers.find((name) => SORTS.includes(name));
  const operator = NUMBER_OPERATORS.get(sort ?? '');
  const expect = (what: string): undefined => {
    findings.problems.push({ path, message: `expected ${what}, found ${describeValue(value)}` });
    return undefined;
  };
  if (operator !== undefined) return readComparison(item, operator, value) ?? expect('a number');
  switch (sort) {
    case 'exists': {
      if (typeof value !== 'boolean') return expect('true or false');
      const exists: Leaf = { kind: 'exists', field: item.field };
      return value ? exists : negated(exists);
    }
    case 'cidr':
      if (addressField(item.field).type !== 'ip') {
        const message = `cidr needs a field with addresses, such as sourceIPs; ${quoteName(item.field.sigma)} has none`;
        refuse(findings, 'cidr', path, message);
        return undefined;
      }
      if (typeof value !== 'string' || addressRange(value) === undefined) return expect('a range such as 10.0.0.0/8');
      return { kind: 'cidr', field: addressField(item.field), ranges: [value] };
    case 're': {
      const pattern = typeof value === 'number' ? String(value) : value;
      if (typeof pattern !== 'string' || pattern === '') return expect('a regular expression');
      const source = toRe2(pattern, new Set(modifiers), findings, path);
      return source === undefined ? undefined : { kind: 'regex', field: item.field, sources: [source] };
    }
  }
  if (value === null || value === undefined) return readNull(item) ?? expect('a keyword');
  if (typeof value === 'string') return readText(item, parseText(value), path);
  if (typeof value === 'number' || typeof value === 'boolean') return readText(item, literalText(String(value)), path);
  return expect('a text, a number, true, false or null');
}

function readNull({ field, isKeyword }: Item): Search | undefined {
  return isKeyword ? undefined : negated({ kind: 'exists', field });
}

/** Numbers, and texts of digits; the text of a keyword field is read as a number. */
function readComparison({ field }: Item, operator: ComparisonOperator, value: unknown): Search | undefined {
  const number = typeof value === 'string' ? parseNumber(value) : value;
  if (typeof number !== 'number' || !Number.isFinite(number)) return undefined;
  return { kind: 'comparison', field, operator, value: number };
}

function readText(item: Item, value: TextPattern, path: DocumentPath): Search | undefined {
  const { field, isKeyword, modifiers, findings } = item;
  const anywhere = isKeyword || modifiers.includes('contains');
  let pattern = isKeyword ? asJson(value) : value;
  if (anywhere || modifiers.includes('endswith')) pattern = anyBefore(pattern);
  if (anywhere || modifiers.includes('startswith')) pattern = anyBehind(pattern);
  if (pattern.length === 0) {
    const difference = `an empty text counts as absent, so ${quoteName(field.sigma)}: '' matches events without it too`;
    findings.differences.add(difference);
    return negated({ kind: 'exists', field });
  }
  if (pattern.every((piece) => piece === 'any')) return { kind: 'exists', field };
  const plain = plainText(pattern);
  switch (field.type) {
    case 'integer': {
      const number = plain === undefined ? undefined : parseNumber(plain);
      if (number !== undefined) return { kind: 'number', field, values: [number] };
      break;
    }
    case 'boolean':
      if (plain !== undefined && /^(?:true|false)$/i.test(plain))
        return { kind: 'boolean', field, value: /^true$/i.test(plain) };
      break;
    case 'date':
      refuse(findings, field.sigma, path, `${quoteName(field.sigma)} is a time; Sigma has no tests for times`);
      return undefined;
    case 'ip':
    case 'keyword':
      break;
  }
  const cased = modifiers.includes('cased');
  if (!cased && pattern.some(hasOtherLetters)) {
    findings.differences.add(`${quoteName(field.sigma)}: non-ASCII letters are case-sensitive`);
  }
  return { kind: 'text', field, patterns: [pattern], cased };
}

/** True for non-ASCII letters with a case. */
function hasOtherLetters(piece: TextPiece): boolean {
  return typeof piece === 'object' && /[^\p{ASCII}]/u.test(piece.literal) && hasCase(piece.literal);
}

function hasCase(text: string): boolean {
  const other = text.replace(/\p{ASCII}+/gu, '');
  return other.toLowerCase() !== other.toUpperCase();
}

/** Values that are compared in the same way become one test. */
function withOneTest(searches: readonly Search[]): readonly Search[] {
  const patterns: TextPattern[] = [];
  const values: number[] = [];
  const ranges: string[] = [];
  const sources: string[] = [];
  const merged: Search[] = [];
  for (const search of searches) {
    switch (search.kind) {
      case 'text':
        if (patterns.length === 0) merged.push({ ...search, patterns });
        patterns.push(...search.patterns);
        break;
      case 'number':
        if (values.length === 0) merged.push({ ...search, values });
        values.push(...search.values);
        break;
      case 'cidr':
        if (ranges.length === 0) merged.push({ ...search, ranges });
        ranges.push(...search.ranges);
        break;
      case 'regex':
        if (sources.length === 0) merged.push({ ...search, sources });
        sources.push(...search.sources);
        break;
      default:
        merged.push(search);
    }
  }
  return merged;
}

/** The text as written in JSON: quotation marks, backslashes and control characters are escaped. */
function asJson(pattern: TextPattern): TextPattern {
  return pattern.map((piece) =>
    typeof piece === 'object' ? { literal: JSON.stringify(piece.literal).slice(1, -1) } : piece,
  );
}

function parseNumber(text: string): number | undefined {
  return /^-?\d{1,15}(?:\.\d{1,15})?$/.test(text) ? Number(text) : undefined;
}
