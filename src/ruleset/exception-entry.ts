import type { RuleExceptionDocument } from '../rules/document.ts';

/** One exception of the cluster. */
export interface ExceptionEntry {
  readonly name: string;
  readonly uid: string;
  readonly generation: number;
  /**
   * `sound`: it is at work from its start to its end. `broken`: it silences nothing until it is mended, because an exception
   * that nobody can read must not silence more than its author meant. `waiting`: its lists are not read yet.
   */
  readonly verdict: 'sound' | 'broken' | 'waiting';
  /** What is wrong, for people: each with its place, the line and a caret where it is in the query, and a hint. */
  readonly problems: readonly string[];
  /** Only if it is sound. */
  readonly document?: RuleExceptionDocument;
  /** The whole resource as it was last told. */
  readonly value: unknown;
}
