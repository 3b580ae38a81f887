import type { Field } from '../../ecs/field.ts';
import { parseKql } from '../kql/parse.ts';
import { fieldsOf } from '../predicate/fields-of.ts';
import type { Assignment, Command, Expression } from './ast.ts';

/**
 * The fields that a query reads, each once: those in its conditions, computations, groups and aggregates, not those
 * that only appear in its result. A name that a command redefines still counts, so the list may be too long but never
 * too short.
 */
export function fieldsRead(
  commands: readonly Command[],
  resolveField: (name: string) => Field | undefined,
): readonly Field[] {
  const fields = new Set<Field>();
  const addName = (name: string) => {
    const field = resolveField(name);
    if (field !== undefined) fields.add(field);
  };
  const add = (expression: Expression | undefined): void => {
    if (expression === undefined) return;
    if (expression.kind === 'column') addName(expression.name);
    if (expression.kind === 'call' && expression.name.toLowerCase() === 'kql') {
      const [text] = expression.arguments;
      const result = text?.kind === 'literal' ? parseKql(String(text.value), { resolveField }) : undefined;
      if (result?.kind === 'ok') for (const field of fieldsOf(result.predicate)) fields.add(field);
    }
    for (const operand of operandsOf(expression)) add(operand);
  };
  const addAll = (assignments: readonly Assignment[]) => {
    for (const { expression, where } of assignments) {
      add(expression);
      add(where);
    }
  };
  for (const command of commands) {
    switch (command.kind) {
      case 'where':
        add(command.condition);
        break;
      case 'eval':
      case 'row':
        addAll(command.columns);
        break;
      case 'stats':
        addAll(command.aggregates);
        addAll(command.groups);
        break;
      case 'grok':
      case 'dissect':
        add(command.input);
        break;
      case 'sort':
        for (const { expression } of command.keys) add(expression);
        break;
      case 'mvExpand':
        addName(command.name);
        break;
      case 'rename':
        for (const { from } of command.renamings) addName(from);
        break;
      default:
        break;
    }
  }
  return [...fields];
}

/** The direct subexpressions of an expression. */
export function operandsOf(expression: Expression): readonly Expression[] {
  switch (expression.kind) {
    case 'literal':
    case 'column':
      return [];
    case 'compare':
    case 'arithmetic':
      return [expression.left, expression.right];
    case 'and':
    case 'or':
      return expression.operands;
    case 'in':
      return [expression.operand, ...expression.list];
    case 'negate':
    case 'not':
    case 'isNull':
    case 'like':
    case 'rlike':
    case 'cast':
      return [expression.operand];
    case 'call':
      return expression.arguments;
  }
}
