import type { Predicate } from '../predicate/predicate.ts';
import { clip } from '../problem.ts';
import type { Punctuation, Token } from './lexer.ts';
import { type Advice, adviseColon } from './mistakes.ts';
import { fail, isSymbol, type Parser, peek, sourceOf } from './parser.ts';

const MOST_WORDS_SHOWN = 100;

/** A complete condition or value is followed by something other than a keyword or a closing parenthesis. */
export function failAfterCondition(parser: Parser): Predicate {
  const token = peek(parser);
  switch (token.kind) {
    case 'broken':
      return failBroken(parser, token);
    case 'symbol':
      return failAtSymbol(parser, token.start, token.symbol);
    case 'word':
    case 'quoted':
    case 'end': {
      const message = `expected \`and\` or \`or\` before \`${clip(sourceOf(parser, token))}\``;
      return fail(parser, token.start, message, 'join conditions with `and` or `or`');
    }
  }
}

/** A condition is missing: at the start, or after `and`, `or`, `not` or `(`. */
export function failMissingCondition(parser: Parser): Predicate {
  const token = peek(parser);
  const before = parser.tokens[parser.index - 1];
  if (token.kind === 'broken') return failBroken(parser, token);
  if (token.kind === 'end' || token.kind === 'word' || isSymbol(token, ')')) {
    if (isSymbol(before, '(') && token.kind === 'end') return failUnclosed(parser, before);
    if (before?.kind === 'word') {
      const message = `\`${sourceOf(parser, before)}\` has no condition to its right`;
      return fail(parser, before.start, message, 'write a condition after it, or remove it');
    }
    if (token.kind === 'word') {
      const message = `\`${sourceOf(parser, token)}\` has no condition to its left`;
      return fail(parser, token.start, message, 'write a condition before it, or remove it');
    }
    if (token.kind === 'symbol') return failAtSymbol(parser, token.start, token.symbol);
  }
  return fail(parser, token.start, `expected a condition, found \`${sourceOf(parser, token)}\``, 'write field:value');
}

/** A value is missing: after a colon, a comparison, a keyword or the parenthesis of a list. */
export function failMissingValue(parser: Parser): Predicate {
  const token = peek(parser);
  if (token.kind === 'broken') return failBroken(parser, token);
  const before = parser.tokens[parser.index - 1] ?? token;
  const found = sourceOf(parser, token);
  if (token.kind === 'symbol' && token.symbol !== ')') {
    if (isSymbol(before, ':') && /^[<>]/.test(found)) {
      return fail(
        parser,
        before.start,
        `a comparison takes no \`:\` before \`${found}\``,
        `write field ${found} value`,
      );
    }
    const hint = `if the \`${found}\` is part of the value, put the value in quotation marks`;
    return fail(parser, token.start, `expected a value, found \`${found}\``, hint);
  }
  if (token.kind === 'end' && isSymbol(before, '(')) return failUnclosed(parser, before);
  const hint = token.kind === 'word' ? `if \`${found}\` is the value, write "${found}"` : hintForValue(before);
  return fail(parser, before.start, `\`${sourceOf(parser, before)}\` has no value to its right`, hint);
}

/** An unbalanced parenthesis. */
export function failUnclosed(parser: Parser, open: Token | undefined): Predicate {
  return fail(parser, open?.start ?? 0, 'this `(` is never closed', 'add the closing `)`');
}

function hintForValue(before: Token): string {
  return isSymbol(before, ':') ? 'write a value, or * for any value' : 'write a value';
}

function failAtSymbol(parser: Parser, start: number, symbol: Punctuation): Predicate {
  const quote = `if the \`${symbol}\` is part of a value, write \\${symbol} or put the value in quotation marks`;
  switch (symbol) {
    case ':': {
      const { message, hint } = colonAdvice(parser);
      return fail(parser, start, message, hint);
    }
    case '(':
      return fail(parser, start, 'expected `and` or `or` before `(`', quote);
    case ')':
      return fail(parser, start, 'nothing opens this `)`', `remove it; ${quote}`);
    case '{':
    case '}':
    case '<':
    case '<=':
    case '>':
    case '>=':
      return fail(parser, start, `unexpected \`${symbol}\` after a value`, quote);
  }
}

/** Inspects the words of the value before the colon. */
function colonAdvice(parser: Parser): Advice {
  const words: string[] = [];
  let start = 0;
  for (let index = parser.index - 1; words.length < MOST_WORDS_SHOWN; index -= 1) {
    const token = parser.tokens[index];
    if (token?.kind !== 'word') break;
    start = token.start;
    words.unshift(clip(sourceOf(parser, token)));
  }
  if (words.length === 0)
    return { message: 'unexpected `:`', hint: 'write field:value, with `and` or `or` between conditions' };
  const whole = /^[^\s()"]*/.exec(parser.query.slice(start, start + 200))?.[0] ?? '';
  return adviseColon(words, whole);
}

/** Text that is not a token. */
export function failBroken(parser: Parser, token: Extract<Token, { readonly kind: 'broken' }>): Predicate {
  return fail(parser, token.start, token.message, token.hint);
}
