import type { StateWrite } from '../rules/state.ts';

/**
 * Rejects numbers that a store could not apply, before the first write, because a store must not fail halfway.
 * @throws RangeError for a bug in the step
 */
export function checkWrites(writes: readonly StateWrite[]): void {
  const wrong = writes.find((write) => !isApplicable(write));
  if (wrong === undefined) return;
  const key = wrong.kind === 'markDue' ? `due of ${wrong.sink}` : wrong.key;
  throw new RangeError(`${wrong.kind} of ${key}: a number that is not an integer, or out of range`);
}

function isApplicable(write: StateWrite): boolean {
  switch (write.kind) {
    case 'addMembers':
    case 'setFields':
      return isKeep(write.keepMs);
    case 'setScores':
      return isKeep(write.keepMs) && write.entries.every(({ score }) => Number.isSafeInteger(score));
    case 'addToField':
      return isKeep(write.keepMs) && Number.isSafeInteger(write.by);
    case 'pruneScores':
      return !Number.isNaN(write.below);
    case 'markDue':
      return isDuration(write.delayMs);
    case 'removeScores':
    case 'removeFields':
    case 'removeKey':
      return true;
  }
}

/** Up to about 30 years, so that a time on the store's clock stays far from any limit. */
function isDuration(ms: number): boolean {
  return Number.isSafeInteger(ms) && ms >= 0 && ms <= 1e12;
}

function isKeep(keepMs: number | undefined): boolean {
  return keepMs === undefined || (isDuration(keepMs) && keepMs > 0);
}
