import { compileLike as compilePieces } from '../match/like.ts';
import type { LikePiece } from '../predicate/predicate.ts';
import { compileRegex } from '../regex/compile-regex.ts';
import type { ExpressionOf, Text } from './ast.ts';
import { type Compiled, CompileError, quoting } from './compiled.ts';
import { typeName } from './data-type.ts';
import { MULTI_VALUE } from './operand.ts';
import type { Row, Run } from './run.ts';
import { isMany, type Value } from './value.ts';

type Matches = (text: string) => boolean;

/** Lucene expressions that match any text, in the forms used in practice. */
const ANY_TEXT = /^(?:\.\*|@|\(\.\*\)|\(@\))+$/;

/**
 * `operand LIKE "pattern"`: the whole value, `*` for any text, `?` for one character, `\` escapes these and itself.
 * Elasticsearch turns a pattern that matches everything into IS NOT NULL, which is also true of several values; so does
 * this.
 * @throws CompileError
 */
export function compileLike(expression: ExpressionOf<'like' | 'rlike'>, operand: Compiled): Compiled {
  const all = expression.patterns.some(({ value }) => /^\*+$/.test(value));
  const matchers = expression.patterns.map((pattern) => compilePieces(piecesOf(pattern)));
  return compileMatch(expression, operand, all && matchers.length === 1, matchers);
}

/**
 * `operand RLIKE "expression"`: the whole value, in Lucene's syntax, in linear time. A pattern that matches everything
 * is handled as in `compileLike`.
 * @throws CompileError
 */
export function compileRlike(expression: ExpressionOf<'like' | 'rlike'>, operand: Compiled): Compiled {
  const all = expression.patterns.some(({ value }) => ANY_TEXT.test(value));
  const matchers = expression.patterns.map((pattern) => {
    const result = compileRegex(pattern.value, 'lucene');
    if (result.kind === 'ok') return result.matches;
    const { message, hint } = result.problem;
    throw new CompileError(pattern, `Invalid pattern for RLIKE: ${message}`, hint);
  });
  return compileMatch(expression, operand, all && matchers.length === 1, matchers);
}

function compileMatch(
  expression: ExpressionOf<'like' | 'rlike'>,
  operand: Compiled,
  all: boolean,
  matchers: readonly Matches[],
): Compiled {
  const { type, evaluate, constant } = operand;
  const { start, end } = expression;
  if (type !== 'keyword' && type !== 'null') {
    const operator = expression.kind.toUpperCase();
    const message = quoting`argument of [${expression}] must be [string], found value [${operand}] type [${typeName(type)}]`;
    throw new CompileError(operand, message, `write TO_STRING(…) ${operator} "…"`);
  }
  if (all) return { type: 'boolean', evaluate: (row, run) => evaluate(row, run) !== null, constant, start, end };
  const place = { start, end };
  const [first] = matchers;
  const matches: Matches =
    first !== undefined && matchers.length === 1 ? first : (text) => matchers.some((matcher) => matcher(text));
  const read = (row: Row, run: Run): Value => {
    const value = evaluate(row, run);
    if (value === null) return null;
    if (isMany(value)) return run.warn(place, MULTI_VALUE);
    const text = String(value);
    run.spend(matchers.length * (1 + (text.length >> 2)));
    return matches(text);
  };
  return { type: 'boolean', evaluate: read, constant, start, end };
}

/** The pieces of a LIKE pattern. @throws CompileError */
export function piecesOf(pattern: Text): readonly LikePiece[] {
  const { value } = pattern;
  const pieces: LikePiece[] = [];
  let literal = '';
  for (let at = 0; at < value.length; at += 1) {
    const character = value.charAt(at);
    if (character === '\\') {
      const next = value.charAt(at + 1);
      if (next === '' || !'*?\\'.includes(next)) {
        const hint =
          'in "…" write \\\\* for a literal asterisk, \\\\? for a question mark and \\\\\\\\ for a backslash';
        const problem = next === '' ? 'a backslash at the end escapes nothing' : `a backslash cannot escape ${next}`;
        throw new CompileError(pattern, `Invalid pattern for LIKE: ${problem}`, hint);
      }
      literal += next;
      at += 1;
    } else if (character === '*' || character === '?') {
      if (literal !== '') pieces.push({ literal });
      literal = '';
      pieces.push(character === '*' ? 'any' : 'one');
    } else {
      literal += character;
    }
  }
  if (literal !== '') pieces.push({ literal });
  return pieces;
}
