import assert from 'node:assert/strict';
import { test } from 'node:test';
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
  assert.deepEqual(shown('attack.persistence', 'attack.t1078'), ['Persistence: T1078 Valid Accounts']);
  assert.deepEqual(shown('attack.t1078'), ['Initial Access: T1078 Valid Accounts']);
  assert.deepEqual(shown('attack.persistence', 'attack.privilege-escalation', 'attack.t1098'), [
    'Persistence: T1098 Account Manipulation',
    'Privilege Escalation: T1098 Account Manipulation',
  ]);
  assert.deepEqual(shown('attack.execution', 'attack.t1552.007'), [
    'Execution: -',
    'Credential Access: T1552.007 Container API',
  ]);
});

test('tactics with hyphens, with underscores and by id', () => {
  for (const tag of ['attack.initial-access', 'attack.initial_access', 'attack.ta0001', 'Attack.TA0001']) {
    assert.deepEqual(shown(tag), ['Initial Access: -']);
  }
  assert.deepEqual(shown('attack.discovery', 'attack.discovery'), ['Discovery: -']);
});

test('a technique without a known name stands under the tactic before it, else it stays a tag', () => {
  assert.deepEqual(shown('attack.impact', 'attack.t9999'), ['Impact: T9999 T9999']);
  assert.deepEqual(shown('attack.t9999'), ['attack.t9999']);
});

test('other tags stay tags', () => {
  assert.deepEqual(shown('attack.g0016', 'attack.s0002', 'cve.2026-1', 'tlp.amber', 'attack'), [
    'attack.g0016',
    'attack.s0002',
    'cve.2026-1',
    'tlp.amber',
    'attack',
  ]);
});

test('the table is sound: ids, names, at least one tactic each', () => {
  assert.equal(ATTACK_TACTICS.length, 14);
  for (const [id, { name, tactics }] of ATTACK_TECHNIQUES) {
    assert.match(id, /^T\d{4}(\.\d{3})?$/);
    assert.ok(name !== '' && tactics.length > 0, id);
  }
  for (const { id, name } of ATTACK_TACTICS) assert.ok(/^TA\d{4}$/.test(id) && name !== '', id);
});
