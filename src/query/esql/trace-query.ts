import type { DecodedEvent } from '../../audit/event.ts';
import { FIELDS } from '../../ecs/fields.ts';
import type { Command, CommandOf, Expression } from './ast.ts';
import { nowAt, RULE_LIMITS } from './attempt.ts';
import { compileParsed } from './compile.ts';
import { createEventTable } from './event-table.ts';
import { operandsOf } from './fields-read.ts';
import { formatPart } from './format-query.ts';
import { parseEsql } from './parse.ts';
import type { RuleQueryFields } from './rule-query.ts';
import { type ShownColumn, showColumns } from './shown-column.ts';
import { startQuery } from './start.ts';

/** The effect of one command on the rows of an event. */
export interface TracedCommand {
  readonly command: Command;
  /** How many rows remain. */
  readonly rows: number;
  /** The columns that it sets, those with a value. */
  readonly made: readonly ShownColumn[];
  /** For WHERE only. */
  readonly condition?: TracedCondition;
  /** Why the execution was stopped. */
  readonly exceeded?: string;
}

/** The outcome of a condition, or of a part of it, on the rows before it. */
export interface TracedCondition {
  readonly expression: Expression;
  /** As canonical text. */
  readonly text: string;
  /** True if it holds for at least one row; null if it is neither true nor false on any. */
  readonly outcome: boolean | null;
  /** The values of the columns that it reads; only for parts other than `AND`, `OR` and `NOT`. */
  readonly read: readonly ShownColumn[];
  /** The columns that it reads and that have no value. */
  readonly absent: readonly string[];
  /** The parts of an `AND`, `OR` or `NOT`. */
  readonly parts: readonly TracedCondition[];
}

/**
 * Runs a valid query on one event, command by command, up to the command that leaves no row, or up to STATS. Each step
 * runs all commands before it again: this is for explaining, not for evaluating many events.
 */
export function traceQuery(
  source: string,
  event: DecodedEvent,
  { resolveField, suggestField = () => undefined }: RuleQueryFields,
): readonly TracedCommand[] {
  const parsed = parseEsql(source);
  if (parsed.kind === 'invalid') return [];
  const { commands } = parsed;
  const table = createEventTable({ listed: FIELDS, resolveField, suggestField });

  /** The rows after these commands: for some columns, or for all. */
  function run(prefix: readonly Command[], names?: readonly string[]): Outcome {
    const compiled = compileParsed(source, prefix, table);
    if (compiled.kind === 'invalid') return { rows: 0, shown: [] };
    const { query } = compiled;
    const wanted = query.columns.flatMap((column, index) =>
      names?.includes(column.name) ? query.outputs.slice(index, index + 1).map((output) => ({ column, output })) : [],
    );
    const columns = wanted.map(({ column }) => column);
    const running = startQuery(
      { ...query, columns, outputs: wanted.map(({ output }) => output) },
      nowAt(event.at),
      RULE_LIMITS,
    );
    running.push(event);
    const { rows, exceeded } = running.finish();
    return { rows: rows.length, shown: showColumns(columns, rows), ...(exceeded !== undefined && { exceeded }) };
  }

  function namesMadeBy(command: Command, before: readonly Command[]): readonly string[] {
    switch (command.kind) {
      case 'eval':
        return command.columns.map(({ name }) => name);
      case 'rename':
        return command.renamings.map(({ to }) => to);
      case 'mvExpand':
        return [command.name];
      case 'grok':
      case 'dissect': {
        const [earlier, later] = [before, [...before, command]].map((prefix) => columnsOf(prefix));
        return later?.filter((name) => !earlier?.includes(name)) ?? [];
      }
      default:
        return [];
    }
  }

  function columnsOf(prefix: readonly Command[]): readonly string[] {
    const compiled = compileParsed(source, prefix, table);
    return compiled.kind === 'ok' ? compiled.query.columns.map(({ name }) => name) : [];
  }

  function judge(before: readonly Command[], expression: Expression): TracedCondition {
    const where = (condition: Expression): CommandOf<'where'> => ({ ...expression, kind: 'where', condition });
    const holds = run([...before, where(expression)]).rows > 0;
    const isNull: Expression = { ...expression, kind: 'isNull', operand: expression, negated: false };
    const isUnknown = !holds && run([...before, where(isNull)]).rows > 0;
    const isJunction = expression.kind === 'and' || expression.kind === 'or' || expression.kind === 'not';
    const names = isJunction ? [] : columnsIn(expression);
    const read = names.length === 0 ? [] : run(before, names).shown;
    return {
      expression,
      text: formatPart(source, expression),
      outcome: holds || (isUnknown ? null : false),
      read,
      absent: names.filter((name) => !read.some((column) => column.name === name)),
      parts: isJunction ? operandsOf(expression).map((operand) => judge(before, operand)) : [],
    };
  }

  const traced: TracedCommand[] = [];
  for (const [index, command] of commands.entries()) {
    if (command.kind === 'stats') break;
    if (index === 0) continue;
    const before = commands.slice(0, index);
    const { rows, shown, exceeded } = run([...before, command], namesMadeBy(command, before));
    traced.push({
      command,
      rows,
      made: shown,
      ...(command.kind === 'where' && { condition: judge(before, command.condition) }),
      ...(exceeded !== undefined && { exceeded }),
    });
    if (rows === 0) break;
  }
  return traced;
}

interface Outcome {
  readonly rows: number;
  readonly shown: readonly ShownColumn[];
  readonly exceeded?: string;
}

function columnsIn(expression: Expression): readonly string[] {
  const own = expression.kind === 'column' ? [expression.name] : [];
  return [...new Set([...own, ...operandsOf(expression).flatMap(columnsIn)])];
}
