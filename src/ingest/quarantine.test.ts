import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createQuarantine } from './quarantine.ts';

test('the last fifty are kept, the latest first, with their time', () => {
  const quarantine = createQuarantine(() => new Date('2026-01-02T03:04:05Z'));
  for (let i = 0; i < 60; i++) quarantine.add({ cluster: 'local', reason: `item ${i}` });
  const items = quarantine.items();
  assert.equal(items.length, 50);
  assert.deepEqual(items[0], { time: '2026-01-02T03:04:05.000Z', cluster: 'local', reason: 'item 59' });
  assert.equal(items[49]?.reason, 'item 10');
});
