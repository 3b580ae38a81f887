import type { Problem } from '../problem.ts';
import type { Command, CommandOf, Expression } from './ast.ts';
import { compileExpression } from './compile-expression.ts';
import { type Column, CompileError, quoting } from './compiled.ts';
import { type DataType, isSpan } from './data-type.ts';
import type { Stage } from './operator.ts';
import { parseEsql } from './parse.ts';
import { compileDrop, compileKeep, compileRename } from './project.ts';
import type { Evaluate, Origin, Row, Run } from './run.ts';
import { addColumns, createColumn, createLayout, environmentOf, type Scope } from './scope.ts';
import {
  compileDissectCommand,
  compileEval,
  compileGrokCommand,
  compileMvExpand,
  compileWhere,
  limitRows,
  type Step,
} from './stage-row.ts';
import { compileSort } from './stage-sort.ts';
import { compileStats, type Grouping } from './stage-stats.ts';
import type { Table, TableColumn } from './table.ts';
import type { Span } from './token.ts';
import type { Value } from './value.ts';

/** The number of rows in a result, by default and at most. Same as Elasticsearch. */
export const DEFAULT_ROWS = 1_000;
export const MOST_ROWS = 10_000;

/** A query checked against a table. It is stateless: any number of executions can run side by side. */
export interface CompiledQuery<Document> {
  readonly source: string;
  readonly columns: readonly { readonly name: string; readonly type: DataType }[];
  /**
   * The conditions of the WHERE commands directly after FROM. A document must satisfy them to be processed further. See
   * `requiredOf`.
   */
  readonly conditions: readonly Expression[];
  /** Reads the result columns of a row. */
  readonly outputs: readonly Evaluate[];
  readonly stages: readonly Stage[];
  /** The row of a document; undefined for a query that begins with ROW. */
  readonly rowOf: ((document: Document) => Row) | undefined;
  /** The only row of a query that begins with ROW. */
  readonly constants: ((run: Run) => Row) | undefined;
  /** The first STATS, if any: the result then needs all documents. `stage` is its index in `stages`. */
  readonly stats?: { readonly grouping: Grouping; readonly stage: number };
}

export type CompileResult<Document> =
  | { readonly kind: 'ok'; readonly query: CompiledQuery<Document> }
  | { readonly kind: 'invalid'; readonly problems: readonly Problem[] };

/**
 * Checks an ES|QL query against a table and prepares it. Reports every mistake that can be found without a document,
 * with its place: syntax, unknown columns and functions, wrong types. Never throws.
 */
export function compileEsql<Document>(source: string, table: Table<Document>): CompileResult<Document> {
  const parsed = parseEsql(source);
  return parsed.kind === 'invalid' ? parsed : compileParsed(source, parsed.commands, table);
}

/**
 * The same for commands that were already parsed: a whole query or its beginning. @param source the text of the
 * commands
 */
export function compileParsed<Document>(
  source: string,
  commands: readonly Command[],
  table: Table<Document>,
): CompileResult<Document> {
  try {
    return { kind: 'ok', query: compileCommands(source, commands, table) };
  } catch (error) {
    if (error instanceof CompileError) return { kind: 'invalid', problems: [error.problemIn(source)] };
    throw error;
  }
}

type Source<Document> = Pick<CompiledQuery<Document>, 'rowOf' | 'constants'> & { readonly scope: Scope };

function compileCommands<Document>(
  source: string,
  [first, ...commands]: readonly Command[],
  table: Table<Document>,
): CompiledQuery<Document> {
  const beginning = first?.kind === 'row' ? compileRowSource<Document>(first) : compileFrom(first, table);
  let { scope } = beginning;
  const stages: Stage[] = [];
  let stats: CompiledQuery<Document>['stats'];
  for (const [index, command] of commands.entries()) {
    const step = compileCommand(command, commands[index + 1], scope);
    scope = step.scope;
    if (step.grouping !== undefined) stats ??= { grouping: step.grouping, stage: stages.length };
    if (step.stage !== undefined) stages.push(step.stage);
  }
  stages.push(limitRows(commands.some(({ kind }) => kind === 'limit') ? MOST_ROWS : DEFAULT_ROWS));
  const { rowOf, constants } = beginning;
  const outputs = scope.columns.map((column) => compileOutput(column));
  const columns = scope.columns.map(({ name, type }) => ({ name, type }));
  const query = { source, columns, conditions: leadingConditions(commands), outputs, stages, rowOf, constants };
  return stats === undefined ? query : { ...query, stats };
}

function leadingConditions(commands: readonly Command[]): readonly Expression[] {
  const conditions: Expression[] = [];
  for (const command of commands) {
    if (command.kind !== 'where') break;
    conditions.push(command.condition);
  }
  return conditions;
}

