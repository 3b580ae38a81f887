import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface TcpProxy {
  /** Where it listens, at 127.0.0.1. */
  readonly port: number;
  /** Stops forwarding in both directions. Connections stay open, new ones are accepted, bytes wait. */
  pause(): void;
  /** Forwards again, first what has waited. */
  resume(): void;
  /** Resets all connections that are open now. New ones are accepted. */
  cut(): void;
  /** Resets all connections and refuses new ones. */
  stop(): Promise<void>;
}

export interface TcpTarget {
  readonly port: number;
  /** 127.0.0.1 unless told. */
  readonly host?: string;
}

interface Link {
  readonly client: Socket;
  readonly upstream: Socket;
}

/**
 * Starts a TCP proxy on a loopback port in front of `target`, so that a test can break one path and no other.
 *
 * @param target a function is asked at each new connection, as kube-proxy chooses an endpoint of a Service; undefined: the
 *   connection is reset. Connections that are open stay where they are.
 * @param listen the port to listen on; a free one unless told
 */
export async function startTcpProxy(target: TcpTarget | (() => TcpTarget | undefined), listen = 0): Promise<TcpProxy> {
  const links = new Set<Link>();
  let paused = false;

  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (client) => {
    const chosen = typeof target === 'function' ? target() : target;
    if (chosen === undefined) {
      client.resetAndDestroy();
      return;
    }
    const { port, host = '127.0.0.1' } = chosen;
    const link = { client, upstream: connect({ port, host, allowHalfOpen: true }).pause() };
    links.add(link);
    for (const [from, to] of directions(link)) {
      from.on('data', (chunk) => {
        if (!to.write(chunk)) from.pause();
      });
      to.on('drain', () => flow(from, to));
      from.on('end', () => to.end());
      from.on('error', () => reset(link));
      from.on('close', () => links.delete(link));
      flow(from, to);
    }
  });
  server.listen(listen, '127.0.0.1');
  await once(server, 'listening');

  function flow(from: Socket, to: Socket): void {
    if (!paused && !to.writableNeedDrain) from.resume();
  }

  function cut(): void {
    for (const link of links) reset(link);
  }

  return {
    port: (server.address() as AddressInfo).port,
    pause() {
      paused = true;
      for (const { client, upstream } of links) {
        client.pause();
        upstream.pause();
      }
    },
    resume() {
      paused = false;
      for (const link of links) for (const [from, to] of directions(link)) flow(from, to);
    },
    cut,
    async stop() {
      const closed = once(server, 'close');
      server.close();
      cut();
      await closed;
    },
  };
}

function directions({ client, upstream }: Link): readonly (readonly [from: Socket, to: Socket])[] {
  return [
    [client, upstream],
    [upstream, client],
  ];
}

function reset({ client, upstream }: Link): void {
  client.resetAndDestroy();
  if (upstream.connecting) upstream.destroy();
  else upstream.resetAndDestroy();
}
