import { once } from 'node:events';
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import type { WebhookCertificates } from '../support/firstseen.ts';
import type { Batch } from './batches.ts';

/** Sends batches to a server over four keep-alive connections, as an API server does. */
export interface Load {
  /** Sends this number of batches, one at a time per connection. @throws Error if an answer is not 200 */
  closed(batches: readonly Batch[], count: number): Promise<void>;
  /**
   * Sends batches at a fixed rate for some seconds, independent of the answers. Returns the latency of each batch in
   * ms, including the time that a due batch waits for a free connection.
   */
  paced(batches: readonly Batch[], perSecond: number, seconds: number): Promise<readonly number[]>;
  close(): void;
}

const CONNECTIONS = 4;

/** Numbers batches across all senders, so that each is new. */
let serial = 0;

export function createLoad(url: string, certificates: WebhookCertificates | undefined): Load {
  const pool = { keepAlive: true, maxSockets: CONNECTIONS, scheduling: 'fifo' } as const;
  const agent =
    certificates === undefined
      ? new HttpAgent(pool)
      : new HttpsAgent({ ...pool, ca: certificates.ca, cert: certificates.client.cert, key: certificates.client.key });

  async function post(batch: Batch): Promise<void> {
    batch.stamp(new Date(), serial++);
    const headers = { 'content-type': 'application/json', 'content-length': batch.body.length };
    const call =
      agent instanceof HttpsAgent
        ? httpsRequest(url, { method: 'POST', agent, headers })
        : httpRequest(url, { method: 'POST', agent, headers });
    call.end(batch.body);
    const [response]: IncomingMessage[] = await once(call, 'response');
    response?.resume();
    if (response?.statusCode !== 200) throw new Error(`${url} answered ${response?.statusCode}`);
    await once(response, 'end');
  }

  return {
    async closed(batches, count) {
      let next = 0;
      const one = async () => {
        for (let index = next++; index < count; index = next++) await post(batchAt(batches, index));
      };
      await Promise.all(Array.from({ length: CONNECTIONS }, one));
    },
    async paced(batches, perSecond, seconds) {
      const latencies: Promise<number>[] = [];
      const start = performance.now();
      for (let index = 0; index < perSecond * seconds; index++) {
        const due = start + (index * 1_000) / perSecond;
        await sleep(Math.max(0, due - performance.now()));
        const sent = performance.now();
        latencies.push(post(batchAt(batches, index)).then(() => performance.now() - sent));
      }
      return Promise.all(latencies);
    },
    close: () => agent.destroy(),
  };
}

function batchAt(batches: readonly Batch[], index: number): Batch {
  const batch = batches[index % batches.length];
  if (batch === undefined) throw new Error('no batches to send');
  return batch;
}
