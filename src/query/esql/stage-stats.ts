import { AGGREGATES, type AggregateRow } from './aggregates.ts';
import type { Assignment, CommandOf, ExpressionOf } from './ast.ts';
import { checkArguments } from './compile-call.ts';
import { compileCondition, compileExpression } from './compile-expression.ts';
import { type Column, type Compiled, CompileError, type Environment, quoting } from './compiled.ts';
import { type DataType, isSpan, typeName } from './data-type.ts';
import { finite, readSlot } from './operand.ts';
import type { Stage } from './operator.ts';
import { BudgetError, type Evaluate, type Row, type Run } from './run.ts';
import { addColumns, createColumn, createLayout, environmentOf, findColumn, type Layout, type Scope } from './scope.ts';
import type { Step } from './stage-row.ts';
import type { Span } from './token.ts';
import { isMany, type Scalar, type Value } from './value.ts';

/** The most groups that STATS keeps. */
export const MOST_GROUPS = 100_000;
/** The most groups of one row: one for each combination of its group values. */
const MOST_COMBINATIONS = 10_000;

const BY_NAME = new Map(AGGREGATES.map((row) => [row.name, row]));

/** An aggregate call: its inputs and the slot of its result. */
interface Aggregate {
  readonly row: AggregateRow;
  readonly operands: readonly Evaluate[];
  readonly types: readonly DataType[];
  readonly returns: DataType;
  readonly where: Evaluate | undefined;
  readonly slot: number;
  readonly place: Span;
}

interface Output {
  readonly slot: number;
  readonly evaluate: Evaluate;
}

/**
 * STATS: one row for each combination of group values. Null is a value too, and a row with several values in a group
 * column belongs to several groups. Without BY there is one row, even without input.
 * @throws CompileError
 */
export function compileStats(command: CommandOf<'stats'>, scope: Scope): Step & { readonly grouping: Grouping } {
  if (command.aggregates.length === 0 && command.groups.length === 0) {
    throw new CompileError(
      command,
      'STATS needs an aggregate or BY',
      'write for example STATS c = COUNT(*) BY user.name',
    );
  }
  const layout = createLayout();
  const groups = compileGroups(command.groups, scope, layout);
  const aggregates: Aggregate[] = [];
  const outputs: Output[] = [];
  const columns: Column[] = [];
  for (const assignment of command.aggregates) {
    const environment = createEnvironment(assignment, scope, groups.columns, layout, aggregates);
    const { evaluate, type } = compileExpression(assignment.expression, environment);
    requireColumn(type, assignment);
    const column = createColumn(layout, assignment.name, type);
    columns.push(column);
    outputs.push({ slot: column.slot(), evaluate });
  }
  const result = addColumns(addColumns({ columns: [], layout }, columns), groups.columns);
  const grouping = createGrouping(groups, aggregates, outputs);
  return { scope: result, stage: groupRows(grouping, command.groups.length > 0), grouping };
}

interface Groups {
  readonly columns: readonly Column[];
  readonly evaluators: readonly Evaluate[];
}

function compileGroups(groups: readonly Assignment[], before: Scope, layout: Layout): Groups {
  const columns: Column[] = [];
  const evaluators = groups.map((assignment) => {
    const { evaluate, type } = compileExpression(assignment.expression, environmentOf(before, 'group'));
    requireColumn(type, assignment);
    columns.push(createColumn(layout, assignment.name, type));
    return evaluate;
  });
  return { columns, evaluators };
}

function requireColumn(type: DataType, { expression }: Assignment): void {
  if (!isSpan(type)) return;
  throw new CompileError(expression, quoting`[${expression}] is a ${typeName(type)}; columns cannot hold this type`);
}

/** The aggregates, and the group columns by name. */
function createEnvironment(
  { where, expression }: Assignment,
  scope: Scope,
  groups: readonly Column[],
  layout: Layout,
  aggregates: Aggregate[],
): Environment {
  const filter = where === undefined ? undefined : compileCondition(where, environmentOf(scope, 'condition'));
  const before = aggregates.length;
  const environment: Environment = {
    ...environmentOf({ columns: groups, layout }, 'other'),
    column: (name) => {
      const group = groups.find((column) => column.name === name);
      if (group !== undefined || findColumn(scope, name) === undefined) return group;
      const message = `column [${name}] must appear in the STATS BY clause or be used in an aggregate function`;
      throw new CompileError(expression, message, `write VALUES(${name}), or add it after BY`);
    },
    aggregate: (call) => {
      const row = BY_NAME.get(call.name.toLowerCase());
      if (row === undefined) return undefined;
      const aggregate = compileAggregate(row, call, scope, layout.next(), filter?.evaluate);
      aggregates.push(aggregate);
      const { start, end } = call;
      return { type: aggregate.returns, evaluate: readSlot(aggregate.slot), constant: false, start, end };
    },
  };
  if (filter !== undefined && expression.kind !== 'call' && before === aggregates.length) {
    throw new CompileError(expression, 'WHERE is only allowed after an aggregate function');
  }
  return environment;
}

