/** How a receiver stops: what senders see of it. */

import { once } from 'node:events';
import { Agent } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { onTestEnd } from '../support/on-test-end.ts';
import { exchange, post, startReceiver } from '../support/receiver.ts';
import { waitFor } from '../support/wait.ts';

/** What a receiver is given for its end; a machine under load is far from using half of it. */
const PATIENCE_MS = 60_000;
const JSON_TYPE = 'Content-Type: application/json';
const REQUEST = `POST /audit HTTP/1.1\r\nHost: x\r\n${JSON_TYPE}\r\nContent-Length: 2\r\n\r\n{}`;

test('what is under way is answered and closed; what comes then is not taken', async () => {
  let finish: () => void = () => undefined;
  const { receiver, port, batches } = await startReceiver({}, async () => {
    await new Promise<void>((resolve) => {
      finish = resolve;
    });
    return { kind: 'accepted', events: 1, quarantined: 0 };
  });
  const raw = exchange(port, REQUEST);
  const idle = exchange(port);
  await waitFor(() => batches.length === 1, { what: 'the batch' });
  const start = performance.now();
  const stopped = receiver.stop(PATIENCE_MS);
  expect(receiver.readiness()[0]?.ok).toBe(false);
  await expect(post(port, '/audit')).rejects.toThrow(expect.objectContaining({ code: 'ECONNREFUSED' }));
  finish();
  const answer = await raw;
  expect(answer).toMatch(/^HTTP\/1\.1 200 /);
  expect(answer).toMatch(/connection: close/i);
  await idle;
  await stopped;
  expect(performance.now() - start).toBeLessThan(PATIENCE_MS / 2); // it ends with the last request
});

test('a request that began before is still taken, and closes its connection', async () => {
  const { receiver, port, batches } = await startReceiver();
  const late = connect(port, '127.0.0.1').setEncoding('utf8');
  let text = '';
  late.on('data', (chunk) => {
    text += chunk;
  });
  await once(late, 'connect');
  late.write('POST /audit HTTP/1.1\r\nHost: x\r\n');
  await sleep(200); // it has reached the receiver, else its connection would be an idle one
  const stopped = receiver.stop(5_000);
  late.write(`${JSON_TYPE}\r\nContent-Length: 2\r\n\r\n{}`);
  await once(late, 'close');
  expect(text).toMatch(/^HTTP\/1\.1 200 [\s\S]*connection: close/i);
  expect(batches).toHaveLength(1);
  await stopped;
});

test('it lingers: unready, but it takes requests, on open and new connections, and closes each after its answer', async () => {
  const { receiver, port, batches } = await startReceiver();
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  onTestEnd(() => agent.destroy());
  const kept = await post(port, '/audit', { agent });
  expect(kept.headers.connection).not.toBe('close');
  const idle = connect(port, '127.0.0.1');
  await once(idle, 'connect');
  let idleEnded = false;
  const ended = once(idle.resume(), 'close').then(() => {
    idleEnded = true;
  });

  const stopped = receiver.stop(5_000, 1_500);
  expect(receiver.readiness()[0]?.ok).toBe(false);
  const [open, fresh] = await Promise.all([post(port, '/audit', { agent }), post(port, '/audit')]);
  for (const { status, headers } of [open, fresh]) expect([status, headers.connection]).toEqual([200, 'close']);
  expect(batches).toHaveLength(3);
  expect(idleEnded).toBe(false); // a request may be on its way over it
  await stopped;
  await ended;
  await expect(post(port, '/audit')).rejects.toThrow(expect.objectContaining({ code: 'ECONNREFUSED' }));
});

test('after the limit, what is left is cut off', async () => {
  const { receiver, port, batches } = await startReceiver({}, () => new Promise(() => undefined));
  const hanging = exchange(port, REQUEST);
  await waitFor(() => batches.length === 1, { what: 'the batch' });
  await receiver.stop(100);
  expect(await hanging).toBe('');
  await receiver.stop(100);
});
