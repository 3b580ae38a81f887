import type { Field } from '../ecs/field.ts';
import type { Predicate } from '../query/predicate/predicate.ts';
import { FALSE, simplify } from '../query/predicate/simplify.ts';

/**
 * Projects a condition onto some fields: a condition on those fields alone that holds on every event on which the whole
 * one holds, as strong as the structure allows. Undefined if the condition requires nothing of them.
 *
 * The rule index uses it to find the rules that can still match, given the value of a field. `FALSE` means that no
 * event can match. Fields are compared by identity. Expressions require nothing, which keeps null and evaluation cost
 * out of the index.
 */
export function projectOnto(predicate: Predicate, ...fields: readonly Field[]): Predicate | undefined {
  const projection = project(predicate, fields, true);
  if (projection === undefined) return undefined;
  const simple = simplify(projection);
  return simple.kind === 'constant' && simple.value ? undefined : simple;
}

/** Projects the condition (`positive`) or its negation, which moves inwards: not (a or b) requires not a. */
function project(predicate: Predicate, fields: readonly Field[], positive: boolean): Predicate | undefined {
  switch (predicate.kind) {
    case 'any':
    case 'exists':
      if (!fields.includes(predicate.field)) return undefined;
      return positive ? predicate : { kind: 'not', operand: predicate };
    case 'constant':
      return predicate.value === positive ? undefined : FALSE;
    case 'holds':
      return undefined;
    case 'not':
      return project(predicate.operand, fields, !positive);
    case 'and':
    case 'or': {
      const everyOperand = (predicate.kind === 'and') === positive;
      return everyOperand
        ? projectAll(predicate.operands, fields, positive)
        : projectEither(predicate.operands, fields, positive);
    }
  }
}

function projectAll(
  operands: readonly Predicate[],
  fields: readonly Field[],
  positive: boolean,
): Predicate | undefined {
  const required: Predicate[] = [];
  for (const operand of operands) {
    const projection = project(operand, fields, positive);
    if (projection !== undefined) required.push(projection);
  }
  return required.length === 0 ? undefined : { kind: 'and', operands: required };
}

function projectEither(
  operands: readonly Predicate[],
  fields: readonly Field[],
  positive: boolean,
): Predicate | undefined {
  const required: Predicate[] = [];
  for (const operand of operands) {
    const projection = project(operand, fields, positive);
    if (projection === undefined) return undefined;
    required.push(projection);
  }
  return { kind: 'or', operands: required };
}
