import type { Value } from '../predicate/function-row.ts';
import type { ArithmeticOperator } from '../predicate/predicate.ts';

/**
 * Arithmetic on two numbers; null for other values. A result that is not finite is null, including a division by zero.
 * Unless one of the two `isDouble`, integers divide as integers: 7 / 2 is 3. The remainder has the sign of the
 * dividend, as in Java.
 */
export function calculate(operator: ArithmeticOperator, left: Value, right: Value, isDouble: boolean): Value {
  if (typeof left !== 'number' || typeof right !== 'number') return null;
  const result = calculateDouble(operator, left, right);
  if (!Number.isFinite(result)) return null;
  const areIntegers = !isDouble && Number.isInteger(left) && Number.isInteger(right);
  return operator === '/' && areIntegers ? Math.trunc(result) : result;
}

/** Arithmetic on two doubles; a division by zero is not finite. */
export function calculateDouble(operator: ArithmeticOperator, left: number, right: number): number {
  switch (operator) {
    case '+':
      return left + right;
    case '-':
      return left - right;
    case '*':
      return left * right;
    case '/':
      return left / right;
    case '%':
      return left % right;
  }
}
