/** A piece of a text in a Sigma rule: literal text, `*` for any text, `?` for any one character. */
export type TextPiece = { readonly literal: string } | 'any' | 'one';

/** A pattern of the whole value. No two literals and no two `any` stand side by side; no pieces: the empty text. */
export type TextPattern = readonly TextPiece[];

/**
 * The pattern that a text of a rule stands for. A backslash makes a wildcard or a backslash behind it literal; before
 * anything else, and at the end, it stands for itself.
 * @see https://sigmahq.io specification v2, "Escaping"; pySigma `SigmaString` does the same with a trailing backslash
 */
export function parseText(text: string): TextPattern {
  const pieces: TextPiece[] = [];
  let literal = '';
  const flush = (): void => {
    if (literal !== '') pieces.push({ literal });
    literal = '';
  };
  for (let at = 0; at < text.length; at += 1) {
    const character = text.charAt(at);
    const next = text.charAt(at + 1);
    if (character === '\\' && next !== '' && '\\*?'.includes(next)) {
      literal += next;
      at += 1;
    } else if (character === '*' || character === '?') {
      flush();
      const piece = character === '*' ? 'any' : 'one';
      if (piece === 'one' || pieces.at(-1) !== 'any') pieces.push(piece);
    } else {
      literal += character;
    }
  }
  flush();
  return pieces;
}

/** The pattern of one literal text. */
export function literalText(text: string): TextPattern {
  return text === '' ? [] : [{ literal: text }];
}

/** The same with any text before it. */
export function anyBefore(pattern: TextPattern): TextPattern {
  return pattern[0] === 'any' ? pattern : ['any', ...pattern];
}

/** The same with any text behind it. */
export function anyBehind(pattern: TextPattern): TextPattern {
  return pattern.at(-1) === 'any' ? pattern : [...pattern, 'any'];
}

/** The text, if the pattern has no wildcards. */
export function plainText(pattern: TextPattern): string | undefined {
  const [only] = pattern;
  if (only === undefined) return '';
  return pattern.length === 1 && typeof only === 'object' ? only.literal : undefined;
}

/**
 * True if the pattern is that of this text in any letter case. Quadratic at worst: for the few words of a closed set.
 */
export function matchesText(pattern: TextPattern, text: string): boolean {
  const value = text.toLowerCase();
  let reached = new Set([0]);
  for (const piece of pattern) {
    const next = new Set<number>();
    for (const at of reached) {
      if (piece === 'any') for (let end = at; end <= value.length; end += 1) next.add(end);
      else if (piece === 'one') {
        if (at < value.length) next.add(at + 1);
      } else if (value.startsWith(piece.literal.toLowerCase(), at)) next.add(at + piece.literal.length);
    }
    if (next.size === 0) return false;
    reached = next;
  }
  return reached.has(value.length);
}
