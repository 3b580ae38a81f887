/**
 * A pattern of Elasticsearch's wildcard query: the literal pieces between its asterisks; undefined if it has a `?` for
 * one character. A backslash escapes the next character.
 * @see https://www.elastic.co/docs/reference/query-languages/query-dsl/query-dsl-wildcard-query
 */
export function wildcardParts(pattern: string): readonly string[] | undefined {
  const parts = [''];
  for (let at = 0; at < pattern.length; at += 1) {
    const escaped = pattern[at] === '\\' && at + 1 < pattern.length;
    if (escaped) at += 1;
    else if (pattern[at] === '?') return undefined;
    if (pattern[at] === '*' && !escaped) parts.push('');
    else parts.push(`${parts.pop() ?? ''}${pattern[at]}`);
  }
  return parts;
}
