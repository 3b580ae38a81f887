/** A goal and its measured value. */
export interface Goal {
  readonly what: string;
  readonly atMost: number;
  readonly measured: number;
  readonly unit: string;
}

export interface BenchOptions {
  /** Measured rounds; each runs every contender once. */
  readonly rounds: number;
  /** Batches per contender and round. */
  readonly batches: number;
  /** Seconds of traffic at a fixed pace. */
  readonly seconds: number;
  /** The numbers of rules to compare. */
  readonly rules: readonly number[];
}

/** A part of the benchmark: measures, prints a table and returns its goals. */
export type BenchPart = (options: BenchOptions) => Promise<readonly Goal[]>;

/** One line of a table: a name, and figures below the headings. */
export function printRow(name: string, ...cells: readonly string[]): void {
  console.log([name.padEnd(60), ...cells.map((cell) => ` ${cell}`.padStart(14))].join(''));
}

export function printGoals(goals: readonly Goal[]): void {
  console.log('\nGoals');
  for (const { what, atMost, measured, unit } of goals) {
    const verdict = measured <= atMost ? 'met' : 'MISSED';
    console.log(`  ${verdict.padEnd(7)} ${what}: ${measured.toFixed(2)}${unit}, at most ${atMost}${unit}`);
  }
}
