/** A problem in a text that a person wrote, and its place. Lines and columns count from 1, columns in UTF-16 units. */
export interface Problem {
  readonly message: string;
  readonly line: number;
  readonly column: number;
  /** What to do about it: "did you mean …", or what to write instead. */
  readonly hint?: string;
  /** Set if the text is valid in its original system and only not supported here. */
  readonly unsupported?: true;
}

/** What a problem may be besides a mistake: see `Problem.unsupported`. */
export type ProblemKind = 'unsupported';

/** A problem at an offset into the source (in UTF-16 units, from 0; the end of the source is allowed). */
export function problemAt(source: string, offset: number, message: string, hint?: string, kind?: ProblemKind): Problem {
  let line = 1;
  let lineStart = 0;
  for (let at = source.indexOf('\n'); at !== -1 && at < offset; at = source.indexOf('\n', at + 1)) {
    line += 1;
    lineStart = at + 1;
  }
  return {
    message,
    line,
    column: offset - lineStart + 1,
    ...(hint !== undefined && { hint }),
    ...(kind === 'unsupported' && { unsupported: true as const }),
  };
}

/** The problem with its source line and a caret below the place, as a compiler prints it. */
export function formatProblem(problem: Problem, source: string): string {
  const line = lineOf(source, problem.line);
  const before = line.slice(0, problem.column - 1).replace(/[^\t]/g, ' ');
  const text = `line ${problem.line}, column ${problem.column}: ${problem.message}\n  ${line}\n  ${before}^`;
  return problem.hint === undefined ? text : `${text}\n  hint: ${problem.hint}`;
}

/** One line of a text without its line end; the text may have millions of lines. */
function lineOf(source: string, number: number): string {
  let start = 0;
  for (let line = 1; line < number; line += 1) {
    const end = source.indexOf('\n', start);
    if (end === -1) return '';
    start = end + 1;
  }
  const end = source.indexOf('\n', start);
  return source.slice(start, end === -1 ? undefined : end).replace(/\r$/, '');
}

/** In UTF-16 units. */
const LONGEST_SHOWN = 60;

/** A user's text for a message: on one line and cut if it is long. */
export function clip(text: string): string {
  const line = text.replace(/\s+/g, ' ');
  return line.length <= LONGEST_SHOWN ? line : `${line.slice(0, LONGEST_SHOWN - 1).toWellFormed()}…`;
}
