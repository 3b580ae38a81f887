import { once } from 'node:events';
import { createWriteStream, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { runCommandLine } from '../../src/cli/program.ts';
import { benchBatches } from './batches.ts';
import { median } from './cpu.ts';
import { type BenchOptions, type Goal, printRow } from './part.ts';

/** How often the events stand in the file. */
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

/** `firstseen query` over a plain file, beside `JSON.parse` of its lines in the same process. */
export async function benchSearch({ rounds }: BenchOptions): Promise<readonly Goal[]> {
  const lines = eventLines();
  const folder = mkdtempSync(join(tmpdir(), 'firstseen-bench-'));
  const file = join(folder, 'audit.log');
  try {
    const stream = createWriteStream(file);
    for (let copy = 0; copy < COPIES; copy++) stream.write(Buffer.concat(lines.flatMap((line) => [line, NEWLINE])));
    stream.end();
    await once(stream, 'close');
    return await measureAll(file, lines, rounds);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const NEWLINE = Buffer.from('\n');

function eventLines(): readonly Buffer[] {
  const batches = benchBatches();
  for (const [index, batch] of batches.entries()) batch.stamp(new Date(), index);
  return batches.flatMap(({ body }) => {
    const { items } = JSON.parse(body.toString('utf8')) as { items: readonly object[] };
    return items.map((item) => Buffer.from(JSON.stringify({ kind: 'Event', apiVersion: 'audit.k8s.io/v1', ...item })));
  });
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
    const cost = await costOf(rounds, events, () => search(query, file));
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

/** Of an event, in µs. */
interface Cost {
  readonly wall: number;
  readonly cpu: number;
}

function perSecond({ wall }: Cost): string {
  return Math.round(1_000_000 / wall).toLocaleString('en');
}

async function costOf(rounds: number, events: number, work: () => Promise<void>): Promise<Cost> {
  const wall: number[] = [];
  const cpu: number[] = [];
  for (let round = -2; round < rounds; round++) {
    const [start, before] = [performance.now(), process.cpuUsage()];
    await work();
    const { user, system } = process.cpuUsage(before);
    if (round < 0) continue;
    wall.push(((performance.now() - start) * 1_000) / events);
    cpu.push((user + system) / events);
  }
  return { wall: median(wall), cpu: median(cpu) };
}

async function search(query: string, file: string): Promise<void> {
  const errors: string[] = [];
  const code = await runCommandLine(['query', query, file], {
    out: () => {},
    err: (text) => errors.push(text),
    stdin: Readable.from([]),
    errIsTerminal: false,
    outIsTerminal: false,
    env: {},
    version: '0',
    ended: new Promise(() => {}),
    onDebugSignal: () => {},
    onBug: () => {},
  });
  if (code > 1) throw new Error(errors.join(''));
}
