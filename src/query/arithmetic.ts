import type { Value } from './function-row.ts';
import type { ArithmeticOperator } from './predicate.ts';

/**
 * Of two numbers, else null. What is no finite number is null, a division by zero with it. Unless one of the two `isDouble`,
 * integers divide as integers: 7 / 2 is 3. The remainder has the sign of the dividend, as in Java.
 */
export function calculate(operator: ArithmeticOperator, left: Value, right: Value, isDouble: boolean): Value {
  if (typeof left !== 'number' || typeof right !== 'number') return null;
  const result = numberFrom(operator, left, right, isDouble);
  return Number.isFinite(result) ? result : null;
}

function numberFrom(operator: ArithmeticOperator, left: number, right: number, isDouble: boolean): number {
  switch (operator) {
    case '+':
      return left + right;
    case '-':
      return left - right;
    case '*':
      return left * right;
    case '/': {
      const areIntegers = !isDouble && Number.isInteger(left) && Number.isInteger(right);
      return areIntegers ? Math.trunc(left / right) : left / right;
    }
    case '%':
      return left % right;
  }
}
