import { expect, test } from '@jest/globals';
import type { AlertRecord } from '../../detect/alert.ts';
import { alertTable } from './alert-table.ts';

function alert(name: string, count: number, newTerm: string): AlertRecord {
  const at = Date.UTC(2026, 2, 2, 8) * 1_000;
  return {
    id: name,
    cluster: 'local',
    version: 1,
    spec: {
      rule: { name, title: name, type: 'query' },
      severity: 'medium',
      riskScore: 47,
      reason: 'because',
      request: { time: '2026-03-02T08:00:00.000000Z', dryRun: false, truncated: false },
      actor: {},
      cluster: 'local',
      overflow: false,
      display: { user: 'alice', action: 'get pods', object: 'shop/cart-0', source: '', newTerm },
    },
    state: {
      phase: 'Open',
      count,
      firstSeen: at,
      lastSeen: at + 1_500_000,
      openedAt: at,
      windowMicros: 0,
      evidence: [],
      suppressionKey: '',
      removed: false,
    },
  };
}

test('the table looks like that of kubectl, without trailing spaces', () => {
  expect(alertTable([alert('a', 1, 'curl/8'), alert('longer-name', 12, '')]).split('\n')).toEqual([
    'SEVERITY   RULE          USER    ACTION     OBJECT        COUNT   STATUS   LAST SEEN              NEW TERM',
    'medium     a             alice   get pods   shop/cart-0   1       Open     2026-03-02T08:00:01Z   curl/8',
    'medium     longer-name   alice   get pods   shop/cart-0   12      Open     2026-03-02T08:00:01Z',
  ]);
});
