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

/** What a command makes of the rows that an event has become. */
export interface TracedCommand {
  readonly command: Command;
  /** How many rows it leaves. */
  readonly rows: number;
  /** The columns that it makes, those with a value. */
  readonly made: readonly ShownColumn[];
  /** Only of WHERE. */
  readonly condition?: TracedCondition;
  /** Why it was given up. */
  readonly exceeded?: string;
}

/** What a condition, or a part of it, comes to on the rows before it. */
export interface TracedCondition {
  readonly expression: Expression;
  /** As canonical text. */
  readonly text: string;
  /** True if it is so of one row or more; null if it is neither true nor false of any. */
  readonly outcome: boolean | null;
  /** The values of the columns that it reads; only of one that is no `AND`, `OR` or `NOT`. */
  readonly read: readonly ShownColumn[];
  /** The columns that it reads and that have no value. */
  readonly absent: readonly string[];
  /** The parts of an `AND`, `OR` or `NOT`. */
  readonly parts: readonly TracedCondition[];
}

/**
 * Runs a valid query on one event, command by command, up to the one that leaves no row, or to the one before STATS.
 * Each step runs all commands before it anew: this is to explain, not to judge many events.
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

  /** The rows after these commands: of some columns, or all that there are. */
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
