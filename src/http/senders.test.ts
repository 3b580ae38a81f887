import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { expect, test } from '@jest/globals';
import { createMetrics } from '../telemetry/metrics.ts';
import { createSenders } from './senders.ts';

function requestFrom(address: string): IncomingMessage {
  const socket = new Socket();
  Object.defineProperty(socket, 'remoteAddress', { value: address });
  return new IncomingMessage(socket);
}

function listening(own: { readonly node?: string; readonly cluster?: string } = {}) {
  const metrics = createMetrics();
  let time = 1_000_000;
  const { heard } = createSenders(metrics, own, () => time);
  return {
    heard: (address: string, cluster = 'local') => heard(cluster, requestFrom(address)),
    wait: (ms: number) => {
      time += ms;
    },
    async series() {
      const { text } = await metrics.expose();
      const lines = text.matchAll(/^firstseen_sender_last_batch_timestamp_seconds\{(.*)\} (.*)$/gm);
      return [...lines].map(([, labels = '', value = '']) => `${labels} ${value}`);
    },
  };
}

test('each address of a cluster has its own time, and mapped IPv4 addresses are plain', async () => {
  const { heard, wait, series } = listening();
  heard('::ffff:10.0.0.1');
  wait(5_000);
  heard('10.0.0.2');
  heard('10.0.0.2', 'other');
  expect(await series()).toEqual([
    'cluster="local",sender="10.0.0.1" 1000',
    'cluster="local",sender="10.0.0.2" 1005',
    'cluster="other",sender="10.0.0.2" 1005',
  ]);
});

test('forgets a sender after an hour of silence, once another one sends', async () => {
  const { heard, wait, series } = listening();
  heard('10.0.0.1');
  wait(60 * 60_000);
  heard('10.0.0.2', 'other');
  expect(await series()).toHaveLength(2);
  heard('10.0.0.2');
  expect((await series()).filter((line) => line.includes('local'))).toEqual(['cluster="local",sender="10.0.0.2" 4600']);
});

test('beyond 32 senders, forgets the one silent longest', async () => {
  const { heard, series } = listening();
  for (let host = 1; host <= 32; host++) heard(`10.0.0.${host}`);
  heard('10.0.0.1');
  heard('10.0.0.33');
  const lines = await series();
  expect(lines).toHaveLength(32);
  expect(lines).toContainEqual(expect.stringContaining('"10.0.0.1"'));
  expect(lines).not.toContainEqual(expect.stringContaining('"10.0.0.2"'));
});

test('the node name stands for a loopback address, and has a series from the start', async () => {
  const { heard, wait, series } = listening({ node: 'cp-1', cluster: 'local' });
  expect(await series()).toEqual(['cluster="local",sender="cp-1" 1000']);
  wait(5_000);
  heard('127.0.0.1');
  heard('10.0.0.2');
  expect(await series()).toEqual(['cluster="local",sender="cp-1" 1005', 'cluster="local",sender="10.0.0.2" 1005']);
});
