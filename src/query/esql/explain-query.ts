import type { Assignment, Command, CommandOf, Expression } from './ast.ts';
import { formatPart } from './format-query.ts';

/**
 * A query in words, command by command; expressions as canonical text.
 * @param query the text of the commands
 */
export function explainQuery(commands: readonly Command[], query: string): readonly string[] {
  const steps = commands.flatMap((command) => stepOf(command, query));
  return steps.flatMap(([first = '', ...more], index) => [
    `${index + 1}. ${first}`,
    ...more.map((line) => `   ${line}`),
  ]);
}

/** The lines for a command; none if there is nothing to say. */
export function stepOf(command: Command, query: string): readonly (readonly string[])[] {
  const text = (part: Expression) => formatPart(query, part);
  switch (command.kind) {
    case 'from':
      return [];
    case 'row':
      return [[`one row, with ${list(command.columns.map((each) => assignment(each, query)))}`]];
    case 'where':
      return [whereOf(command, query)];
    case 'eval':
      return [['for each row, compute:', ...command.columns.map((each) => `- ${assignment(each, query)}`)]];
    case 'stats':
      return [statsOf(command, query)];
    case 'keep':
      return [[`keep the columns ${list(command.names.map(({ pieces }) => pieces.join('*')))}`]];
    case 'drop':
      return [[`drop the columns ${list(command.names.map(({ pieces }) => pieces.join('*')))}`]];
    case 'rename':
      return [[`${list(command.renamings.map(({ from, to }) => `${from} is called ${to}`))}`]];
    case 'grok':
    case 'dissect': {
      const patterns = command.kind === 'grok' ? command.patterns : [command.pattern];
      const shown = patterns.map((pattern) => formatPart(query, pattern)).join(' or ');
      return [[`from ${text(command.input)} is taken what the pattern ${shown} names; where it does not fit: null`]];
    }
    case 'mvExpand':
      return [[`one row for each value of ${command.name}`]];
    case 'sort': {
      const keys = command.keys.map((key) => `${text(key.expression)}${key.descending ? ' (descending)' : ''}`);
      return [[`the rows are sorted by ${list(keys)}`]];
    }
    case 'limit':
      return [[`at most ${command.rows} rows`]];
  }
}

function whereOf({ condition }: CommandOf<'where'>, query: string): readonly string[] {
  if (condition.kind !== 'and') return [`rows for which ${formatPart(query, condition)}`];
  return ['rows for which all of these are true:', ...condition.operands.map((part) => `- ${formatPart(query, part)}`)];
}

function statsOf({ aggregates, groups }: CommandOf<'stats'>, query: string): readonly string[] {
  const by = groups.map((each) => assignment(each, query));
  const head = by.length === 0 ? 'of all rows together' : `of the rows with the same ${list(by)}`;
  return [`${head}:`, ...aggregates.map((each) => `- ${assignment(each, query)}`)];
}

function assignment({ name, expression, where }: Assignment, query: string): string {
  const text = formatPart(query, expression);
  const named = text === name || `\`${name}\`` === text ? name : `${name} = ${text}`;
  return where === undefined ? named : `${named}, of those for which ${formatPart(query, where)}`;
}

/** `a`, `a and b`, `a, b and c`. */
function list(names: readonly string[]): string {
  const [last = '', ...before] = names.toReversed();
  return before.length === 0 ? last : `${before.toReversed().join(', ')} and ${last}`;
}
