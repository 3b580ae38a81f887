import type { DecodedEvent } from '../../audit/event.ts';
import type { Field } from '../../ecs/field.ts';
import type { Command } from './ast.ts';
import { type Attempt, attemptOf, nowAt, RULE_LIMITS } from './attempt.ts';
import type { CompiledQuery } from './compile.ts';
import { type ShownColumn, showColumns } from './shown-column.ts';
import { startQuery } from './start.ts';

/** A query without STATS: it says whether any row of an event remains, and what it holds. */
export interface RowQuery {
  readonly kind: 'rows';
  /**
   * The columns that the query made, if a row of the event remains; undefined otherwise. With several rows, the
   * distinct values are combined. Texts are cut.
   */
  readonly evaluate: (event: DecodedEvent) => Attempt<readonly ShownColumn[] | undefined>;
}

export function rowQuery(
  query: CompiledQuery<DecodedEvent>,
  commands: readonly Command[],
  resolveField: (name: string) => Field | undefined,
): RowQuery {
  const made = namesMade(commands);
  const isMade = ({ name }: { readonly name: string }) => {
    const field = resolveField(name);
    return made.has(name) || ((field === undefined || field.neverSet === true) && !name.startsWith('_'));
  };
  // If no row remains, nothing more is read; otherwise only what the alert shows.
  const columns = query.columns.filter(isMade);
  const outputs = query.outputs.filter((_, index) => query.columns.slice(index, index + 1).some(isMade));
  const shown: CompiledQuery<DecodedEvent> = { ...query, columns, outputs };
  return {
    kind: 'rows',
    evaluate: (event) => {
      const running = startQuery(shown, nowAt(event.at), RULE_LIMITS);
      running.push(event);
      const { rows, exceeded } = running.finish();
      return attemptOf(exceeded, rows.length === 0 ? undefined : showColumns(columns, rows));
    },
  };
}

/** The names that commands define. Names from GROK and DISSECT are not fields, or are fields that no event has. */
function namesMade(commands: readonly Command[]): ReadonlySet<string> {
  return new Set(
    commands.flatMap((command) => {
      if (command.kind === 'eval') return command.columns.map(({ name }) => name);
      return command.kind === 'rename' ? command.renamings.map(({ to }) => to) : [];
    }),
  );
}
