import type { CompareOperator } from '../predicate/predicate.ts';

/** The operator with its sides exchanged: `1 < a` is `a > 1`. */
export const MIRRORED: Readonly<Record<CompareOperator, CompareOperator>> = {
  '==': '==',
  '!=': '!=',
  '<': '>',
  '<=': '>=',
  '>': '<',
  '>=': '<=',
};
