import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { costOf, perSecond, runQuietly } from './command-cost.ts';
import { eventLines, writeLines } from './log-file.ts';
import { type BenchOptions, type Goal, printRow } from './part.ts';

/** So many that the start does not count. */
const COPIES = 25;
const HOUR_MS = 3_600_000;
const PACK = join(import.meta.dirname, '..', '..', 'rules');

/** `firstseen backfill` of a plain file into a SQLite file, with the rules of the pack. */
export async function benchBackfill({ rounds }: BenchOptions): Promise<readonly Goal[]> {
  const start = Date.now();
  // The last 40 hours, an hour a batch of 100 events: within the window of every rule.
  const lines = eventLines((n) => new Date(start - n * HOUR_MS));
  const folder = mkdtempSync(join(tmpdir(), 'firstseen-bench-'));
  const file = join(folder, 'audit.log');
  let round = 0;
  try {
    await writeLines(file, Array.from({ length: COPIES }, () => lines).flat());
    const events = lines.length * COPIES;
    console.log(
      `\nBackfill of a plain file of ${events} events with the pack, median of ${rounds} rounds in one process`,
    );
    printRow('', 'events/s', 'CPU µs');
    const cost = await costOf(rounds, events, () => {
      const state = `sqlite:${join(folder, `${round++}.db`)}`;
      return runQuietly(['backfill', '--state', state, '--rules', PACK, '--kubernetes', 'false', file], 0);
    });
    printRow('into a new SQLite file', perSecond(cost), cost.cpu.toFixed(2));
    return [
      { what: 'learning from an event of the past (50,000 a second)', atMost: 20, measured: cost.cpu, unit: ' µs' },
    ];
  } finally {
    rmSync(folder, { recursive: true });
  }
}
