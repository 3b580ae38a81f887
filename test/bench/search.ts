import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { costOf, perSecond, runQuietly } from './command-cost.ts';
import { eventLines, writeLines } from './log-file.ts';
import { type BenchOptions, type Goal, printRow } from './part.ts';

/** Copies of the events in the file. */
const COPIES = 10;

const QUERIES = [
  ['KQL, one condition', 'kubernetes.audit.verb: delete'],
  [
    'KQL, five conditions',
    'event.outcome: success and not user.name: system\\:* and kubernetes.audit.objectRef.resource: (pods or secrets) and user_agent.original: *curl*',
  ],
  ['EQL', 'any where event.action == "delete" and user.name like "system:serviceaccount:*"'],
  [
    'EQL, a sequence',
    'sequence by user.name with maxspan=1s [any where event.action == "create"] [any where event.action == "delete"]',
  ],
  ['ES|QL, STATS', 'FROM logs | WHERE event.action == "delete" | STATS n = COUNT(*) BY user.name'],
] as const;

/** `firstseen query` over a plain file, compared to `JSON.parse` of its lines in the same process. */
export async function benchSearch({ rounds }: BenchOptions): Promise<readonly Goal[]> {
  const lines = eventLines();
  const folder = mkdtempSync(join(tmpdir(), 'firstseen-bench-'));
  const file = join(folder, 'audit.log');
  try {
    await writeLines(file, Array.from({ length: COPIES }, () => lines).flat());
    return await measureAll(file, lines, rounds);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function measureAll(file: string, lines: readonly Buffer[], rounds: number): Promise<readonly Goal[]> {
  const events = lines.length * COPIES;
  console.log(`\nSearching a plain file of ${events} events, median of ${rounds} rounds in one process`);
  printRow('', 'events/s', 'CPU µs', '× JSON.parse');
  const parse = await costOf(rounds, events, async () => {
    for (let copy = 0; copy < COPIES; copy++) for (const line of lines) JSON.parse(line.toString('utf8'));
  });
  printRow('JSON.parse of the lines', perSecond(parse), parse.cpu.toFixed(2), '1.00');
  const goals: Goal[] = [];
  for (const [name, query] of QUERIES) {
    const cost = await costOf(rounds, events, () => runQuietly(['query', query, file], 1));
    printRow(name, perSecond(cost), cost.cpu.toFixed(2), (cost.cpu / parse.cpu).toFixed(2));
    if (name.startsWith('KQL')) {
      goals.push({
        what: `searching an event (50,000 a second), ${name}`,
        atMost: 20,
        measured: cost.cpu,
        unit: ' µs',
      });
    }
  }
  return goals;
}
