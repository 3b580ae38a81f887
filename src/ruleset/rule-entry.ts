import type { CompiledRule } from '../rules/compiled-rule.ts';

/** The source of a rule. */
export type RuleSource =
  | { readonly kind: 'file'; readonly file: string }
  | { readonly kind: 'resource'; readonly uid: string; readonly generation: number };

/**
 * The verdict on a rule: it runs, is switched off, is broken, or needs what this version does not support. In the last
 * two cases an earlier version of the resource, or a file of the same name, runs in its place if there is one.
 */
export type RuleVerdict = 'runs' | 'disabled' | 'broken' | 'unsupported';

/** A rule of the set, by its name. */
export interface RuleEntry {
  readonly name: string;
  /** On the author's latest version. */
  readonly source: RuleSource;
  readonly verdict: RuleVerdict;
  /**
   * Its problems, for people: each with its place, in a query the line with a caret, and a hint. Empty if it is sound.
   */
  readonly problems: readonly string[];
  /** What is in force under this name; for a broken rule an earlier version. Absent if nothing is. */
  readonly inForce?: { readonly rule: CompiledRule; readonly source: RuleSource };
  /** Why no event can make a sound rule fire, as a sentence; absent if some may. */
  readonly neverFires?: string;
  /** The effect of the last edit on the rule's memory; absent if this process has not seen an edit. */
  readonly edit?: RuleEdit;
}

/** The step from one version in force to the next. */
export interface RuleEdit {
  /** True if the new version uses what the earlier one learned. */
  readonly keepsMemory: boolean;
  /** The changed settings that reset the memory, such as `newTerms.window`; empty if it is kept. */
  readonly changed: readonly string[];
}
