import type { DecodedEvent } from '../../audit/event.ts';
import type { Field } from '../../ecs/field.ts';
import type { Command } from './ast.ts';
import { type Attempt, attemptOf, nowAt, RULE_LIMITS } from './attempt.ts';
import type { CompiledQuery } from './compile.ts';
import { type ShownColumn, showColumns } from './shown-column.ts';
import { startQuery } from './start.ts';

/** A query without STATS: it says of each event whether rows are left of it, and what they say. */
export interface RowQuery {
  readonly kind: 'rows';
  /**
   * What the columns say that the query has made, if a row is left of the event; undefined if none is. Of several rows
   * the different values stand together. Texts are cut.
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
  // Of an event that no row is left of nothing else is read, and of another one what its alert shows.
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

/** The names that commands give; those of GROK and DISSECT are no names of fields, or else fields that nothing has. */
function namesMade(commands: readonly Command[]): ReadonlySet<string> {
  return new Set(
    commands.flatMap((command) => {
      if (command.kind === 'eval') return command.columns.map(({ name }) => name);
      return command.kind === 'rename' ? command.renamings.map(({ to }) => to) : [];
    }),
  );
}
