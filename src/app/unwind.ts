/** What a step of the stop is told. */
export interface Stop {
  /** How long sources go on taking events before they drain. */
  readonly lingerMs: number;
  /** What is left of the time that all of it may take. */
  remainingMs(): number;
}

/** Something that was started, and how it ends. */
export type Undo = (stop: Stop) => Promise<void> | void;

/** What each step of a stop may take, however long those before it took. */
const LAST_MS = 500;

/** Stops what was started, last first. */
export async function unwind(undo: Undo[], drainMs: number, lingerMs = 0): Promise<void> {
  const limit = performance.now() + lingerMs + drainMs;
  const remainingMs = () => Math.max(LAST_MS, limit - performance.now());
  for (let step = undo.pop(); step !== undefined; step = undo.pop()) await step({ lingerMs, remainingMs });
}
