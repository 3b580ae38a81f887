import { once } from 'node:events';
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Address } from './options.ts';

export interface Listener {
  /** @throws if it cannot listen at the address */
  start(): Promise<Address>;
  /** Accepts no new connection, closes idle ones, waits for the others, and cuts them off after `limitMs`. */
  stop(limitMs: number): Promise<void>;
}

/** Runs an HTTP or HTTPS server and tracks all of its connections, including those in a TLS handshake. */
export function createListener(server: Server, address: Address): Listener {
  const connections = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    connections.add(socket);
    socket.once('close', () => connections.delete(socket));
  });

  return {
    async start() {
      server.listen({ host: address.host, port: address.port });
      await once(server, 'listening');
      const bound = server.address();
      return { host: address.host, port: typeof bound === 'object' && bound !== null ? bound.port : address.port };
    },
    async stop(limitMs) {
      if (!server.listening) return;
      const closed = once(server, 'close');
      server.close();
      const cutOff = setTimeout(() => {
        for (const socket of connections) socket.destroy();
      }, limitMs);
      await closed;
      clearTimeout(cutOff);
    },
  };
}
