import type { Test } from '@jest/reporters';

/** Suites whose files take longest, in the order in which they start; the files of others come after them. */
const FIRST = ['e2e', 'integration', 'property'];

/** The files that wait longest for what they have set going. Started late, one of them would run alone at the end. */
const LONGEST = [
  'e2e/main-job-faults',
  'e2e/rolling-restart',
  'e2e/alert-commands',
  'e2e/exceptions',
  'integration/replicas-takeover',
  'e2e/doctor',
  'integration/tracing',
  'e2e/audit-policy',
  'integration/replicas',
  'e2e/live-rules',
].map((file) => `/test/${file}.test.ts`);

/** Starts the longest files first, so that every worker is busy to the end, on a machine that has never run them, too. */
export default class Sequencer {
  sort(tests: readonly Test[]): Test[] {
    return tests.toSorted((a, b) => rank(a) - rank(b) || a.path.localeCompare(b.path));
  }

  /** Jest offers what it has measured: the order does not depend on it. */
  cacheResults(): void {}
}

function rank({ path, context }: Test): number {
  const longest = LONGEST.findIndex((file) => path.endsWith(file));
  if (longest !== -1) return longest - LONGEST.length;
  const suite = FIRST.indexOf(context.config.displayName?.name ?? '');
  return suite === -1 ? FIRST.length : suite;
}
