import { writeSync } from 'node:fs';
import type { AggregatedResult, Reporter } from '@jest/reporters';

/**
 * Ends the output with one line over all suites: `N passed, N failed[, N skipped]`. A file that cannot run is a failure.
 * The line is written at the exit, because Jest prints its summary after every other reporter has run.
 */
export default class SumReporter implements Pick<Reporter, 'onRunComplete'> {
  onRunComplete(_contexts: unknown, results: AggregatedResult): void {
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
    const skipped = results.numPendingTests + results.numTodoTests;
    const line = `${results.numPassedTests} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
    process.once('exit', () => writeSync(process.stdout.fd, `\n${line}\n`));
  }
}
