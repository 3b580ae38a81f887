import type { Command } from '../../query/esql/ast.ts';
import { parseEsql } from '../../query/esql/parse.ts';
import { passingConditions } from '../../query/esql/passing-conditions.ts';
import type { RuleDocument } from '../document.ts';

const MOST_SHOWN = 3;

/** Where the outcome of an ES|QL rule differs from Elastic because of its query. In sentences. */
export function pipelineDifferences({ language, query }: RuleDocument): readonly string[] {
  if (language !== 'esql') return [];
  const parsed = parseEsql(query);
  if (parsed.kind === 'invalid') return [];
  const { commands } = parsed;
  return [...limitDifferences(commands), ...statsDifferences(commands, query)];
}

function statsDifferences(commands: readonly Command[], query: string): readonly string[] {
  const stats = commands.find((command) => command.kind === 'stats');
  if (stats === undefined) return [];
  const passing = passingConditions(commands, query);
  const shown = passing.slice(0, MOST_SHOWN).join(', ');
  const more = passing.length > MOST_SHOWN ? ` and ${passing.length - MOST_SHOWN} more` : '';
  return [
    ...(passing.length === 0
      ? []
      : [
          `${shown}${more}: may become true and then false again as events arrive; firstseen checks after each event, Elastic only at the end of each run of the rule`,
        ]),
    ...(stats.groups.length === 0
      ? ['without BY, Elastic returns a row even without events; firstseen evaluates only when an event arrives']
      : []),
  ];
}

function limitDifferences(commands: readonly Command[]): readonly string[] {
  const limit = commands.find((command) => command.kind === 'limit');
  if (limit === undefined) return [];
  const one = commands.some(({ kind }) => kind === 'stats') ? 'group' : 'event';
  return [`LIMIT ${limit.rows} applies to all rows of a run in Elastic; here it applies to the rows of one ${one}`];
}
