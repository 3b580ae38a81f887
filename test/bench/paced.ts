import { setTimeout as sleep } from 'node:timers/promises';
import { createWebhookCertificates } from '../support/firstseen.ts';
import { benchBatches, EVENTS_PER_BATCH } from './batches.ts';
import { cpuMicros, percentile, residentBytes } from './cpu.ts';
import { createLoad } from './load.ts';
import { type BenchOptions, type Goal, printRow } from './part.ts';
import { type BenchServer, buildFirstseen, sqliteFile, startBenchRedis, startFloor, startServe } from './servers.ts';

const EVENTS_PER_SECOND = 4_000;
const RULES = 50;
const WARM_UP_SECONDS = 5;
const SAMPLE_MS = 100;
const MIB = 1024 * 1024;

interface Measured {
  readonly withMatch: readonly number[];
  readonly without: readonly number[];
  readonly residentMiB: number;
  readonly cpuShare: number;
}

/**
 * Latency and peak memory at the fixed rate of the goals, each contender in a new process, with mutual TLS as in a
 * cluster.
 */
export async function benchPaced({ seconds }: BenchOptions): Promise<readonly Goal[]> {
  await buildFirstseen();
  const certificates = await createWebhookCertificates();
  const redis = await startBenchRedis();
  const contenders: readonly (readonly [string, () => Promise<BenchServer>])[] = [
    ['Express and express.json', () => startFloor('express', certificates)],
    ['firstseen, SQLite', () => startServe({ state: sqliteFile(), rules: RULES, certificates })],
    ['firstseen, Redis everysec', () => startServe({ state: redis.next(), rules: RULES, certificates })],
  ];
  const goals: Goal[] = [];
  console.log(`\n${EVENTS_PER_SECOND} events a second for ${seconds} s, ${RULES} rules, TLS with client certificates`);
  printRow('', 'ms p50', 'p99', 'match: p50', 'p99', 'MiB resident', 'cores');
  try {
    for (const [name, start] of contenders) {
      const server = await start();
      const { withMatch, without, residentMiB, cpuShare } = await measure(server, certificates, seconds);
      const figures = [
        percentile(without, 50),
        percentile(without, 99),
        percentile(withMatch, 50),
        percentile(withMatch, 99),
      ];
      printRow(name, ...figures.map((ms) => ms.toFixed(1)), residentMiB.toFixed(0), cpuShare.toFixed(3));
      if (!name.startsWith('firstseen')) continue;
      const load = `${EVENTS_PER_SECOND} events/s`;
      const answer = `answer to a batch with a match, p99, ${name}, ${load}`;
      goals.push({ what: answer, atMost: 10, measured: percentile(withMatch, 99), unit: ' ms' });
      goals.push({ what: `resident memory, ${name}, ${load}`, atMost: 150, measured: residentMiB, unit: ' MiB' });
    }
  } finally {
    await redis.server.stop();
  }
  return goals;
}

async function measure(
  server: BenchServer,
  certificates: Awaited<ReturnType<typeof createWebhookCertificates>>,
  seconds: number,
): Promise<Measured> {
  const load = createLoad(server.url, certificates);
  const batches = benchBatches();
  const perSecond = EVENTS_PER_SECOND / EVENTS_PER_BATCH;
  const watching = new AbortController();
  const resident = watch(server.pid, watching.signal);
  try {
    await load.paced(batches, perSecond, WARM_UP_SECONDS);
    const before = cpuMicros(server.pid);
    const latencies = await load.paced(batches, perSecond, seconds);
    const cpuShare = (cpuMicros(server.pid) - before) / (seconds * 1_000_000);
    watching.abort();
    return {
      withMatch: latencies.filter((_, index) => index % 2 === 0),
      without: latencies.filter((_, index) => index % 2 === 1),
      residentMiB: (await resident) / MIB,
      cpuShare,
    };
  } finally {
    watching.abort();
    load.close();
    await server.stop();
  }
}

/** Peak memory of a process until the signal. */
async function watch(pid: number, signal: AbortSignal): Promise<number> {
  let most = 0;
  while (!signal.aborted) {
    most = Math.max(most, residentBytes(pid));
    await sleep(SAMPLE_MS);
  }
  return most;
}
