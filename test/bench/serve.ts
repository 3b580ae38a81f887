import { createWebhookCertificates, type WebhookCertificates } from '../support/firstseen.ts';
import { type Batch, benchBatches, EVENTS_PER_BATCH, type Traffic } from './batches.ts';
import { cpuMicros, median } from './cpu.ts';
import { createLoad, type Load } from './load.ts';
import { type BenchOptions, type Goal, printRow } from './part.ts';
import { type BenchServer, buildFirstseen, sqliteFile, startBenchRedis, startFloor, startServe } from './servers.ts';

/** A server with one kind of traffic. Contenders may share a server. */
interface Contender {
  readonly name: string;
  readonly server: BenchServer;
  readonly load: Load;
  readonly batches: readonly Batch[];
  /** CPU time of the server and of its Redis, in µs per event, by round. */
  readonly cpu: number[];
  readonly redisCpu: number[];
}

/** Warm-up rounds, in which V8 still compiles. */
const WARM_UP_ROUNDS = 12;
/** The number of rules in the goals. */
const USUAL = 50;
const MANY = 1_000;

/**
 * CPU time per event in whole servers, compared to a minimal receiver. Rounds of all contenders are interleaved with
 * the same batches, so that slow phases of the machine affect all equally.
 */
export async function benchServe(options: BenchOptions): Promise<readonly Goal[]> {
  await buildFirstseen();
  const plain = await compare('plain HTTP', undefined, options);
  const tls = await compare('TLS with client certificates', await createWebhookCertificates(), options);
  return [...goalsOf('plain HTTP', plain), ...goalsOf('TLS', tls)];
}

function goalsOf(transport: string, cpu: ReadonlyMap<string, number>): Goal[] {
  const ratio = (a: string, b: string) => (cpu.get(a) ?? Number.NaN) / (cpu.get(b) ?? Number.NaN);
  const goals = ['SQLite', 'Redis'].flatMap((store): Goal[] => [
    {
      what: `CPU of an event, ${store}, ${USUAL} rules, to Express with express.json, ${transport}`,
      atMost: 1.2,
      measured: ratio(nameOf(store, USUAL), EXPRESS),
      unit: ' ×',
    },
    {
      what: `CPU of an event, ${store}, ${MANY} rules to ${USUAL}, ${transport}`,
      atMost: 1.25,
      measured: ratio(nameOf(store, MANY), nameOf(store, USUAL)),
      unit: ' ×',
    },
  ]);
  return goals.filter(({ measured }) => !Number.isNaN(measured));
}

const RAW = 'node:http and JSON.parse';
const EXPRESS = 'Express and express.json';

function nameOf(store: string, rules: number, traffic: Traffic = 'mixed'): string {
  const which = traffic === 'mixed' ? '' : `, every batch ${traffic} a match`;
  return `firstseen, ${store}, ${rules} ${rules === 1 ? 'rule' : 'rules'}${which}`;
}

async function compare(
  transport: string,
  certificates: WebhookCertificates | undefined,
  { rules, rounds, batches }: BenchOptions,
): Promise<ReadonlyMap<string, number>> {
  const redis = await startBenchRedis();
  const contenders: Contender[] = [];
  const mixed = benchBatches();
  const enter = (name: string, server: BenchServer, sent = mixed) =>
    contenders.push({ name, server, load: createLoad(server.url, certificates), batches: sent, cpu: [], redisCpu: [] });
  try {
    enter(RAW, await startFloor('raw', certificates));
    enter(EXPRESS, await startFloor('express', certificates));
    for (const [store, state] of [['SQLite', sqliteFile] as const, ['Redis', redis.next] as const]) {
      for (const count of rules) {
        const server = await startServe({ state: state(), rules: count, certificates });
        enter(nameOf(store, count), server);
        if (count !== USUAL) continue;
        enter(nameOf(store, count, 'without'), server, benchBatches('without'));
        enter(nameOf(store, count, 'with'), server, benchBatches('with'));
      }
    }
    for (let round = -WARM_UP_ROUNDS; round < rounds; round++) {
      for (const contender of contenders) await meet(contender, batches, redis.server.pid, round >= 0);
    }
    return print(transport, contenders, rounds);
  } finally {
    for (const { load, server } of contenders) {
      load.close();
      await server.stop();
    }
    await redis.server.stop();
  }
}

/** One round of one contender. */
async function meet(contender: Contender, count: number, redis: number, counts: boolean): Promise<void> {
  const { server, load, batches, cpu, redisCpu } = contender;
  const [before, redisBefore] = [cpuMicros(server.pid), cpuMicros(redis)];
  await load.closed(batches, count);
  if (!counts) return;
  cpu.push((cpuMicros(server.pid) - before) / (count * EVENTS_PER_BATCH));
  redisCpu.push((cpuMicros(redis) - redisBefore) / (count * EVENTS_PER_BATCH));
}

function print(transport: string, contenders: readonly Contender[], rounds: number): ReadonlyMap<string, number> {
  const cpu = new Map(contenders.map((contender) => [contender.name, median(contender.cpu)]));
  const floor = cpu.get(EXPRESS) ?? Number.NaN;
  console.log(`\nServers over ${transport}, CPU of an event, median of ${rounds} rounds`);
  printRow('', 'µs', '× Express', 'µs of Redis');
  for (const { name, redisCpu } of contenders) {
    const own = cpu.get(name) ?? Number.NaN;
    printRow(name, own.toFixed(2), (own / floor).toFixed(2), name.includes('Redis') ? median(redisCpu).toFixed(2) : '');
  }
  return cpu;
}
