import type { DocumentPath } from '../document-problem.ts';

/** Why a rule that may be sound cannot run here. */
export interface UnsupportedReason {
  /**
   * What stands in the way: the rule's type, its language, data that firstseen does not have, a setting, or a part of
   * what it asks for.
   */
  readonly kind: 'type' | 'language' | 'data' | 'setting' | 'construct';
  /** Its name: `esql`, `logs-aws*`, `filters`. */
  readonly name: string;
  readonly message: string;
  /** What to do instead. */
  readonly hint?: string;
  /** Where it stands in the rule, below its table of settings. */
  readonly path: DocumentPath;
}
