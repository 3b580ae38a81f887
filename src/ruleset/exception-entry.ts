import type { RuleExceptionDocument } from '../rules/document.ts';

/** An exception in the cluster. */
export interface ExceptionEntry {
  readonly name: string;
  readonly uid: string;
  readonly generation: number;
  /**
   * `sound`: it applies from its start to its end. `broken`: it silences nothing until it is fixed, because a misread
   * exception must not silence more than its author meant. `waiting`: its lists are not loaded yet.
   */
  readonly verdict: 'sound' | 'broken' | 'waiting';
  /** Its problems, for people: each with its place, in a query the line with a caret, and a hint. */
  readonly problems: readonly string[];
  /** Only if it is sound. */
  readonly document?: RuleExceptionDocument;
  /** The whole resource in its latest version. */
  readonly value: unknown;
}
