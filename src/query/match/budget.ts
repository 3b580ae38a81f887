import type { Spending } from '../predicate/function-row.ts';

/** Characters that expressions may read or write for one rule and one event: a few milliseconds. */
const STEPS = 4_000_000;

/** What the expressions of one rule may spend on one event, so that no event can make them run long. */
export interface Budget extends Spending {
  /** The budget ran out: later evaluations gave null. */
  readonly isOverrun: boolean;
  /** Restores the full budget, for the next rule or event. */
  refill(): void;
}

export function createBudget(steps = STEPS): Budget {
  let left = steps;
  let isOverrun = false;
  return {
    get isOverrun() {
      return isOverrun;
    },
    spend(cost) {
      left -= cost;
      if (left < 0) isOverrun = true;
      return !isOverrun;
    },
    refill() {
      left = steps;
      isOverrun = false;
    },
  };
}
