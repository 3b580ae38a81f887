import type { CompiledRule } from '../rules/compiled-rule.ts';

/** Where a rule came from. */
export type RuleSource =
  | { readonly kind: 'file'; readonly file: string }
  | { readonly kind: 'resource'; readonly uid: string; readonly generation: number };

/**
 * What becomes of a rule: it runs; it is switched off; or it is broken, or asks for what this version cannot do, and then an
 * earlier version of the resource, or a file of the same name, runs in its place if there is one.
 */
export type RuleVerdict = 'runs' | 'disabled' | 'broken' | 'unsupported';

/** One rule of the set, by its name. */
export interface RuleEntry {
  readonly name: string;
  /** Of what its author last wrote. */
  readonly source: RuleSource;
  readonly verdict: RuleVerdict;
  /** What is wrong, for people: each with its place, the line and a caret where it is in a query, and a hint. Empty if it is sound. */
  readonly problems: readonly string[];
  /** What is in force under this name: of a broken rule an earlier version. Absent if nothing is. */
  readonly inForce?: { readonly rule: CompiledRule; readonly source: RuleSource };
  /** Why no event can make it fire, though it is sound, in a sentence; absent if some may. */
  readonly neverFires?: string;
  /** What the last edit did to the rule's memory; absent if this process has not seen an edit of it. */
  readonly edit?: RuleEdit;
}

/** The step from one version of a rule to the next, as it was put in force. */
export interface RuleEdit {
  /** True if what the version before had learned is still of use. */
  readonly keepsMemory: boolean;
  /** The settings that make the memory begin anew, such as `newTerms.window`; empty if it is kept. */
  readonly changed: readonly string[];
}
