import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { type StartedProcess, startProcess } from './child-process.ts';
import { freePort } from './ports.ts';
import { createTemporaryFolder } from './temporary-folder.ts';
import { ensureTool } from './tools.ts';
import { waitFor } from './wait.ts';

export interface RedisOptions {
  /** When the append-only file reaches the disk. Without it there is none, and a restart begins empty. */
  readonly appendFsync?: 'always' | 'everysec' | 'no';
  readonly password?: string;
  /** Further lines for redis.conf, such as `cluster-enabled yes`. */
  readonly config?: readonly string[];
}

export interface RedisServer {
  /** redis://127.0.0.1:PORT, with the password where there is one. */
  readonly url: string;
  readonly port: number;
  /** Of the process that runs now. */
  readonly pid: number;
  /** Sends a signal, and waits until the server has ended unless the signal is SIGSTOP or SIGCONT. */
  kill(signal: NodeJS.Signals): Promise<void>;
  /** Stops the server if it runs and starts it on the same port and folder, so that an append-only file is read again. */
  restart(): Promise<void>;
  stop(): Promise<void>;
  /** All that it has logged, over restarts. */
  log(): string;
}

/**
 * Starts a Redis server of this test's own: on a free loopback port, with its own folder, ready when it answers PONG.
 *
 * @throws Error with the server's log when it does not become ready.
 */
export async function startRedis({ appendFsync, password, config = [] }: RedisOptions = {}): Promise<RedisServer> {
  const executable = await ensureTool('redis-server');
  const folder = createTemporaryFolder('redis');
  const port = await freePort();
  const configFile = join(folder, 'redis.conf');
  const logFile = join(folder, 'log');
  const lines = [
    'bind 127.0.0.1',
    `port ${port}`,
    `dir ${folder}`,
    'save ""',
    ...(appendFsync === undefined ? ['appendonly no'] : ['appendonly yes', `appendfsync ${appendFsync}`]),
    ...(password === undefined ? [] : [`requirepass ${JSON.stringify(password)}`]),
    ...config,
  ];
  writeFileSync(configFile, `${lines.join('\n')}\n`, { mode: 0o600 });

  async function start(): Promise<StartedProcess> {
    const started = await startProcess(executable, [configFile], { logFile });
    const answer = await waitFor(async () => (started.exit() ? 'ended' : (await ping(port, password)) && 'ready'), {
      what: 'PONG from redis-server',
    });
    if (answer === 'ended') throw new Error(`redis-server did not start\n${started.log()}`);
    return started;
  }

  let server = await start();
  return {
    url: `redis://${password === undefined ? '' : `:${encodeURIComponent(password)}@`}127.0.0.1:${port}`,
    port,
    get pid() {
      return server.pid;
    },
    async kill(signal) {
      server.kill(signal);
      if (signal !== 'SIGSTOP' && signal !== 'SIGCONT') await server.waitForExit();
    },
    async restart() {
      await server.stop();
      server = await start();
    },
    async stop() {
      await server.stop();
    },
    log: () => server.log(),
  };
}

/** Whether the server answers PONG; while it reads its append-only file it answers LOADING. */
async function ping(port: number, password: string | undefined): Promise<boolean> {
  const socket = connect(port, '127.0.0.1').setTimeout(1_000, () => socket.destroy(new Error('no answer in 1 s')));
  const login = password === undefined ? '' : command('AUTH', password);
  socket.end(`${login}${command('PING')}${command('QUIT')}`);
  const answer = await text(socket);
  if (answer.includes('+PONG')) return true;
  throw new Error(answer);
}

/** A command in Redis's wire form. */
function command(...words: readonly string[]): string {
  return [`*${words.length}`, ...words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}`), ''].join('\r\n');
}
