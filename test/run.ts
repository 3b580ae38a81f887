/**
 * Runs the named suites one after another and ends with one line that adds them up: `N passed, N failed`.
 *
 *   node test/run.ts unit integration        these suites
 *   node test/run.ts all                     every suite
 *   node test/run.ts unit src/query          only the files of a suite below a path
 */
import { globSync } from 'node:fs';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';

interface Suite {
  readonly files: string;
  /** How many files run at once; suites that start servers run serially. */
  readonly concurrency: number;
  /** The longest that one test may take. */
  readonly timeoutMs: number;
}

const SUITES: Readonly<Record<string, Suite>> = {
  architecture: { files: 'test/{architecture,docs,monitoring}.test.ts', concurrency: 1, timeoutMs: 60_000 },
  unit: { files: 'src/**/*.test.ts', concurrency: 2, timeoutMs: 300_000 },
  conformance: { files: 'test/conformance/**/*.test.ts', concurrency: 1, timeoutMs: 300_000 },
  property: { files: 'test/property/**/*.test.ts', concurrency: 2, timeoutMs: 300_000 },
  integration: { files: 'test/integration/**/*.test.ts', concurrency: 1, timeoutMs: 600_000 },
  e2e: { files: 'test/e2e/**/*.test.ts', concurrency: 1, timeoutMs: 1_800_000 },
};

/** A suite may run so many times as long as one of its tests. */
const LIMIT_FACTOR = 2;

interface Totals {
  passed: number;
  failed: number;
  skipped: number;
}

async function runSuite(name: string, suite: Suite, below: string | undefined, totals: Totals): Promise<void> {
  const files = globSync(suite.files)
    .filter((file) => below === undefined || file.startsWith(below))
    .sort();
  if (files.length === 0) return;
  console.log(`\n── ${name}: ${files.length} ${files.length === 1 ? 'file' : 'files'}`);
  // A test that is given up on may leave something open, and then its file does not end by itself. It is ended with the
  // suite: Node's --test-force-exit would end each file before its last results are written, and so lose some.
  const limit = AbortSignal.timeout(LIMIT_FACTOR * suite.timeoutMs);
  const events = run({ files, concurrency: suite.concurrency, timeout: suite.timeoutMs, signal: limit });
  const count = { passed: 0, failed: 0, skipped: 0 };
  events.on('test:summary', ({ file, counts }) => {
    if (file !== undefined) return;
    count.passed = counts.passed;
    count.failed = counts.tests - counts.passed - counts.skipped - counts.todo;
    count.skipped = counts.skipped + counts.todo;
  });
  await new Promise<void>((resolve, reject) => {
    const report = events.compose(new spec());
    report.on('end', resolve);
    report.on('error', reject);
    report.pipe(process.stdout, { end: false });
  });
  if (limit.aborted)
    console.log(`✖ ${name} was ended: it ran for longer than ${LIMIT_FACTOR} times what one test may take`);
  totals.passed += count.passed;
  totals.failed += limit.aborted ? Math.max(1, count.failed) : count.failed;
  totals.skipped += count.skipped;
}

const [first = 'all', ...rest] = process.argv.slice(2);
const named = [first, ...rest].filter((word) => word in SUITES || word === 'all');
const below = [first, ...rest].find((word) => !named.includes(word));
if (named.length === 0) {
  console.error(`no suite is named ${first}; the suites are: all, ${Object.keys(SUITES).join(', ')}`);
  process.exit(2);
}
const totals: Totals = { passed: 0, failed: 0, skipped: 0 };
for (const [name, suite] of Object.entries(SUITES)) {
  if (named.includes('all') || named.includes(name)) await runSuite(name, suite, below, totals);
}
const skipped = totals.skipped > 0 ? `, ${totals.skipped} skipped` : '';
console.log(`\n${totals.passed} passed, ${totals.failed} failed${skipped}`);
process.exit(totals.failed > 0 || totals.passed === 0 ? 1 : 0);
