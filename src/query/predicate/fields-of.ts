import type { Field } from '../../ecs/field.ts';
import { partsOf } from './parts-of.ts';
import type { Expression, Predicate } from './predicate.ts';

/** The fields that a condition mentions, each once, in order of first mention. */
export function fieldsOf(predicate: Predicate): readonly Field[] {
  const fields = new Set<Field>();
  collect(predicate, fields);
  return [...fields];
}

function collect(predicate: Predicate, fields: Set<Field>): void {
  switch (predicate.kind) {
    case 'any':
    case 'exists':
      fields.add(predicate.field);
      return;
    case 'not':
      collect(predicate.operand, fields);
      return;
    case 'and':
    case 'or':
      for (const operand of predicate.operands) collect(operand, fields);
      return;
    case 'constant':
      return;
    case 'holds':
      collectFrom(predicate.expression, fields);
      return;
  }
}

function collectFrom(expression: Expression, fields: Set<Field>): void {
  switch (expression.kind) {
    case 'field':
      fields.add(expression.field);
      return;
    case 'matches':
      collect(expression.predicate, fields);
      return;
    default:
      for (const part of partsOf(expression)) collectFrom(part, fields);
  }
}
