import { randomInt } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';

/** Below the range that systems take ports for outgoing connections from, so that a port stays free over a restart. */
const LOWEST = 12_000;
const HIGHEST = 30_000;
const ATTEMPTS = 100;

const claims: Socket[] = [];

process.on('exit', () => {
  for (const socket of claims) socket.close();
});

/**
 * A TCP port that nothing listens on at 127.0.0.1, never the same one to two callers, in whatever processes they are.
 * The UDP port of the same number is the claim to it: only one socket can have that, it hinders no TCP server, and the
 * system gives it back when this process ends.
 *
 * @throws Error when no free port was found.
 */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const port = randomInt(LOWEST, HIGHEST);
    if ((await claim(port)) && (await isFree(port))) return port;
  }
  throw new Error(`no free port between ${LOWEST} and ${HIGHEST} after ${ATTEMPTS} attempts`);
}

async function claim(port: number): Promise<boolean> {
  const socket = createSocket('udp4').bind({ port, address: '127.0.0.1', exclusive: true }).unref();
  try {
    await once(socket, 'listening');
  } catch {
    return false;
  }
  claims.push(socket);
  return true;
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch {
    return false;
  }
  server.close();
  await once(server, 'close');
  return true;
}
