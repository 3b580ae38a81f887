/** How bad a finding is. `unchecked` is no verdict: what could not be checked never counts as fine. */
export type Severity = 'ok' | 'warning' | 'error' | 'unchecked';

/** One result of a check. Text from outside is bounded and sanitised before it goes in. */
export interface Finding {
  readonly severity: Severity;
  /** One line: the fact. */
  readonly what: string;
  /** One line: the consequence. */
  readonly why?: string;
  /** What to do: commands or an edit, ready to copy, one a line. */
  readonly mend?: string;
}

/** What follows from a problem, and what to do about it. */
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

/** @param mend what to do so that it can be checked */
export function unchecked(what: string, mend: string): Finding {
  return { severity: 'unchecked', what, mend };
}

/** Thrown if a check cannot be made; it becomes a finding. */
export class CannotCheck extends Error {
  readonly mend: string;

  constructor(reason: string, mend: string) {
    super(reason);
    this.name = 'CannotCheck';
    this.mend = mend;
  }
}
