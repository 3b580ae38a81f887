import type { ExceptionDocument } from '../document.ts';
import { describeValue, isRecord, quoteName } from '../document-problem.ts';
import { wildcardParts } from './elastic-pattern.ts';
import {
  EVERY_EVENT,
  kueryAnd,
  kueryCompare,
  kueryEquals,
  kueryExists,
  kueryNot,
  kueryOneOf,
  kueryOr,
  kueryWildcard,
  NO_EVENT,
} from './kuery-text.ts';

export interface FiltersReading {
  readonly exceptions: readonly ExceptionDocument[];
  /** A filter that cannot be supported, and why (filters count from 0). */
  readonly refused: readonly { readonly index: number; readonly message: string }[];
  readonly notes: readonly string[];
}

/** How deep filters may nest; people stop at three. */
const MAX_DEPTH = 16;
const REASON_LENGTH = 1_000;

/** Thrown below and caught in `readFilters`: the unsupported part of a filter. */
class NotPlain extends Error {}

/**
 * The filters of a rule, as Kibana stores them beside the query. All must match, so each becomes an exception for the
 * events that it excludes: the result is the same, and the query stays as written.
 *
 * Filter forms, and the meaning of `meta.negate` (inverts) and `meta.disabled` (ignores): kibana `kbn-es-query`,
 * `from_filters.ts`, `migrate_filter.ts`, `from_combined_filter.ts`.
 */
export function readFilters(filters: unknown): FiltersReading {
  const exceptions: ExceptionDocument[] = [];
  const refused: { index: number; message: string }[] = [];
  let disabled = 0;
  for (const [index, filter] of (Array.isArray(filters) ? filters : [filters]).entries()) {
    if (isDisabled(filter)) {
      disabled += 1;
      continue;
    }
    try {
      const holds = filterText(filter, 0);
      const query = kueryNot(holds);
      if (query !== NO_EVENT)
        exceptions.push({ query, language: 'kuery', reason: `filter of the rule: ${holds}`.slice(0, REASON_LENGTH) });
    } catch (error) {
      if (!(error instanceof NotPlain)) throw error;
      refused.push({ index, message: `filter ${index + 1} of the rule is not supported: ${error.message}` });
    }
  }
  const notes = disabled === 0 ? [] : [`${disabled} filters are disabled in Kibana and left out`];
  return { exceptions, refused, notes };
}

function isDisabled(filter: unknown): boolean {
  return isRecord(filter) && isRecord(filter.meta) && filter.meta.disabled === true;
}

/** A Kibana filter: its query, the query beside `meta` in older ones, or a combination of others. */
function filterText(filter: unknown, depth: number): string {
  if (!isRecord(filter)) throw new NotPlain(`expected a filter, found ${describeValue(filter)}`);
  if (depth > MAX_DEPTH) throw new NotPlain(`filters are combined more than ${MAX_DEPTH} deep`);
  const { meta, query, $state: _, ...older } = filter;
  const settings = isRecord(meta) ? meta : {};
  const holds =
    settings.type === 'combined'
      ? combinedText(settings, depth)
      : queryText(isRecord(query) && Object.keys(query).length > 0 ? query : older, depth);
  return settings.negate === true ? kueryNot(holds) : holds;
}

function combinedText({ relation, params }: Readonly<Record<string, unknown>>, depth: number): string {
  const texts = list(params)
    .filter((filter) => !isDisabled(filter))
    .map((filter) => filterText(filter, depth + 1));
  return relation === 'AND' ? kueryAnd(texts) : kueryOr(texts);
}

