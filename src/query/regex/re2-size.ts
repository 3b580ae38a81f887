/**
 * How many characters and sets an RE2 expression has once its counts `{n,m}`, also nested ones, are expanded: the cost
 * of preparing it. Linear; an estimate if the expression is invalid.
 */
export function re2Size(source: string): number {
  /** The sizes of the open groups so far, the innermost last. */
  const groups: number[] = [0];
  /** The size of the last part, which a count repeats. */
  let last = 0;
  for (let at = 0; at < source.length; at += 1) {
    const character = source.charAt(at);
    let size = 1;
    if (character === '\\') at += 1;
    else if (character === '[') at = endOfSet(source, at);
    else if (character === '(') {
      groups.push(0);
      last = 0;
      continue;
    } else if (character === ')' && groups.length > 1) {
      size = groups.pop() ?? 0;
    } else if (character === '{') {
      const count = /\{(\d+)(?:,(\d*))?\}/y;
      count.lastIndex = at;
      const [text, least, most] = count.exec(source) ?? [];
      if (text !== undefined) {
        at += text.length - 1;
        size = last * Math.max(Number(least), Number(most ?? 0), 1) - last;
      }
    }
    last = character === '{' ? last + size : size;
    groups[groups.length - 1] = (groups.at(-1) ?? 0) + size;
  }
  return groups.reduce((sum, size) => sum + size, 0);
}

/** The offset of the bracket that closes a set; a bracket directly after the opening one is a member. */
function endOfSet(source: string, start: number): number {
  let at = start + 1;
  if (source.charAt(at) === '^') at += 1;
  if (source.charAt(at) === ']') at += 1;
  while (at < source.length && source.charAt(at) !== ']') at += source.charAt(at) === '\\' ? 2 : 1;
  return at;
}
