/** What a suite of the kit did. */
export interface SuiteResult {
  readonly name: string;
  readonly passed: number;
  /** One text for each case that failed: the rule or query, what was expected and what came. */
  readonly failures: readonly string[];
  /** Cases of what the engine refuses on purpose: they count as failed, and one reason stands for all. */
  readonly refused?: Refused;
  /** Something that the figures do not say. */
  readonly note?: string;
}

export interface Refused {
  readonly count: number;
  readonly reason: string;
}

/** Runs over a folder in the form of the kit; undefined if the folder has nothing for this suite. */
export type Suite = (folder: string) => SuiteResult | undefined | Promise<SuiteResult | undefined>;
