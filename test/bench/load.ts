import { once } from 'node:events';
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import type { WebhookCertificates } from '../support/firstseen.ts';
import type { Batch } from './batches.ts';

/** Sends batches to one server over four connections that stay open, as an API server does. */
export interface Load {
  /** So many batches, each connection the next one as soon as it has its answer. @throws Error at any answer but 200 */
  closed(batches: readonly Batch[], count: number): Promise<void>;
  /**
   * So many batches a second for so many seconds, whatever the answers take; what is due while all connections are busy waits
   * for one, and that counts. Gives the milliseconds until the answer, by batch.
   */
  paced(batches: readonly Batch[], perSecond: number, seconds: number): Promise<readonly number[]>;
  close(): void;
}

const CONNECTIONS = 4;

/** What is sent is new each time, whoever sends it. */
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
  if (batch === undefined) throw new Error('there are no batches to send');
  return batch;
}
