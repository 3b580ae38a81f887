import type { DecodedEvent } from '../../audit/event.ts';
import { type Attempt, attemptOf, nowAt, RULE_LIMITS } from './attempt.ts';
import type { CompiledQuery } from './compile.ts';
import { toText } from './convert.ts';
import { isNumeric } from './data-type.ts';
import { contribute, foldGroup } from './group.ts';
import { decodeScalar, decodeTaken, encodeScalar, encodeTaken, type Need, needOf } from './held-values.ts';
import { type ShownColumn, showColumns } from './shown-column.ts';
import { type Contribution, type Grouping, groupIdentity } from './stage-stats.ts';
import type { Scalar } from './value.ts';

/** What one event adds to one group of a query with STATS. */
export interface GroupEntry {
  /** Identifies the group within the query. */
  readonly identity: string;
  /** The group columns that have a value. */
  readonly keys: readonly ShownColumn[];
  /** The keys, followed by the aggregate inputs of each row that the event has in the group. Bounded. */
  readonly columns: readonly (readonly string[])[];
}

export interface EntryOptions {
  /** A text, or its hash if it is long. */
  readonly shorten: (text: string) => string;
  /** Key values whose groups come first. */
  readonly preferred: readonly string[];
}

/** A query with STATS: what an event adds to which groups, and the result for a group. */
export interface GroupedQuery {
  readonly kind: 'groups';
  /** The names of the group columns. */
  readonly columns: readonly string[];
  /** The meaning of the columns of an entry: entries of queries with the same shape can be evaluated together. */
  readonly shape: readonly string[];
  /** Empty if no row of the event reaches STATS. */
  readonly gather: (event: DecodedEvent) => Attempt<readonly Contribution[]>;
  /** What is kept of an event for its groups. */
  readonly entries: (gathered: readonly Contribution[], options: EntryOptions) => readonly GroupEntry[];
  /**
   * The result columns other than the group columns, numbers first, if the group's row survives the rest of the query;
   * undefined otherwise.
   * @param entries the columns that the events added, in order of time
   * @param at the value of NOW() in µs
   */
  readonly judge: (
    entries: readonly GroupEntry['columns'][],
    at: number,
  ) => Attempt<readonly ShownColumn[] | undefined>;
}

/** Undefined for a query without STATS. */
export function groupedQuery(query: CompiledQuery<DecodedEvent>): GroupedQuery | undefined {
  if (query.stats === undefined) return undefined;
  const { grouping } = query.stats;
  const { columns, aggregates } = grouping;
  const names = columns.map(({ name }) => name);
  const needs = aggregates.map(({ name }) => needOf(name));
  const results = resultsOf(query, names);
  // A row is evaluated again with every row that joins its group.
  const decoded = new WeakMap<GroupEntry['columns'], readonly Contribution[]>();
  const contributionsOf = (entry: GroupEntry['columns']): readonly Contribution[] => {
    const known = decoded.get(entry) ?? decodeEntry(entry, columns.length, aggregates.length);
    decoded.set(entry, known);
    return known;
  };
  return {
    kind: 'groups',
    columns: names,
    shape: [
      ...columns.map(({ name, type }) => `${type} ${name}`),
      ...aggregates.map(({ place: { start, end } }) => query.source.slice(start, end)),
    ],
    gather: (event) => {
      const { contributions, exceeded } = contribute(query, event, nowAt(event.at), RULE_LIMITS);
      return attemptOf(exceeded, contributions);
    },
    entries: (gathered, options) => toEntries(gathered, grouping, needs, options),
    judge: (entries, at) => {
      const contributions = entries.flatMap(contributionsOf);
      const { rows, exceeded } = foldGroup(results, contributions, nowAt(at), RULE_LIMITS);
      return attemptOf(exceeded, rows.length === 0 ? undefined : showColumns(results.columns, rows));
    },
  };
}

/** The same query without the group columns in its result, numbers first. */
function resultsOf(query: CompiledQuery<DecodedEvent>, groups: readonly string[]): CompiledQuery<DecodedEvent> {
  const results = query.columns
    .flatMap((column, index) => query.outputs.slice(index, index + 1).map((output) => ({ column, output })))
    .filter(({ column }) => !groups.includes(column.name))
    .sort((a, b) => Number(isNumeric(b.column.type)) - Number(isNumeric(a.column.type)));
  return {
    ...query,
    columns: results.map(({ column }) => column),
    outputs: results.map(({ output }) => output),
  };
}

/** Characters of whole values that one event may add to one group; further values are left out. */
const MOST_CHARACTERS = 16_384;
/** Rows that one event may have in one group; further rows are left out. */
const MOST_ROWS = 100;
/** UTF-16 units of a text key that the commands after STATS can see. */
const LONGEST_KEY = 1_024;

function toEntries(
  contributions: readonly Contribution[],
  { columns }: Grouping,
  needs: readonly Need[],
  { shorten, preferred }: EntryOptions,
): readonly GroupEntry[] {
  const groups = new Map<string, Contribution[]>();
  for (const contribution of preferredFirst(contributions, preferred)) {
    const identity = groupIdentity(contribution.keys);
    const group = groups.get(identity);
    if (group === undefined) groups.set(identity, [contribution]);
    else group.push(contribution);
  }
  return [...groups].map(([identity, group]) => {
    const keys = group[0]?.keys ?? [];
    let charactersLeft = MOST_CHARACTERS;
    const rows = group.slice(0, MOST_ROWS).flatMap(({ taken }) => {
      const texts = needs.map((need, index) => {
        const encoded = encodeTaken(taken[index], need, shorten);
        if (need !== 'whole') return encoded;
        charactersLeft -= encoded.reduce((sum, { length }) => sum + length, 0);
        return charactersLeft < 0
          ? encodeTaken(
              taken[index]?.map(() => null),
              need,
              shorten,
            )
          : encoded;
      });
      // A row without aggregate inputs still counts.
      return texts.length === 0 ? [[]] : texts;
    });
    const shown = columns.flatMap(({ name, type }, index): ShownColumn[] => {
      const key = keys[index] ?? null;
      return key === null ? [] : [{ name, value: toText(key, type) }];
    });
    return { identity, keys: shown, columns: [...keys.map(encodeKey), ...rows] };
  });
}

function encodeKey(key: Scalar | null): readonly string[] {
  if (key === null) return [];
  return [encodeScalar(typeof key === 'string' ? key.slice(0, LONGEST_KEY).toWellFormed() : key)];
}

function preferredFirst(contributions: readonly Contribution[], preferred: readonly string[]): readonly Contribution[] {
  if (contributions.length < 2) return contributions;
  const isPreferred = ({ keys }: Contribution) =>
    keys.some((key) => typeof key === 'string' && preferred.includes(key));
  return contributions.toSorted((a, b) => Number(isPreferred(b)) - Number(isPreferred(a)));
}

function decodeEntry(entry: GroupEntry['columns'], keyCount: number, width: number): readonly Contribution[] {
  const keys = entry.slice(0, keyCount).map(([text]) => (text === undefined ? null : decodeScalar(text)));
  const contributions: Contribution[] = [];
  for (let first = keyCount; first < entry.length; first += Math.max(1, width)) {
    contributions.push({ keys, taken: entry.slice(first, first + width).map(decodeTaken) });
  }
  return contributions;
}
