import { setTimeout as sleep } from 'node:timers/promises';
import type { Firstseen } from './firstseen.ts';
import { startTcpProxy } from './tcp-proxy.ts';

/** Stands in for a Service and kube-proxy: each new connection goes to the next replica that was ready when last looked. */
export interface ServiceProxy {
  readonly port: number;
  stop(): Promise<void>;
}

/** A replica that has become unready still gets new connections for about so long, as endpoints lag behind. */
const LOOK_MS = 300;

export async function startService(replicas: readonly Firstseen[], listen: number): Promise<ServiceProxy> {
  let ready: readonly Firstseen[] = [];
  let turn = 0;
  let stopped = false;

  async function look(): Promise<void> {
    const found = await Promise.all(replicas.map((replica) => replica.isReady()));
    ready = replicas.filter((_replica, i) => found[i]);
  }

  async function keepLooking(): Promise<void> {
    while (!stopped) {
      await sleep(LOOK_MS);
      await look();
    }
  }

  await look();
  const looking = keepLooking();
  const proxy = await startTcpProxy(() => {
    const chosen = ready[turn++ % ready.length];
    return chosen && { port: Number(new URL(chosen.url).port) };
  }, listen);
  return {
    port: proxy.port,
    async stop() {
      stopped = true;
      await looking;
      await proxy.stop();
    },
  };
}
