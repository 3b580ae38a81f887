import type { LikePiece, Test } from '../predicate/predicate.ts';

/** Lucene's regular expressions with all optional operators. */
const REGEX_OPERATORS = /[.?+*|{}[\]()"\\#@&<>~]/;

/** The value equals this text. */
export function equalsTest(text: string, caseless: boolean): Test {
  return caseless ? { kind: 'equals', value: text, caseless } : { kind: 'equals', value: text };
}

/**
 * The value matches a pattern with `*` for any text and `?` for one character. Nothing escapes them: a backslash is a
 * plain character, as in Elasticsearch (`toLikePattern` of x-pack/plugin/eql).
 */
export function likeTest(pattern: string, caseless: boolean): Test {
  if (!/[*?]/.test(pattern)) return equalsTest(pattern, caseless);
  if (!pattern.includes('?')) {
    const parts = pattern.replace(/\*+/g, '*').split('*');
    return caseless ? { kind: 'wildcard', parts, caseless } : { kind: 'wildcard', parts };
  }
  const pieces = pattern
    .split(/(\*+|\?)/)
    .filter((piece) => piece !== '')
    .map((piece): LikePiece => (piece.startsWith('*') ? 'any' : piece === '?' ? 'one' : { literal: piece }));
  return caseless ? { kind: 'like', pieces, caseless } : { kind: 'like', pieces };
}

/** The value begins with, ends with or contains this text; `parts` are those of a wildcard. */
export function containsTest(parts: readonly string[], caseless: boolean): Test {
  return caseless ? { kind: 'wildcard', parts, caseless } : { kind: 'wildcard', parts };
}

/** A regular expression that matches only its own text. */
export function isPlainText(source: string): boolean {
  return !REGEX_OPERATORS.test(source);
}

/** The whole value matches a valid regular expression. */
export function regexTest(source: string, caseless: boolean): Test {
  const test = { kind: 'regex', source, syntax: 'lucene' } as const;
  return caseless ? { ...test, caseless } : test;
}
