import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { createSerialQueue } from './serial-queue.ts';

test('runs tasks of one name in turn, even after a failure, and names independently', async () => {
  const queue = createSerialQueue();
  const seen: string[] = [];
  const slow = queue.run('a', async () => {
    await sleep(20);
    seen.push('slow');
    throw new Error('no');
  });
  const next = queue.run('a', () => seen.push('next'));
  const other = queue.run('b', () => seen.push('other'));
  await expect(slow).rejects.toThrow(/no/);
  await Promise.all([next, other]);
  await queue.settled();
  expect(seen).toEqual(['other', 'slow', 'next']);
});
