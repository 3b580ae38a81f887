import type { Command } from '../../query/esql/ast.ts';
import { parseEsql } from '../../query/esql/parse.ts';
import { passingConditions } from '../../query/esql/passing-conditions.ts';
import type { RuleDocument } from '../document.ts';

const MOST_SHOWN = 3;

/** Where a rule in ES|QL has another outcome than in Elastic, because of what its query asks for. In sentences. */
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
          `${shown}${more}: may hold after some events and no more after the next; firstseen looks after each event, Elastic at the end of each run of the rule only`,
        ]),
    ...(stats.groups.length === 0
      ? ['without BY Elastic has a row even if there are no events; firstseen looks when an event comes']
      : []),
  ];
}

function limitDifferences(commands: readonly Command[]): readonly string[] {
  const limit = commands.find((command) => command.kind === 'limit');
  if (limit === undefined) return [];
  const one = commands.some(({ kind }) => kind === 'stats') ? 'group' : 'event';
  return [`LIMIT ${limit.rows} is of all rows of a run in Elastic; here it is of the rows of one ${one}`];
}
