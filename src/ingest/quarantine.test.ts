import { expect, test } from '@jest/globals';
import { createQuarantine } from './quarantine.ts';

test('keeps the last fifty items, the latest first', () => {
  const quarantine = createQuarantine(() => new Date('2026-01-02T03:04:05Z'));
  for (let i = 0; i < 60; i++) quarantine.add({ cluster: 'local', reason: `item ${i}` });
  const items = quarantine.items();
  expect(items).toHaveLength(50);
  expect(items[0]).toEqual({ time: '2026-01-02T03:04:05.000Z', cluster: 'local', reason: 'item 59' });
  expect(items[49]?.reason).toBe('item 10');
});

test('an audit ID is shown as the beginning of what sha256sum makes of it', () => {
  const quarantine = createQuarantine();
  quarantine.add({ cluster: 'local', reason: 'a', auditID: '5f3f1b1e-6a6c-4c5e-9d3d-0a4d5f3e2b1c' });
  quarantine.add({ cluster: 'local', reason: 'b', auditID: '' });
  expect(quarantine.items().map(({ auditIDHash }) => auditIDHash)).toEqual([undefined, '6949ef28a0ad0e81']);
  expect(JSON.stringify(quarantine.items())).not.toMatch(/5f3f1b1e|auditID"/);
});