function compileAggregate(
  row: AggregateRow,
  call: ExpressionOf<'call'>,
  scope: Scope,
  slot: number,
  where: Evaluate | undefined,
): Aggregate {
  const place = { start: call.start, end: call.end };
  const inner = environmentOf(scope, 'other');
  const written: readonly Compiled[] = call.arguments.map((argument) => compileExpression(argument, inner));
  const least = row.parameters.filter((parameter) => parameter.optional !== true).length;
  if (
    (call.star && row.star !== true) ||
    (!call.star && (written.length < least || written.length > row.parameters.length))
  ) {
    const names = row.parameters.map(({ name, optional }) => (optional === true ? `[${name}]` : name));
    const hint = `write ${row.name.toUpperCase()}(${names.join(', ')})`;
    throw new CompileError(call, quoting`wrong arguments of [${place}]`, hint);
  }
  const values = checkArguments(row, written, place);
  const wrong = row.check?.(values.map(({ literal }) => literal?.value));
  if (wrong !== undefined) throw new CompileError(call, quoting`[${place}]: ${wrong}`);
  const types = values.map(({ type }) => type);
  const returns = typeof row.returns === 'string' ? row.returns : row.returns(types);
  // COUNT of a constant counts rows.
  const operands =
    row.star === true && values[0]?.literal !== undefined && values[0].literal.value !== null ? [] : values;
  return { row, operands: operands.map(({ evaluate }) => evaluate), types, returns, where, slot, place };
}

/**
 * What a row adds to one group: the group values and the inputs of each aggregate, undefined if its WHERE does not
 * hold.
 */
export interface Contribution {
  readonly keys: readonly (Scalar | null)[];
  readonly taken: readonly (readonly Value[] | undefined)[];
}

/** A group under construction. */
export interface Group {
  readonly add: (contribution: Contribution, run: Run) => void;
  /** The row of the group, as the next command sees it. */
  readonly row: (run: Run) => Row;
}

/** STATS in two halves, so that contributions can be stored between executions. */
export interface Grouping {
  /** The group columns, parallel to the keys of a contribution. */
  readonly columns: readonly Pick<Column, 'name' | 'type'>[];
  /** The aggregate calls, parallel to the inputs of a contribution. */
  readonly aggregates: readonly { readonly name: string; readonly place: Span }[];
  readonly contributionsOf: (row: Row, run: Run) => readonly Contribution[];
  readonly createGroup: (keys: readonly (Scalar | null)[], run: Run) => Group;
}

function createGrouping(
  { evaluators, columns }: Groups,
  aggregates: readonly Aggregate[],
  outputs: readonly Output[],
): Grouping {
  return {
    columns,
    aggregates: aggregates.map(({ row: { name }, place }) => ({ name, place })),
    contributionsOf: (row, run) => {
      const keys = evaluators.map((evaluate) => evaluate(row, run));
      const taken = aggregates.map(({ where, operands }) =>
        where === undefined || where(row, run) === true ? operands.map((operand) => operand(row, run)) : undefined,
      );
      return combinations(keys).map((combination) => ({ keys: combination, taken }));
    },
    createGroup: (keys, run) => {
      run.hold(1 + keys.length + aggregates.length);
      const accumulators = aggregates.map(({ row, types, returns, place }) =>
        row.create({ types, returns, hold: run.hold, warn: (message) => run.warn(place, message) }),
      );
      return {
        add: ({ taken }, adding) => {
          adding.spend(1 + aggregates.length);
          for (const [index, accumulator] of accumulators.entries()) {
            const values = taken[index];
            if (values !== undefined) accumulator.add(values);
          }
        },
        row: (finishing) => {
          finishing.spend(1 + aggregates.length);
          const row: Row = { values: [], origin: undefined };
          for (const [index, column] of columns.entries()) row.values[column.slot()] = keys[index] ?? null;
          for (const [index, { slot, place }] of aggregates.entries()) {
            const result = accumulators[index]?.result() ?? null;
            row.values[slot] = finite(result, (message) => finishing.warn(place, message));
          }
          for (const { slot, evaluate } of outputs) row.values[slot] = evaluate(row, finishing);
          return row;
        },
      };
    },
  };
}

function groupRows({ contributionsOf, createGroup }: Grouping, grouped: boolean): Stage {
  return (next) => {
    const groups = new Map<string, Group>();
    const groupOf = (keys: readonly (Scalar | null)[], run: Run): Group => {
      const id = groupIdentity(keys);
      const known = groups.get(id);
      if (known !== undefined) return known;
      if (groups.size >= MOST_GROUPS) throw new BudgetError(`the query has more than ${MOST_GROUPS} groups`);
      const group = createGroup(keys, run);
      groups.set(id, group);
      return group;
    };
    return {
      push: (row, run) => {
        for (const contribution of contributionsOf(row, run)) groupOf(contribution.keys, run).add(contribution, run);
        return true;
      },
      finish: (run) => {
        if (!grouped) groupOf([], run);
        for (const group of groups.values()) if (!next.push(group.row(run), run)) break;
        next.finish(run);
      },
    };
  };
}

/** A text that identifies a group within one query. */
export function groupIdentity(keys: readonly (Scalar | null)[]): string {
  return keys.map((key) => (key === null ? '-' : `${String(key).length}:${key}`)).join(',');
}

/** All combinations of one value per key; duplicate values count once. */
function combinations(keys: readonly Value[]): readonly (readonly (Scalar | null)[])[] {
  if (!keys.some(isMany)) return [keys as readonly (Scalar | null)[]];
  let choices: (readonly (Scalar | null)[])[] = [[]];
  for (const key of keys) {
    const options = isMany(key) ? [...new Set(key)] : [key];
    if (choices.length * options.length > MOST_COMBINATIONS) {
      throw new BudgetError(`a row belongs to more than ${MOST_COMBINATIONS} groups`);
    }
    choices = choices.flatMap((choice) => options.map((option) => [...choice, option]));
  }
  return choices;
}
