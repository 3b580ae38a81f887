/** How bad a finding is. `unchecked` is no verdict: what could not be looked at is never counted as fine. */
export type Severity = 'ok' | 'warning' | 'error' | 'unchecked';

/** What a check found out, for a person. Texts of others that go into it are bounded and sanitised where they are taken in. */
export interface Finding {
  readonly severity: Severity;
  /** One line: what is so. */
  readonly what: string;
  /** One line: what follows if it stays so. */
  readonly why?: string;
  /** What to do: commands or an edit as they stand, one a line. */
  readonly mend?: string;
}

/** What an advice holds, beside what is wrong. */
export interface Advice {
  readonly why: string;
  readonly mend: string;
}

export function ok(what: string): Finding {
  return { severity: 'ok', what };
}

export function warning(what: string, advice: Advice): Finding {
  return { severity: 'warning', what, ...advice };
}

export function failure(what: string, advice: Advice): Finding {
  return { severity: 'error', what, ...advice };
}

/** @param mend how to have it checked */
export function unchecked(what: string, mend: string): Finding {
  return { severity: 'unchecked', what, mend };
}

/** Thrown where a check cannot be made: it becomes a finding. */
export class CannotCheck extends Error {
  readonly mend: string;

  constructor(reason: string, mend: string) {
    super(reason);
    this.name = 'CannotCheck';
    this.mend = mend;
  }
}
