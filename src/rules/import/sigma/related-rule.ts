import type { Search } from './search.ts';

/** A rule that a correlation refers to. */
export interface RelatedRule {
  /** As the correlation refers to it. */
  readonly reference: string;
  /** What it goes by: its name and its id. */
  readonly aliases: readonly string[];
  readonly search: Search;
  /** What is known of the rule, see `Findings`. */
  readonly notes: readonly string[];
  readonly differences: readonly string[];
  readonly level: unknown;
}
