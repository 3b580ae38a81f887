/** Why a regular expression is refused, and the place in its text (in UTF-16 units, from 0). */
export interface RegexProblem {
  readonly offset: number;
  readonly message: string;
  readonly hint?: string;
}

/** Thrown and caught only in this folder. */
export class RegexError extends Error {
  readonly problem: RegexProblem;

  constructor(offset: number, message: string, hint?: string) {
    super(message);
    this.problem = hint === undefined ? { offset, message } : { offset, message, hint };
  }
}
