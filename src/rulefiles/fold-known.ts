import { compileTest } from '../query/match/compile-test.ts';
import type { Predicate } from '../query/predicate/predicate.ts';
import { FALSE, simplify, TRUE } from '../query/predicate/simplify.ts';

/**
 * Simplifies a condition with what is known of every event: fields that never have a value, and fields with a constant
 * value. `FALSE` means that no event can match.
 */
export function foldKnown(predicate: Predicate): Predicate {
  return simplify(fold(predicate));
}

function fold(predicate: Predicate): Predicate {
  switch (predicate.kind) {
    case 'any': {
      const { constant, neverSet, type } = predicate.field;
      if (neverSet === true) return FALSE;
      if (constant === undefined) return predicate;
      return compileTest(predicate.test, type)(constant) ? TRUE : FALSE;
    }
    case 'exists': {
      const { constant, neverSet } = predicate.field;
      return neverSet === true ? FALSE : constant === undefined ? predicate : TRUE;
    }
    case 'not':
      return { kind: 'not', operand: fold(predicate.operand) };
    case 'and':
    case 'or':
      return { kind: predicate.kind, operands: predicate.operands.map(fold) };
    case 'holds':
    case 'constant':
      return predicate;
  }
}
