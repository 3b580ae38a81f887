import { resolveField } from '../../ecs/fields.ts';
import { type ExceptionDocument, VALUE_LIST_TYPES, type ValueListDocument, type ValueListType } from '../document.ts';
import { type DocumentProblem, describeValue, isRecord, quoteName } from '../document-problem.ts';
import { wildcardParts } from './elastic-pattern.ts';
import {
  EVERY_EVENT,
  kueryAnd,
  kueryEquals,
  kueryExists,
  kueryNot,
  kueryOneOf,
  kueryWildcard,
  NO_EVENT,
} from './kuery-text.ts';

/** The lists exported with the rules. */
export interface ElasticLists {
  /** The items of an exception list, unvalidated. Undefined if the list is missing. */
  items(list: ExceptionListName): readonly unknown[] | undefined;
  /** The values of a value list. Undefined if the list is missing. */
  values(id: string): readonly string[] | undefined;
  /** The files that may hold such a list: `blocked.txt or lists/blocked.txt beside export.ndjson`. */
  valuesPlace(id: string): string;
}

export interface ExceptionListName {
  readonly id: string;
  /** `single`, or `agnostic` for a list of all spaces. */
  readonly namespace: string;
}

export interface ExceptionsReading {
  readonly exceptions: readonly ExceptionDocument[];
  readonly problems: readonly DocumentProblem[];
  readonly notes: readonly string[];
  readonly differences: readonly string[];
}

/** Up to this number, values go into the query text; more become a list. */
const MOST_VALUES_IN_TEXT = 50;
const REASON_LENGTH = 1_000;

/** The parts of an item while it is read. */
interface Draft {
  readonly conditions: string[];
  readonly lists: ValueListDocument[];
  readonly notes: string[];
  readonly differences: string[];
}

/** Thrown below and caught for each item: the problem with it. */
class WrongItem extends Error {
  readonly hint: string | undefined;

  constructor(message: string, hint?: string) {
    super(message);
    this.hint = hint;
  }
}

/**
 * The exception lists of a rule as exceptions: each item is one, and all its entries must match.
 *
 * Semantics of entries: kibana `lists/server/services/exception_lists/build_exception_filter.ts`. Kibana leaves out a
 * list that is missing or too large, so the rule alerts more; here a missing list is a problem, and size is not.
 */
export function readExceptionLists(references: unknown, lists: ElasticLists): ExceptionsReading {
  const reading = {
    exceptions: [] as ExceptionDocument[],
    problems: [] as DocumentProblem[],
    notes: [] as string[],
    differences: [] as string[],
  };
  for (const [index, reference] of (Array.isArray(references) ? references : [references]).entries()) {
    const path = ['exceptions_list', index];
    const name = listName(reference);
    if (name === undefined) {
      const message = `expected an exception list with a list_id, found ${describeValue(reference)}`;
      reading.problems.push({ path, message });
      continue;
    }
    if (isRecord(reference) && String(reference.type).startsWith('endpoint')) {
      reading.notes.push(`the list ${quoteName(name.id)} is for hosts of Elastic Defend and cannot match audit events`);
      continue;
    }
    const items = lists.items(name);
    if (items === undefined) reading.problems.push({ path, ...missingList(name) });
    for (const item of items ?? []) readItem(item, path, lists, reading);
  }
  return reading;
}

function listName(reference: unknown): ExceptionListName | undefined {
  if (!isRecord(reference) || typeof reference.list_id !== 'string') return undefined;
  const { list_id: id, namespace_type: namespace } = reference;
  return { id, namespace: typeof namespace === 'string' ? namespace : 'single' };
}

function missingList({ id }: ExceptionListName) {
  return {
    message: `the exception list ${quoteName(id)} is missing: without it the rule would raise too many alerts`,
    hint:
      'export the rule again with its exceptions (Kibana: Rules, select it, Bulk actions, Export), or export the list ' +
      '(Shared exception lists) and put its file beside this one',
  };
}

function readItem(
  item: unknown,
  path: DocumentProblem['path'],
  lists: ElasticLists,
  reading: { exceptions: ExceptionDocument[]; problems: DocumentProblem[]; notes: string[]; differences: string[] },
): void {
  const name = isRecord(item) && typeof item.name === 'string' ? item.name : 'without a name';
  const draft: Draft = { conditions: [], lists: [], notes: [], differences: [] };
  try {
    if (!isRecord(item) || !isFilled(item.entries)) throw new WrongItem('it has no entries');
    const systems = Array.isArray(item.os_types) ? item.os_types : [];
    if (systems.length > 0) {
      draft.conditions.push(NO_EVENT);
      draft.notes.push(`it is for hosts (${quoteName(systems.join(', '))}), and cannot match audit events`);
    }
    for (const entry of item.entries) readEntry(entry, '', lists, draft);
    const expiresAt = expiry(item.expire_time);
    reading.exceptions.push({
      query: kueryAnd(draft.conditions),
      language: 'kuery',
      reason: reasonOf(name, item.comments),
      ...(expiresAt !== undefined && { expiresAt }),
      ...(draft.lists.length > 0 && { lists: draft.lists }),
    });
    const about = (note: string) => `exception "${quoteName(name)}": ${note}`;
    reading.notes.push(...draft.notes.map(about));
    reading.differences.push(...draft.differences.map(about));
  } catch (error) {
    if (!(error instanceof WrongItem)) throw error;
    const message = `exception "${quoteName(name)}": ${error.message}`;
    reading.problems.push({ path, message, ...(error.hint !== undefined && { hint: error.hint }) });
  }
}

