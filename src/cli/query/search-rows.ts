import type { DecodedEvent } from '../../audit/event.ts';
import { type CompiledQuery, DEFAULT_ROWS } from '../../query/esql/compile.ts';
import { createExecution, DEFAULT_LIMITS, type QueryResult } from '../../query/esql/execution.ts';
import type { Operator } from '../../query/esql/operator.ts';
import { parseEsql } from '../../query/esql/parse.ts';
import { startQuery } from '../../query/esql/start.ts';
import { toJson } from '../../query/esql/to-json.ts';
import type { Column } from './corpus.ts';
import { createTablePrinter, type Printer } from './printer.ts';
import type { Search, SearchOptions } from './search.ts';
import { type EventTest, searchEvents } from './search-events.ts';

type Query = CompiledQuery<DecodedEvent>;

/** Prints the rows of an ES|QL query after all events are read, as a table or as JSON lines. */
export function searchRows(query: Query, now: number, { output, maxCount }: SearchOptions, printer: Printer): Search {
  const running = startQuery(query, now);
  let result: QueryResult = { rows: [], warnings: [] };
  let found = 0;
  return {
    reads: query.rowOf !== undefined,
    push: ({ event }) => running.push(event),
    finish: () => {
      result = running.finish();
      const rows = result.rows.slice(0, maxCount);
      found = rows.length;
      if (output === 'count') return;
      const names = query.columns.map(({ name }) => name);
      const values = rows.map((row) => query.columns.map(({ type }, index) => toJson(row[index] ?? null, type)));
      if (output === 'json') {
        for (const row of values) printer.text(toObject(names, row));
        return;
      }
      const table = createTablePrinter(names, printer);
      for (const row of values) table.row(row.map(cellOf));
      table.finish();
    },
    found: () => found,
    failure: () => failureOf(result),
    notes: () => [
      ...warningsOf(result),
      ...(result.rows.length === DEFAULT_ROWS && !hasLimit(query.source) ? [CUT] : []),
    ],
  };
}

const CUT = `only the first ${DEFAULT_ROWS} rows; write LIMIT for more or fewer`;

/** Not a JavaScript object, which would move numeric names to the front. */
function toObject(names: readonly string[], row: readonly unknown[]): string {
  return `{${names.map((name, index) => `${JSON.stringify(name)}:${JSON.stringify(row[index])}`).join(',')}}`;
}

function cellOf(value: ReturnType<typeof toJson>): string {
  return typeof value === 'object' && value !== null ? `[${value.join(', ')}]` : String(value);
}

function warningsOf({ warnings }: QueryResult): readonly string[] {
  return warnings.map(({ message, line, column }) => `warning: line ${line}, column ${column}: ${message}`);
}

function failureOf({ exceeded }: QueryResult): string | undefined {
  return exceeded === undefined ? undefined : `the query was stopped: ${exceeded}`;
}

function hasLimit(source: string): boolean {
  const parsed = parseEsql(source);
  return parsed.kind === 'ok' && parsed.commands.some(({ kind }) => kind === 'limit');
}

/** True if the query only selects events: then it prints events, as the other languages do. */
export function choosesEvents(source: string): boolean {
  const parsed = parseEsql(source);
  return parsed.kind === 'ok' && parsed.commands.every(({ kind }) => CHOOSING.has(kind));
}

const CHOOSING: ReadonlySet<string> = new Set(['from', 'where', 'limit']);

/** Prints the events that a query selects (see `choosesEvents`), without the default LIMIT. */
export function searchChosen(
  query: Query,
  now: number,
  options: SearchOptions,
  columns: readonly Column[],
  printer: Printer,
): Search {
  const { attempt, result } = createExecution(query, now, DEFAULT_LIMITS);
  let chosen = false;
  const end: Operator = {
    push: () => {
      chosen = true;
      return true;
    },
    finish: () => undefined,
  };
  // The last stage is the default LIMIT.
  const first = query.stages.slice(0, -1).reduceRight((next, stage) => stage(next), end);
  const test: EventTest = ({ event }) => {
    chosen = false;
    const wanted = attempt((run) => query.rowOf !== undefined && first.push(query.rowOf(event), run));
    return chosen || (wanted ? false : undefined);
  };
  return {
    ...searchEvents(test, options, columns, printer),
    failure: () => failureOf(result()),
    notes: () => warningsOf(result()),
  };
}
