import { expect, test } from '@jest/globals';
import { ATTACK_TACTICS, ATTACK_TECHNIQUES } from './attack.ts';
import { readTags } from './threats.ts';

function shown(...tags: readonly string[]): readonly string[] {
  const read = readTags(tags);
  const threats = read.threat.map(
    ({ tactic, technique }) => `${tactic.name}: ${technique?.id ?? '-'} ${technique?.name ?? ''}`,
  );
  return [...threats.map((text) => text.trim()), ...read.tags];
}

test('a technique stands under its tactics that the rule names, else under its first', () => {
  expect(shown('attack.persistence', 'attack.t1078')).toEqual(['Persistence: T1078 Valid Accounts']);
  expect(shown('attack.t1078')).toEqual(['Initial Access: T1078 Valid Accounts']);
  expect(shown('attack.persistence', 'attack.privilege-escalation', 'attack.t1098')).toEqual([
    'Persistence: T1098 Account Manipulation',
    'Privilege Escalation: T1098 Account Manipulation',
  ]);
  expect(shown('attack.execution', 'attack.t1552.007')).toEqual([
    'Execution: -',
    'Credential Access: T1552.007 Container API',
  ]);
});

test('tactics with hyphens, with underscores and by id', () => {
  expect(shown('attack.discovery', 'attack.discovery')).toEqual(['Discovery: -']);
});

test.each(['attack.initial-access', 'attack.initial_access', 'attack.ta0001', 'Attack.TA0001'])(
  'tactics with hyphens, with underscores and by id: %s',
  (tag) => {
    expect(shown(tag)).toEqual(['Initial Access: -']);
  },
);

test('a technique without a known name stands under the tactic before it, else it stays a tag', () => {
  expect(shown('attack.impact', 'attack.t9999')).toEqual(['Impact: T9999 T9999']);
  expect(shown('attack.t9999')).toEqual(['attack.t9999']);
});

test('other tags stay tags', () => {
  expect(shown('attack.g0016', 'attack.s0002', 'cve.2026-1', 'tlp.amber', 'attack')).toEqual([
    'attack.g0016',
    'attack.s0002',
    'cve.2026-1',
    'tlp.amber',
    'attack',
  ]);
});

test('the table is sound: ids, names, at least one tactic each', () => {
  expect(ATTACK_TACTICS).toHaveLength(14);
  for (const [id, { name, tactics }] of ATTACK_TECHNIQUES) {
    expect(id).toMatch(/^T\d{4}(\.\d{3})?$/);
    expect(name).not.toBe('');
    expect(tactics.length).toBeGreaterThan(0);
  }
  for (const { id, name } of ATTACK_TACTICS) {
    expect(/^TA\d{4}$/.test(id)).toBe(true);
    expect(name).not.toBe('');
  }
});
