import { expect, test } from '@jest/globals';
import { createQuarantine } from './quarantine.ts';

test('the last fifty are kept, the latest first, with their time', () => {
  const quarantine = createQuarantine(() => new Date('2026-01-02T03:04:05Z'));
  for (let i = 0; i < 60; i++) quarantine.add({ cluster: 'local', reason: `item ${i}` });
  const items = quarantine.items();
  expect(items).toHaveLength(50);
  expect(items[0]).toEqual({ time: '2026-01-02T03:04:05.000Z', cluster: 'local', reason: 'item 59' });
  expect(items[49]?.reason).toBe('item 10');
});
