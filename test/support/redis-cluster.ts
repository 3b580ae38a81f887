import { Redis } from 'ioredis';
import { freePort } from './ports.ts';
import { type RedisServer, startRedis } from './redis-server.ts';
import { waitFor } from './wait.ts';

export interface RedisCluster {
  /** HOST:PORT of the masters. */
  readonly nodes: readonly string[];
  /** The masters, then a replica of each in the same order. */
  readonly servers: readonly RedisServer[];
  /** The index of the master that had the slot of a key at the start. */
  masterOf(key: string): Promise<number>;
  stop(): Promise<void>;
}

const SLOTS = 16_384;
const MASTERS = 3;
/** After so long without an answer a master counts as failed. */
const NODE_TIMEOUT_MS = 1_000;

/** Starts a Redis Cluster of three masters, with a replica each where asked for, as local processes. */
export async function startRedisCluster(options: { readonly replicas?: boolean } = {}): Promise<RedisCluster> {
  const size = options.replicas === true ? 2 * MASTERS : MASTERS;
  const servers = await Promise.all(
    Array.from({ length: size }, async () =>
      startRedis({
        config: ['cluster-enabled yes', `cluster-port ${await freePort()}`, `cluster-node-timeout ${NODE_TIMEOUT_MS}`],
      }),
    ),
  );
  const clients = servers.map(({ url }) => new Redis(url));
  const [first, ...others] = clients;
  if (first === undefined) throw new Error('a cluster has nodes');
  for (const [i, client] of clients.slice(0, MASTERS).entries()) {
    const from = Math.ceil((i * SLOTS) / MASTERS);
    const to = Math.ceil(((i + 1) * SLOTS) / MASTERS) - 1;
    await client.call('CLUSTER', 'ADDSLOTSRANGE', from, to);
    await client.call('CLUSTER', 'SET-CONFIG-EPOCH', i + 1);
  }
  const [{ port, busPort }] = [await addressOf(first)];
  for (const other of others) await other.call('CLUSTER', 'MEET', '127.0.0.1', port, busPort);
  const ids = await Promise.all(clients.map(async (client) => String(await client.call('CLUSTER', 'MYID'))));
  const knowsAll = async (client: Redis) => {
    const info = String(await client.call('CLUSTER', 'INFO'));
    return info.includes('cluster_state:ok') && info.includes(`cluster_known_nodes:${size}`);
  };
  for (const client of clients) await waitFor(() => knowsAll(client), { what: 'the cluster' });
  for (const [i, client] of clients.slice(MASTERS).entries()) {
    await client.call('CLUSTER', 'REPLICATE', ids[i] ?? '');
    await waitFor(async () => (await client.info('replication')).includes('master_link_status:up'), {
      what: 'a replica',
    });
  }
  for (const client of clients) client.disconnect();

  return {
    nodes: servers.slice(0, MASTERS).map((server) => `127.0.0.1:${server.port}`),
    servers,
    async masterOf(key) {
      const client = new Redis(servers[1]?.url ?? '');
      const slot = Number(await client.call('CLUSTER', 'KEYSLOT', key));
      client.disconnect();
      return Math.floor((slot * MASTERS) / SLOTS);
    },
    async stop() {
      await Promise.all(servers.map((server) => server.stop()));
    },
  };
}

async function addressOf(client: Redis): Promise<{ readonly port: string; readonly busPort: string }> {
  const line = String(await client.call('CLUSTER', 'NODES'));
  const [, port = '', busPort = ''] = /:(\d+)@(\d+)/.exec(line) ?? [];
  return { port, busPort };
}
