/** Time limits for each step of a stop. */
export interface Stop {
  /** How long sources still accept events before they drain. */
  readonly lingerMs: number;
  /** The time left for all remaining steps. */
  remainingMs(): number;
}

/** A started part and how to stop it. */
export type Undo = (stop: Stop) => Promise<void> | void;

/** Minimum time for each step of a stop, even if earlier steps took longer. */
const LAST_MS = 500;

/** Stops the started parts, last first. */
export async function unwind(undo: Undo[], drainMs: number, lingerMs = 0): Promise<void> {
  const limit = performance.now() + lingerMs + drainMs;
  const remainingMs = () => Math.max(LAST_MS, limit - performance.now());
  for (let step = undo.pop(); step !== undefined; step = undo.pop()) await step({ lingerMs, remainingMs });
}