/** The name and the comments: Kibana has no field for the reason. */
function reasonOf(name: string, comments: unknown): string {
  const said = (Array.isArray(comments) ? comments : []).flatMap((comment: unknown) =>
    isRecord(comment) && typeof comment.comment === 'string' ? [comment.comment.trim()] : [],
  );
  return [name, ...said].join(': ').slice(0, REASON_LENGTH);
}

function expiry(time: unknown): number | undefined {
  if (time === undefined || time === null || time === '') return undefined;
  const millis = typeof time === 'string' ? Date.parse(time) : Number.NaN;
  if (Number.isNaN(millis)) throw new WrongItem(`expected a time in expire_time, found ${describeValue(time)}`);
  return millis * 1_000;
}

/** @param prefix the field name prefix of a nested entry */
function readEntry(entry: unknown, prefix: string, lists: ElasticLists, draft: Draft): void {
  if (!isRecord(entry) || typeof entry.field !== 'string')
    throw new WrongItem(`expected an entry with a field, found ${describeValue(entry)}`);
  const field = `${prefix}${entry.field}`;
  if (entry.type === 'nested') {
    if (prefix !== '' || !isFilled(entry.entries)) throw new WrongItem('its nested entry has no entries');
    draft.differences.push(
      `the conditions below ${quoteName(field)} may be met by different elements of an array, as in Elastic where it is not mapped as nested`,
    );
    for (const inner of entry.entries) readEntry(inner, `${field}.`, lists, draft);
    return;
  }
  const excluded = entry.operator === 'excluded';
  if (!excluded && entry.operator !== 'included')
    throw new WrongItem(`expected the operator included or excluded, found ${describeValue(entry.operator)}`);
  if (resolveField(field) === undefined) {
    draft.notes.push(`no audit event has ${quoteName(field)}, so this entry ${excluded ? 'always' : 'never'} matches`);
    draft.conditions.push(excluded ? EVERY_EVENT : NO_EVENT);
    return;
  }
  const condition = conditionOf(entry, field, excluded, lists, draft);
  if (typeof condition === 'string') draft.conditions.push(excluded ? kueryNot(condition) : condition);
  else draft.lists.push(condition);
}

function conditionOf(
  entry: Readonly<Record<string, unknown>>,
  field: string,
  excluded: boolean,
  lists: ElasticLists,
  draft: Draft,
): string | ValueListDocument {
  switch (entry.type) {
    case 'match':
      return kueryEquals(field, textOf(entry.value));
    case 'match_any': {
      const values = (Array.isArray(entry.value) ? entry.value : [entry.value]).map(textOf);
      if (values.length <= MOST_VALUES_IN_TEXT) return kueryOneOf(field, values);
      return { field, type: 'keyword', values, excluded };
    }
    case 'exists':
      return kueryExists(field);
    case 'wildcard': {
      const pattern = textOf(entry.value);
      if (resolveField(field)?.type !== 'keyword')
        throw new WrongItem(
          `${field} is not text, but ${quoteName(pattern)} has wildcards`,
          'use the operators is or is one of',
        );
      const parts = wildcardParts(pattern);
      if (parts === undefined) return { field, type: 'wildcard', values: [pattern], excluded };
      return parts.length === 1 ? kueryEquals(field, parts[0] ?? '') : kueryWildcard(field, parts);
    }
    case 'list':
      return valueList(entry.list, field, excluded, lists, draft);
    default:
      throw new WrongItem(`entries of type ${describeValue(entry.type)} are not supported`);
  }
}

function valueList(
  list: unknown,
  field: string,
  excluded: boolean,
  lists: ElasticLists,
  draft: Draft,
): ValueListDocument {
  if (!isRecord(list) || typeof list.id !== 'string') throw new WrongItem('its value list has no id');
  const type = VALUE_LIST_TYPES.find((known): known is ValueListType => known === list.type && known !== 'wildcard');
  if (type === undefined)
    throw new WrongItem(
      `value lists of type ${describeValue(list.type)} are not supported; supported: keyword, ip, ip_range, text`,
    );
  const values = lists.values(list.id);
  if (values === undefined) {
    throw new WrongItem(
      `the value list ${quoteName(list.id)} is missing: without it the rule would raise too many alerts`,
      `export it (Kibana: Rules, Manage value lists) and save it as ${lists.valuesPlace(list.id)}, one value per line`,
    );
  }
  if (type === 'text') {
    draft.differences.push(
      `the text list ${quoteName(list.id)} matches whole values in any letter case; Elastic matches words`,
    );
  }
  return { field, type, values, excluded };
}

/** An item without entries would match every event. */
function isFilled(entries: unknown): entries is readonly unknown[] {
  return Array.isArray(entries) && entries.length > 0;
}

function textOf(value: unknown): string {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw new WrongItem(`expected a value, found ${describeValue(value)}`);
}
