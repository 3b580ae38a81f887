import { problemAt } from '../../../query/problem.ts';
import { checkRegex } from '../../../query/regex/compile-regex.ts';
import type { DocumentPath } from '../../document-problem.ts';
import { type Findings, refuse } from './findings.ts';

/** Limit for all regular expressions of a rule together: a query holds no more, and each must be prepared. */
const MAXIMUM_LENGTH = 16_384;

/** Perl constructs that RE2 cannot match in linear time, by syntax. */
const CONSTRUCTS: readonly (readonly [pattern: RegExp, name: string])[] = [
  [/\(\?=/y, 'lookahead'],
  [/\(\?!/y, 'negative lookahead'],
  [/\(\?<=/y, 'lookbehind'],
  [/\(\?<!/y, 'negative lookbehind'],
  [/\(\?>/y, 'an atomic group'],
  [/\(\?\(/y, 'a conditional group'],
  [/\(\?(?:R|[+-]?\d+|&\w|P>)/y, 'recursion'],
  [/\(\?P=/y, 'a backreference'],
  [/\\(?:[1-9]|k[<{']|g[{\d])/y, 'a backreference'],
  [/\\[GKRX]/y, 'this escape'],
  [/[*+?}]\+/y, 'a possessive quantifier'],
];

/**
 * An RE2 expression for a regular expression of a rule with flags `i`, `m`, `s`. A construct without an equivalent is
 * refused with its place; other errors are problems with their place. Undefined then. Linear.
 */
export function toRe2(
  source: string,
  flags: ReadonlySet<string>,
  findings: Findings,
  path: DocumentPath,
): string | undefined {
  let inClass = false;
  for (let at = 0; at < source.length; at += 1) {
    const character = source.charAt(at);
    const found = inClass ? undefined : constructAt(source, at);
    if (found !== undefined) {
      const within = problemAt(source, at, '');
      refuse(findings, found, path, `${found} cannot be matched in linear time, so it is not supported`, {
        within,
        hint: 'write out the alternatives, or exclude with a separate detection and `not`',
      });
      return undefined;
    }
    if (character === '\\') at += 1;
    else if (character === '[' && !inClass) {
      inClass = true;
      // A bracket directly after the opening one is a member.
      if (source.charAt(at + 1) === '^') at += 1;
      if (source.charAt(at + 1) === ']') at += 1;
    } else if (character === ']') inClass = false;
  }
  if (findings.regexSize > MAXIMUM_LENGTH) return undefined;
  findings.regexSize += source.length;
  if (findings.regexSize > MAXIMUM_LENGTH) {
    const message = `the regular expressions of the rule have more than ${MAXIMUM_LENGTH} characters up to here`;
    findings.problems.push({ path, message, hint: 'split it into several rules' });
    return undefined;
  }
  const problem = checkRegex(source, 're2');
  if (problem !== undefined) {
    const { line, column } = problemAt(source, problem.offset, '');
    const { message, hint } = problem;
    findings.problems.push({ path, message, within: { line, column }, ...(hint !== undefined && { hint }) });
    return undefined;
  }
  const set = ['i', 'm', 's'].filter((flag) => flags.has(flag)).join('');
  return set === '' ? source : `(?${set})${source}`;
}

function constructAt(source: string, at: number): string | undefined {
  return CONSTRUCTS.find(([pattern]) => {
    pattern.lastIndex = at;
    return pattern.test(source);
  })?.[1];
}