/** An Elasticsearch query, in the forms that Kibana's filters use. */
function queryText(query: unknown, depth: number): string {
  if (!isRecord(query)) throw new NotPlain(`expected a query, found ${describeValue(query)}`);
  if (depth > MAX_DEPTH) throw new NotPlain(`its query is more than ${MAX_DEPTH} deep`);
  const kinds = Object.keys(query);
  const [kind] = kinds;
  if (kind === undefined || kinds.length > 1) throw new NotPlain('expected one query, such as match_phrase');
  const body = query[kind];
  switch (kind) {
    case 'match_all':
      return EVERY_EVENT;
    case 'match_none':
      return NO_EVENT;
    case 'exists':
      return kueryExists(text(isRecord(body) ? body.field : undefined));
    case 'match_phrase':
    case 'match':
    case 'term': {
      const { field, value } = fieldAndValue(kind, body, ['query', 'value']);
      return kueryEquals(field, text(value));
    }
    case 'terms': {
      const { field, value } = fieldAndValue(kind, body, []);
      return kueryOneOf(field, list(value).map(text));
    }
    case 'prefix': {
      const { field, value } = fieldAndValue(kind, body, ['value']);
      return kueryWildcard(field, [text(value), '']);
    }
    case 'wildcard': {
      const { field, value } = fieldAndValue(kind, body, ['value', 'wildcard']);
      const parts = wildcardParts(text(value));
      if (parts === undefined) throw new NotPlain('it uses the wildcard ? for one character');
      return parts.length === 1 ? kueryEquals(field, parts[0] ?? '') : kueryWildcard(field, parts);
    }
    case 'range':
      return rangeText(body);
    case 'bool':
      return boolText(body, depth);
    default:
      throw new NotPlain(`it uses ${quoteName(kind)}`);
  }
}

/** Options without effect on an exact match: the boost, and the form of an old phrase. */
const HARMLESS: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ['boost', undefined],
  ['type', 'phrase'],
  ['minimum_should_match', 1],
]);

/** `{ field: value }`, or the value under one of these keys. */
function fieldAndValue(kind: string, body: unknown, keys: readonly string[]): { field: string; value: unknown } {
  const entries = Object.entries(isRecord(body) ? body : {}).filter(([key]) => key !== 'boost');
  const [entry] = entries;
  if (entry === undefined || entries.length > 1) throw new NotPlain(`${kind} needs one field`);
  const [field, given] = entry;
  if (!isRecord(given)) return { field, value: given };
  for (const [option, value] of Object.entries(given)) {
    const harmless = keys.includes(option) || (HARMLESS.has(option) && (HARMLESS.get(option) ?? value) === value);
    if (!harmless) throw new NotPlain(`${kind} has the option ${quoteName(option)}`);
  }
  return { field, value: keys.map((key) => given[key]).find((value) => value !== undefined) };
}

const OPERATORS: Readonly<Record<string, '<' | '<=' | '>' | '>='>> = { lt: '<', lte: '<=', gt: '>', gte: '>=' };

function rangeText(body: unknown): string {
  const [[field, bounds] = []] = [...Object.entries(isRecord(body) ? body : {})].filter(([key]) => key !== 'boost');
  if (field === undefined || !isRecord(bounds)) throw new NotPlain('range needs one field');
  const conditions = Object.entries(bounds).map(([option, value]) => {
    const operator = Object.hasOwn(OPERATORS, option) ? OPERATORS[option] : undefined;
    if (operator === undefined) throw new NotPlain(`range has the option ${quoteName(option)}`);
    const bound = text(value);
    if (/^now\b/.test(bound) || bound.includes('||'))
      throw new NotPlain(`range is relative to now (${quoteName(bound)})`);
    return kueryCompare(field, operator, bound);
  });
  return kueryAnd(conditions);
}

/** `should` is required only if nothing else is, or if a minimum is given; the only supported minimum is one. */
function boolText(body: unknown, depth: number): string {
  if (!isRecord(body)) throw new NotPlain('bool is empty');
  const { must, filter, should, must_not: mustNot, minimum_should_match: minimum, boost: _, ...others } = body;
  const [other] = Object.keys(others);
  if (other !== undefined) throw new NotPlain(`bool has the option ${quoteName(other)}`);
  const each = (queries: unknown) => list(queries).map((query) => queryText(query, depth + 1));
  const needed = [...each(must), ...each(filter)];
  const choices = each(should);
  const least = minimum === undefined ? (needed.length === 0 && choices.length > 0 ? 1 : 0) : Number(minimum);
  if (least !== 0 && least !== 1) throw new NotPlain(`bool requires ${describeValue(minimum)} of its conditions`);
  const chosen = least === 1 ? [kueryOr(choices)] : [];
  return kueryAnd([...needed, ...chosen, ...each(mustNot).map(kueryNot)]);
}

function list(value: unknown): readonly unknown[] {
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? value : [value];
}

function text(value: unknown): string {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw new NotPlain(`expected a value, found ${describeValue(value)}`);
}
