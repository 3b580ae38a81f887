import type { DecodedEvent } from '../../audit/event.ts';
import type { Field } from '../../ecs/field.ts';
import { FIELDS } from '../../ecs/fields.ts';
import type { Predicate } from '../predicate/predicate.ts';
import { type Problem, problemAt } from '../problem.ts';
import type { Command } from './ast.ts';
import { compileEsql } from './compile.ts';
import { createEventTable } from './event-table.ts';
import { fieldsRead } from './fields-read.ts';
import { type GroupedQuery, groupedQuery } from './grouped-query.ts';
import { parseEsql } from './parse.ts';
import { requiredOf } from './required-of.ts';
import { type RowQuery, rowQuery } from './row-query.ts';

/** A query as a rule runs it: event by event. */
export interface RuleQuery {
  readonly commands: readonly Command[];
  /** What every event that counts must satisfy; see `requiredOf`. */
  readonly condition: Predicate;
  /** The fields that it reads; see `fieldsRead`. */
  readonly reads: readonly Field[];
  readonly run: RowQuery | GroupedQuery;
}

export type RuleQueryResult =
  | { readonly kind: 'pipeline'; readonly query: RuleQuery }
  | { readonly kind: 'invalid'; readonly problems: readonly Problem[] };

export interface RuleQueryFields {
  readonly resolveField: (name: string) => Field | undefined;
  readonly suggestField?: (name: string) => string | undefined;
}

/**
 * Reads an ES|QL query for a rule. Without STATS, the whole query runs on each event alone. With STATS, the rows before
 * it are kept by group, and the commands after it run on the one row of each group. Anything that only makes sense for
 * a search over many rows is refused by name. Never throws.
 */
export function parseRuleQuery(source: string, { resolveField, suggestField }: RuleQueryFields): RuleQueryResult {
  const parsed = parseEsql(source);
  if (parsed.kind === 'invalid') return parsed;
  const { commands } = parsed;
  const problems = refusals(commands, source);
  if (problems.length > 0) return { kind: 'invalid', problems };
  const suggest = suggestField ?? (() => undefined);
  const table = createEventTable({ listed: FIELDS, resolveField, suggestField: suggest });
  const compiled = compileEsql<DecodedEvent>(source, table);
  if (compiled.kind === 'invalid') return compiled;
  return {
    kind: 'pipeline',
    query: {
      commands,
      condition: requiredOf(compiled.query.conditions, resolveField),
      reads: fieldsRead(commands, resolveField),
      run: groupedQuery(compiled.query) ?? rowQuery(compiled.query, commands, resolveField),
    },
  };
}

/** Constructs that a rule cannot support, because it sees one event at a time. */
function refusals(commands: readonly Command[], source: string): readonly Problem[] {
  const [first] = commands;
  if (first?.kind === 'row') {
    return [
      problemAt(source, first.start, 'a rule reads events, but ROW makes a table of its own', 'write FROM logs-*'),
    ];
  }
  const stats = commands.findIndex(({ kind }) => kind === 'stats');
  return commands.flatMap((command, index): Problem[] => {
    if (command.kind === 'stats' && index > stats) {
      const message = 'a rule evaluates each group on its own, so a second STATS has nothing to aggregate';
      return [problemAt(source, command.start, message, 'compute everything in the first STATS')];
    }
    if (command.kind === 'limit' && (index < stats || command.rows === 0)) {
      const message =
        command.rows === 0
          ? 'LIMIT 0 leaves no row, so the rule could never fire'
          : 'LIMIT before STATS takes the first rows of a search, but a rule sees one event at a time';
      return [problemAt(source, command.start, message, 'remove it')];
    }
    return [];
  });
}