function compileOutput(column: Column): Evaluate {
  const slot = column.slot();
  return (row) => row.values[slot] ?? row.origin?.read(slot) ?? null;
}

function compileCommand(
  command: Command,
  following: Command | undefined,
  scope: Scope,
): Step & { readonly grouping?: Grouping } {
  switch (command.kind) {
    case 'where':
      return compileWhere(command, scope);
    case 'eval':
      return compileEval(command, scope);
    case 'stats':
      return compileStats(command, scope);
    case 'keep':
      return { scope: compileKeep(command, scope) };
    case 'drop':
      return { scope: compileDrop(command, scope) };
    case 'rename':
      return { scope: compileRename(command, scope) };
    case 'grok':
      return compileGrokCommand(command, scope);
    case 'dissect':
      return compileDissectCommand(command, scope);
    case 'mvExpand':
      return compileMvExpand(command, scope);
    case 'sort':
      return compileSort(command, scope, rowsWanted(following));
    case 'limit':
      return { scope, stage: limitRows(Math.min(command.rows, MOST_ROWS)) };
    case 'from':
    case 'row':
      throw new CompileError(command, 'this is only allowed at the beginning of a query');
  }
}

/** How many rows the command after SORT takes; the end of a query has a limit too. */
function rowsWanted(following: Command | undefined): number | undefined {
  if (following === undefined) return MOST_ROWS;
  return following.kind === 'limit' ? Math.min(following.rows, MOST_ROWS) : undefined;
}

function compileRowSource<Document>(command: CommandOf<'row'>): Source<Document> {
  const layout = createLayout();
  let scope: Scope = { columns: [], layout };
  const constants = command.columns.map(({ name, expression }) => {
    const compiled = compileExpression(expression, environmentOf({ columns: [], layout }, 'other'));
    if (isSpan(compiled.type)) {
      throw new CompileError(expression, quoting`cannot use [${expression}] directly in a row assignment`);
    }
    const column = createColumn(layout, name, compiled.type);
    scope = addColumns(scope, [column]);
    return { slot: column.slot(), evaluate: compiled.evaluate };
  });
  const build = (run: Run): Row => {
    const row: Row = { values: [], origin: undefined };
    for (const { slot, evaluate } of constants) row.values[slot] = evaluate({ values: [], origin: undefined }, run);
    return row;
  };
  return { scope, rowOf: undefined, constants: build };
}

function compileFrom<Document>(command: Command | undefined, table: Table<Document>): Source<Document> {
  const layout = createLayout();
  const readers: ((document: Document) => Value)[] = [];
  const conditions: ((document: Document) => boolean)[] = [];
  const toColumn = (name: string, { type, read }: TableColumn<Document>): Column => {
    let slot: number | undefined;
    const place = () => {
      if (slot === undefined) {
        slot = layout.next();
        readers[slot] = read;
      }
      return slot;
    };
    return { name, type, slot: place };
  };
  const listed = table.names.flatMap((name) => {
    const column = table.column(name);
    return column === undefined ? [] : [toColumn(name, column)];
  });
  const deeper = new Map<string, Column>();
  const unlisted = (name: string): Column | undefined => {
    const known = deeper.get(name);
    if (known !== undefined) return known;
    const column = table.column(name);
    if (column === undefined) return undefined;
    const made = toColumn(name, column);
    deeper.set(name, made);
    return made;
  };
  const kql = (text: string, place: Span): number => {
    const condition = table.kql(text);
    if (condition.kind === 'invalid') failKql(condition.problems, place);
    conditions.push(condition.holds);
    return conditions.length - 1;
  };
  const scope = { columns: listed, layout, unlisted, kql, suggest: table.suggest };
  const metadata = command?.kind === 'from' ? command.metadata : [];
  const added = metadata.map(({ pieces, ...place }) => {
    const name = pieces.join('*');
    const column = table.metadata(name);
    if (column === undefined) {
      throw new CompileError(
        place,
        `unsupported metadata field [${name}]`,
        'the metadata fields are _id, _index and _version',
      );
    }
    return toColumn(name, column);
  });
  const rowOf = (document: Document): Row => {
    const origin: Origin = {
      read: (slot) => readers[slot]?.(document) ?? null,
      holds: (condition) => conditions[condition]?.(document) === true,
    };
    return { values: [], origin };
  };
  return { scope: addColumns(scope, added), rowOf, constants: undefined };
}

/** The first problem of a KQL condition, with its place in the KQL text. */
function failKql(problems: readonly Problem[], place: Span): never {
  const [problem] = problems;
  if (problem === undefined) throw new CompileError(place, 'invalid KQL condition');
  throw new CompileError(
    place,
    `in KQL, line ${problem.line}, column ${problem.column}: ${problem.message}`,
    problem.hint,
  );
}
