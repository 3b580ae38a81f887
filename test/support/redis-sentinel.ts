import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { type StartedProcess, startProcess } from './child-process.ts';
import { freePort } from './ports.ts';
import { type RedisServer, startRedis } from './redis-server.ts';
import { createTemporaryFolder } from './temporary-folder.ts';
import { ensureTool } from './tools.ts';
import { waitFor } from './wait.ts';

export interface RedisSentinel {
  readonly name: string;
  /** HOST:PORT of the sentinels. */
  readonly nodes: readonly string[];
  readonly sentinelPassword: string;
  /** The master of the start, then two replicas. */
  readonly servers: readonly RedisServer[];
  /** Port of the master that the sentinels name now. */
  master(): Promise<number>;
  stop(): Promise<void>;
}

const NAME = 'firstseen';
const PASSWORD = 'sentinel-secret';
/** After so long without an answer the master counts as down. */
const DOWN_AFTER_MS = 1_000;

/** Starts a master with two replicas, watched by three sentinels that ask for a password. */
export async function startRedisSentinel(): Promise<RedisSentinel> {
  const master = await startRedis({ appendFsync: 'everysec' });
  const replicate = { appendFsync: 'everysec', config: [`replicaof 127.0.0.1 ${master.port}`] } as const;
  const servers = [master, await startRedis(replicate), await startRedis(replicate)];
  const client = new Redis(master.url);
  await waitFor(async () => (await client.info('replication')).match(/state=online/g)?.length === 2, {
    what: 'two replicas',
  });
  client.disconnect();

  const executable = await ensureTool('redis-server');
  const ports = [await freePort(), await freePort(), await freePort()];
  const sentinels: StartedProcess[] = [];
  for (const port of ports) {
    const folder = createTemporaryFolder('sentinel');
    const file = join(folder, 'sentinel.conf');
    const lines = [
      'bind 127.0.0.1',
      `port ${port}`,
      `dir ${folder}`,
      `requirepass ${PASSWORD}`,
      `sentinel sentinel-pass ${PASSWORD}`,
      `sentinel monitor ${NAME} 127.0.0.1 ${master.port} 2`,
      `sentinel down-after-milliseconds ${NAME} ${DOWN_AFTER_MS}`,
      `sentinel failover-timeout ${NAME} 5000`,
    ];
    writeFileSync(file, `${lines.join('\n')}\n`, { mode: 0o600 });
    sentinels.push(await startProcess(executable, [file, '--sentinel']));
  }
  const clients = ports.map((port) => new Redis({ host: '127.0.0.1', port, password: PASSWORD }));
  for (const [i, one] of clients.entries()) {
    one.on('error', () => {}); // not there yet
    await waitFor(
      async () => {
        const state = String(await one.call('SENTINEL', 'MASTER', NAME));
        return /num-slaves,2,/.test(state) && /num-other-sentinels,2,/.test(state);
      },
      { what: `sentinel ${i} to know the others` },
    );
  }
  const [asked] = clients;
  return {
    name: NAME,
    nodes: ports.map((port) => `127.0.0.1:${port}`),
    sentinelPassword: PASSWORD,
    servers,
    async master() {
      const address = await asked?.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', NAME);
      return Array.isArray(address) ? Number(address[1]) : 0;
    },
    async stop() {
      for (const one of clients) one.disconnect();
      await Promise.all(sentinels.map((sentinel) => sentinel.stop()));
      await Promise.all(servers.map((server) => server.stop()));
    },
  };
}
