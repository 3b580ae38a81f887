import type { Command, Expression } from './ast.ts';
import { textOf } from './compiled.ts';
import { operandsOf } from './fields-read.ts';

/** How a column can change while rows join a group. */
type Course =
  /** It stays the same: a group key, a literal. */
  | 'fixed'
  /** It only grows. */
  | 'grows'
  /** It only falls. */
  | 'falls'
  /** Any change. */
  | 'any';

/** A condition, or its negation if not `positive`. */
interface Passing {
  readonly condition: Expression;
  readonly positive: boolean;
}

const GROWING: ReadonlySet<string> = new Set(['count', 'count_distinct', 'max', 'values', 'top', 'sum']);

/**
 * Conditions after STATS that a group can meet for a while and then no longer, as more rows join: an upper bound of a
 * count, an equality, a ratio. A search over the whole range may miss such a moment. As text, in query order.
 *
 * SUM counts as growing, which is true unless it adds negative numbers. MIN of a time falls, and a lower bound of it
 * concerns the first row, not later ones.
 */
export function passingConditions(commands: readonly Command[], query: string): readonly string[] {
  const stats = commands.findIndex(({ kind }) => kind === 'stats');
  const courses = new Map<string, Course>();
  const found: Passing[] = [];
  for (const command of stats === -1 ? [] : commands.slice(stats)) {
    switch (command.kind) {
      case 'stats':
        for (const { name } of command.groups) courses.set(name, 'fixed');
        for (const { name, expression } of command.aggregates) courses.set(name, courseOf(expression, courses));
        break;
      case 'eval':
        for (const { name, expression } of command.columns) courses.set(name, courseOf(expression, courses));
        break;
      case 'rename':
        for (const { from, to } of command.renamings) courses.set(to, courses.get(from) ?? 'any');
        break;
      case 'where':
        collect(command.condition, true, courses, found);
        break;
      default:
        break;
    }
  }
  return found.map(({ condition, positive }) => `${positive ? '' : 'NOT '}${textOf(query, condition)}`);
}

function courseOf(expression: Expression, courses: ReadonlyMap<string, Course>): Course {
  switch (expression.kind) {
    case 'literal':
      return 'fixed';
    case 'column':
      return courses.get(expression.name) ?? 'any';
    case 'call': {
      const name = expression.name.toLowerCase();
      if (GROWING.has(name)) return 'grows';
      if (name === 'min') return 'falls';
      return name !== 'now' && operandsOf(expression).every((operand) => courseOf(operand, courses) === 'fixed')
        ? 'fixed'
        : 'any';
    }
    default:
      return operandsOf(expression).every((operand) => courseOf(operand, courses) === 'fixed') ? 'fixed' : 'any';
  }
}

function collect(
  condition: Expression,
  positive: boolean,
  courses: ReadonlyMap<string, Course>,
  found: Passing[],
): void {
  if (condition.kind === 'and' || condition.kind === 'or') {
    for (const operand of condition.operands) collect(operand, positive, courses, found);
  } else if (condition.kind === 'not') {
    collect(condition.operand, !positive, courses, found);
  } else if (!stays(condition, positive, courses)) {
    found.push({ condition, positive });
  }
}

function stays(condition: Expression, positive: boolean, courses: ReadonlyMap<string, Course>): boolean {
  if (courseOf(condition, courses) === 'fixed') return true;
  if (condition.kind === 'isNull') {
    const course = courseOf(condition.operand, courses);
    return course !== 'any' && condition.negated === positive;
  }
  if (condition.kind !== 'compare') return false;
  const { operator, left, right } = condition;
  if (operator === '==' || operator === '!=') return false;
  const isLower = (operator === '>' || operator === '>=') === positive;
  const [least, most] = isLower ? [left, right] : [right, left];
  if (courseOf(least, courses) === 'falls') return true;
  return courseOf(least, courses) === 'grows' && courseOf(most, courses) === 'fixed';
}
