import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { outputOf, startProcess } from '../support/child-process.ts';
import { receiverTls, type StateConfig, type WebhookCertificates } from '../support/firstseen.ts';
import { freePort } from '../support/ports.ts';
import { type RedisServer, startRedis } from '../support/redis-server.ts';
import { createTemporaryFolder } from '../support/temporary-folder.ts';
import { waitFor } from '../support/wait.ts';
import { benchRules } from './rules.ts';

/** A server for batches, in its own process. */
export interface BenchServer {
  readonly pid: number;
  /** URL for batches. */
  readonly url: string;
  /** Its log. */
  log(): string;
  stop(): Promise<void>;
}

export interface FirstseenBenchOptions {
  readonly state: StateConfig;
  readonly rules: number;
  readonly certificates: WebhookCertificates | undefined;
}

const ROOT = join(import.meta.dirname, '..', '..');
const MAIN = join(ROOT, 'dist', 'main.js');
const FLOOR = join(import.meta.dirname, 'floor.ts');
const START_TIMEOUT_MS = 60_000;

/** A minimal receiver: the least cost of receiving and parsing. */
export async function startFloor(
  kind: 'raw' | 'express',
  certificates: WebhookCertificates | undefined,
): Promise<BenchServer> {
  const port = await freePort();
  const files =
    certificates === undefined ? [] : [certificates.server.certFile, certificates.server.keyFile, certificates.caFile];
  return started([FLOOR, kind, String(port), ...files], port, certificates);
}

/** Builds the program for `startServe`, because type stripping, which the image does not do, costs memory. */
export async function buildFirstseen(): Promise<void> {
  await outputOf('npm', ['run', 'build', '--silent'], { cwd: ROOT });
}

/** The Node flags of the image. */
function imageFlags(): readonly string[] {
  const [, entry = '[]'] = /^ENTRYPOINT (.*)$/m.exec(readFileSync(join(ROOT, 'Dockerfile'), 'utf8')) ?? [];
  return (JSON.parse(entry) as readonly string[]).filter((word) => word.startsWith('--'));
}

/** firstseen as in the image: `serve` with a configuration and rule files. Alerts go to its log. */
export async function startServe({ state, rules, certificates }: FirstseenBenchOptions): Promise<BenchServer> {
  const folder = createTemporaryFolder('bench');
  const port = await freePort();
  const rulesFolder = join(folder, 'rules');
  mkdirSync(rulesFolder);
  const configFile = join(folder, 'firstseen.yaml');
  for (const [index, rule] of benchRules(rules).entries()) writeFileSync(join(rulesFolder, `${index}.yaml`), rule);
  const config = {
    receiver: { listen: `127.0.0.1:${port}`, ...receiverTls(certificates), clusters: [{ name: 'local' }] },
    ops: { listen: `127.0.0.1:${await freePort()}` },
    state,
    rules: { paths: [rulesFolder] },
  };
  writeFileSync(configFile, JSON.stringify(config));
  const server = await started([...imageFlags(), MAIN, 'serve', '--config', configFile], port, certificates);
  if (!server.log().includes(`"ready":${rules},`)) throw new Error(`not all rules were loaded\n${server.log()}`);
  return server;
}

/** A new SQLite file. */
export function sqliteFile(): StateConfig {
  return { kind: 'sqlite', path: join(createTemporaryFolder('bench-state'), 'firstseen.db') };
}

/** A separate Redis with appendfsync everysec. Each of its databases is a new state. */
export async function startBenchRedis(): Promise<{ readonly server: RedisServer; next(): StateConfig }> {
  const server = await startRedis({ appendFsync: 'everysec', config: ['databases 64'] });
  let database = 0;
  return { server, next: () => ({ kind: 'redis', url: `redis://127.0.0.1:${server.port}/${database++}` }) };
}

async function started(
  args: readonly string[],
  port: number,
  certificates: WebhookCertificates | undefined,
): Promise<BenchServer> {
  const server = await startProcess(process.execPath, args, { env: { MALLOC_ARENA_MAX: '2' } }); // as in the image
  const answer = await waitFor(async () => (server.exit() ? 'ended' : (await listens(port)) && 'ready'), {
    what: `${args.join(' ')} to listen`,
    timeoutMs: START_TIMEOUT_MS,
  });
  if (answer === 'ended') throw new Error(`${args.join(' ')} did not start\n${server.log().slice(-4_000)}`);
  return {
    pid: server.pid,
    url: `${certificates === undefined ? 'http' : 'https'}://127.0.0.1:${port}/audit`,
    log: () => server.log(),
    stop: async () => void (await server.stop()),
  };
}

/** @throws while nothing listens */
async function listens(port: number): Promise<true> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } finally {
    socket.destroy();
  }
}
