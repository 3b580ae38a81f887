import { tokenize } from './lexer.ts';
import type { Span, Token } from './token.ts';

/**
 * A valid query as canonical text with the same meaning: one command a line, single spaces, no comments; names and
 * texts as written.
 */
export function formatQuery(query: string): string {
  return formatTokens(query, tokenize(query), '\n');
}

/** A part of a valid query, on one line. */
export function formatPart(query: string, { start, end }: Span): string {
  const tokens = tokenize(query).filter((token) => token.start >= start && token.end <= end);
  return formatTokens(query, tokens, ' ');
}

const OPENING: ReadonlySet<string> = new Set(['(', '[', '::', ':']);
const CLOSING: ReadonlySet<string> = new Set([')', ']', ',', '::', ':']);

/** @param beforePipe the text between two commands, before the pipe */
function formatTokens(query: string, tokens: readonly Token[], beforePipe: string): string {
  let text = '';
  let before: Token | undefined;
  for (const token of tokens) {
    if (token.kind === 'end') break;
    const written = query.slice(token.start, token.end);
    if (written === '|') text += `${beforePipe}|`;
    else text += before === undefined || isClose(before, token, written) ? written : ` ${written}`;
    before = token;
  }
  return text;
}

/** True if nothing goes between the two tokens. Signs stay attached or apart as written. */
function isClose(before: Token, token: Token, written: string): boolean {
  if (before.kind === 'symbol' && OPENING.has(before.symbol)) return true;
  if (written === '(') return before.end === token.start;
  if (token.kind === 'symbol') return CLOSING.has(token.symbol);
  return before.kind === 'symbol' && before.symbol === '-' && before.end === token.start;
}
