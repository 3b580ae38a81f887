import type { QueryLimits } from './execution.ts';

export type Attempt<T> =
  | { readonly kind: 'done'; readonly result: T }
  /** The query cost more than a rule may spend on one event. */
  | { readonly kind: 'exceeded'; readonly reason: string };

/** What one rule may spend on one event, and on evaluating one group. */
export const RULE_LIMITS: QueryLimits = { steps: 2_000_000, values: 200_000 };

export function attemptOf<T>(exceeded: string | undefined, result: T): Attempt<T> {
  return exceeded === undefined ? { kind: 'done', result } : { kind: 'exceeded', reason: exceeded };
}

/** NOW() is the time of the event, converted from microseconds to milliseconds. */
export function nowAt(at: number): number {
  return Math.floor(at / 1_000);
}
