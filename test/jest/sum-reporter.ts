import { writeSync } from 'node:fs';
import { relative } from 'node:path';
import type { AggregatedResult, Reporter } from '@jest/reporters';

const SLOWEST = 10;

/**
 * Ends the output with the files that took longest, where there were many, and one line over all suites:
 * `N passed, N failed[, N skipped]`. A file that cannot run is a failure. They are written at the exit, because Jest
 * prints its summary after every other reporter has run.
 */
export default class SumReporter implements Pick<Reporter, 'onRunComplete'> {
  onRunComplete(_contexts: unknown, results: AggregatedResult): void {
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
    const skipped = results.numPendingTests + results.numTodoTests;
    const line = `${results.numPassedTests} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
    process.once('exit', () => writeSync(process.stdout.fd, `\n${slowest(results)}${line}\n`));
  }
}

function slowest({ testResults }: AggregatedResult): string {
  if (testResults.length <= SLOWEST) return '';
  const lines = testResults
    .toSorted((a, b) => b.perfStats.runtime - a.perfStats.runtime)
    .slice(0, SLOWEST)
    .map(({ testFilePath, perfStats: { runtime } }) => {
      return `${String(Math.round(runtime / 1_000)).padStart(5)} s  ${relative('.', testFilePath)}\n`;
    });
  return `The ${SLOWEST} slowest files:\n${lines.join('')}\n`;
}
