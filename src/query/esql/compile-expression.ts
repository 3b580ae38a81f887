import type { Expression, ExpressionOf } from './ast.ts';
import { compileArithmetic, compileNegation } from './compile-arithmetic.ts';
import { compileCall } from './compile-call.ts';
import { compileComparison, compileIn } from './compile-comparison.ts';
import { compileLike, compileRlike } from './compile-like.ts';
import { type Compiled, CompileError, type Environment, oneLine, quoting } from './compiled.ts';
import { mayConvert } from './convert.ts';
import { isSpan, typeName } from './data-type.ts';
import { castLiteral, convertAll, readSlot, single } from './operand.ts';
import type { Row, Run } from './run.ts';
import type { Value } from './value.ts';

/** Type-checks an expression and compiles it to a function of a row. @throws CompileError */
export function compileExpression(expression: Expression, environment: Environment): Compiled {
  const { start, end } = expression;
  const compile = (inner: Expression) => compileExpression(inner, environment);
  switch (expression.kind) {
    case 'literal': {
      const { value, type } = expression;
      return { type, evaluate: () => value, literal: { value }, constant: true, start, end };
    }
    case 'column':
      return compileColumn(expression, environment);
    case 'compare':
      return compileComparison(expression, compile(expression.left), compile(expression.right));
    case 'in':
      return compileIn(expression, compile(expression.operand), expression.list.map(compile));
    case 'like':
      return compileLike(expression, compile(expression.operand));
    case 'rlike':
      return compileRlike(expression, compile(expression.operand));
    case 'arithmetic':
      return compileArithmetic(expression, compile(expression.left), compile(expression.right));
    case 'negate':
      return compileNegation(expression, compile(expression.operand));
    case 'and':
    case 'or':
      return compileJunction(expression, expression.operands.map(compile));
    case 'not':
      return compileNot(expression, compile(expression.operand));
    case 'isNull': {
      const { evaluate, constant } = compile(expression.operand);
      const { negated } = expression;
      return {
        type: 'boolean',
        evaluate: (row, run) => (evaluate(row, run) === null) !== negated,
        constant,
        start,
        end,
      };
    }
    case 'cast':
      return compileCast(expression, compile(expression.operand));
    case 'call':
      return environment.aggregate?.(expression) ?? compileCall(expression, environment, compile);
  }
}

/** Type-checks a condition. @throws CompileError if it is not boolean or null */
export function compileCondition(expression: Expression, environment: Environment): Compiled {
  const compiled = compileExpression(expression, environment);
  requireBoolean(compiled, 'Condition expression needs to be boolean, found');
  return compiled;
}

function compileColumn({ name, start, end }: ExpressionOf<'column'>, environment: Environment): Compiled {
  const column = environment.column(name);
  if (column === undefined) {
    const close = environment.suggestColumn(name);
    const hint = close === undefined ? undefined : `did you mean ${close}?`;
    throw new CompileError({ start, end }, `unknown column \`${oneLine(name)}\``, hint);
  }
  return { type: column.type, evaluate: readSlot(column.slot()), constant: false, start, end };
}

/**
 * Kleene logic: false decides AND, true decides OR, whatever the others are. A value with several entries counts as
 * null.
 */
function compileJunction({ kind, start, end }: ExpressionOf<'and' | 'or'>, operands: readonly Compiled[]): Compiled {
  for (const operand of operands) requireBoolean(operand, `[${kind.toUpperCase()}] takes booleans, found`);
  const decisive = kind === 'or';
  const evaluators = operands.map((operand) => single(operand));
  const evaluate = (row: Row, run: Run): Value => {
    let known = true;
    for (const operand of evaluators) {
      const value = operand(row, run);
      if (value === decisive) return decisive;
      if (value === null) known = false;
    }
    return known ? !decisive : null;
  };
  return { type: 'boolean', evaluate, constant: operands.every(({ constant }) => constant), start, end };
}

function compileNot({ start, end }: ExpressionOf<'not'>, operand: Compiled): Compiled {
  requireBoolean(operand, 'argument of [NOT] must be [boolean], found');
  const read = single(operand);
  const evaluate = (row: Row, run: Run): Value => {
    const value = read(row, run);
    return value === null ? null : value !== true;
  };
  return { type: 'boolean', evaluate, constant: operand.constant, start, end };
}

function requireBoolean(operand: Compiled, message: string): void {
  if (operand.type === 'boolean' || operand.type === 'null') return;
  const text = quoting`${message} [${operand}] of type [${typeName(operand.type)}]`;
  throw new CompileError(operand, text, 'compare it with a value, or test it with IS NOT NULL');
}

function compileCast({ type, start, end }: ExpressionOf<'cast'>, operand: Compiled): Compiled {
  const from = operand.type;
  if (from !== 'null' && !mayConvert(from, type)) {
    const message = quoting`[${operand}] is of type [${typeName(from)}], which cannot be converted to [${typeName(type)}]`;
    throw new CompileError({ start, end }, message);
  }
  if (operand.literal !== undefined && isSpan(type)) return castLiteral(operand, type);
  if (isSpan(type) && from !== type) {
    throw new CompileError({ start, end }, `a time span must be a literal, as in "5 minutes"::${type}`);
  }
  return { type, evaluate: convertAll(operand, type), constant: operand.constant, start, end };
}
