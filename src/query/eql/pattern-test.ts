import type { LikePiece, Test } from '../predicate/predicate.ts';

/** Of Lucene's regular expressions with all of its optional operators. */
const REGEX_OPERATORS = /[.?+*|{}[\]()"\\#@&<>~]/;

/** The value is this text. */
export function equalsTest(text: string, caseless: boolean): Test {
  return caseless ? { kind: 'equals', value: text, caseless } : { kind: 'equals', value: text };
}

/**
 * The value matches a pattern in which `*` stands for any text and `?` for one character. Nothing escapes them: a backslash is a
 * character like others, as in Elasticsearch (`toLikePattern` of x-pack/plugin/eql).
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

/** The value has this text at its start, at its end or anywhere: `parts` are those of a wildcard. */
export function containsTest(parts: readonly string[], caseless: boolean): Test {
  return caseless ? { kind: 'wildcard', parts, caseless } : { kind: 'wildcard', parts };
}

/** A regular expression that only its own text matches. */
export function isPlainText(source: string): boolean {
  return !REGEX_OPERATORS.test(source);
}

/** The whole value matches a regular expression, which is valid. */
export function regexTest(source: string, caseless: boolean): Test {
  const test = { kind: 'regex', source, syntax: 'lucene' } as const;
  return caseless ? { ...test, caseless } : test;
}
