import type { Expression } from './predicate.ts';

/** The direct subexpressions of an expression, in written order. */
export function partsOf(expression: Expression): readonly Expression[] {
  switch (expression.kind) {
    case 'literal':
    case 'field':
    case 'matches':
      return [];
    case 'call':
      return expression.arguments;
    case 'compare':
    case 'arithmetic':
      return [expression.left, expression.right];
    case 'and':
    case 'or':
      return expression.operands;
    case 'in':
      return [expression.operand, ...expression.list];
    case 'not':
    case 'isNull':
    case 'test':
    case 'negate':
      return [expression.operand];
  }
}
