/**
 * Conflicts between replicas on one Redis, and their cost: real processes on this machine get batches at a steady rate
 * over separate connections, independent of the answers.
 *
 *   node test/bench/replicas.ts [--seconds 10] [--rates 10,40] [--replicas 1,2,3] [--matches 20]
 *
 * Prints, for each number of replicas and rate: the batches answered, how many of 100 attempts to commit came first,
 * how often a commit was begun again, and the time from the send of a batch to its answer. Every batch has 100 events,
 * of which `matches` match one rule and are known to it, so that each batch is one commit.
 */
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { type Firstseen, startFirstseen } from '../support/firstseen.ts';
import { startRedis } from '../support/redis-server.ts';
import { requestBatch, sumOver } from '../support/replicas.ts';
import { benchBatches } from './batches.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '10' },
    rates: { type: 'string', default: '10,40' },
    replicas: { type: 'string', default: '1,2,3' },
    matches: { type: 'string', default: '20' },
  },
});
const SECONDS = Number(values.seconds);
const MATCHES = Number(values.matches);
const WARM_UP_SECONDS = 2;
const EVENTS = 100;
const AGENTS = Array.from({ length: 15 }, (_, i) => `scanner-${i}/1.0`);

/** Events that match nothing, to fill a batch. */
const filler = benchBatches('without').flatMap(
  ({ body }) => (JSON.parse(body.toString('utf8')) as { readonly items: readonly object[] }).items,
);

let batches = 0;

function nextBatch(): string {
  const n = batches++;
  const agents = Array.from({ length: MATCHES }, (_, i) => AGENTS[(n + i) % AGENTS.length] ?? '');
  const batch = JSON.parse(requestBatch(`bench-${n}`, agents)) as { items: unknown[] };
  const rest = EVENTS - MATCHES;
  const start = (n * rest) % (filler.length - rest);
  batch.items.push(...filler.slice(start, start + rest));
  return JSON.stringify(batch);
}

/** Sends at the rate for some time. Returns the latencies of 200s in ms, and the number of other answers. */
async function drive(replica: Firstseen, rate: number, seconds: number) {
  const agent = new Agent({ keepAlive: true });
  const times: number[] = [];
  let refused = 0;
  const begun = performance.now();
  const sent: Promise<void>[] = [];
  for (let i = 0; i < rate * seconds; i++) {
    const body = nextBatch();
    // At a random time within the interval, because API servers are independent.
    await sleep(Math.max(0, begun + ((i + Math.random()) * 1_000) / rate - performance.now()));
    sent.push(post(replica, body, agent));
  }
  await Promise.all(sent);
  agent.destroy();
  return { times, refused };

  async function post({ url }: Firstseen, body: string, via: Agent): Promise<void> {
    const start = performance.now();
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    const [answer] = await once(request(url, { method: 'POST', agent: via, headers }).end(body), 'response');
    answer.resume();
    if (answer.statusCode === 200) times.push(performance.now() - start);
    else refused += 1;
  }
}

function quantile(sorted: readonly number[], q: number): string {
  return (sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN).toFixed(1);
}

const redis = await startRedis({ appendFsync: 'everysec' });
const table: Record<string, string | number>[] = [];
let database = 0;
for (const count of values.replicas.split(',').map(Number)) {
  for (const rate of values.rates.split(',').map(Number)) {
    const url = `${redis.url}/${database++}`;
    const replicas = await Promise.all(
      Array.from({ length: count }, () => startFirstseen({ state: { kind: 'redis', url } })),
    );
    const tally = async () => ({
      commits: await sumOver(replicas, 'firstseen_store_update_seconds_count', { outcome: 'committed' }),
      conflicts: await sumOver(replicas, 'firstseen_store_conflicts_total'),
    });
    await Promise.all(replicas.map((replica) => drive(replica, rate, WARM_UP_SECONDS)));
    const before = await tally();
    const driven = await Promise.all(replicas.map((replica) => drive(replica, rate, SECONDS)));
    const after = await tally();
    await Promise.all(replicas.map((replica) => replica.stop()));
    const commits = after.commits - before.commits;
    const conflicts = after.conflicts - before.conflicts;
    const times = driven.flatMap((one) => one.times).sort((a, b) => a - b);
    table.push({
      replicas: count,
      'batches/s each': rate,
      answered: times.length,
      'not 200': driven.reduce((sum, { refused }) => sum + refused, 0),
      'first of 100': ((100 * commits) / (commits + conflicts)).toFixed(1),
      'again per commit': (conflicts / commits).toFixed(3),
      'p50 ms': quantile(times, 0.5),
      'p99 ms': quantile(times, 0.99),
    });
  }
}
await redis.stop();
console.table(table);
