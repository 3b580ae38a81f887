import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isRuleName, MAX_RULE_NAME_LENGTH, toRuleName } from './rule-name.ts';

test('a rule name is a DNS-1123 subdomain of at most 200 characters', () => {
  for (const name of ['a', 'exec-into-pod', 'team.exec-2', '0', 'a'.repeat(200)]) assert.ok(isRuleName(name), name);
  for (const name of ['', '-a', 'a-', 'A', 'a_b', 'a..b', 'a.-b', '.a', 'a b', 'é', 'a\n', 'a'.repeat(201)]) {
    assert.ok(!isRuleName(name), JSON.stringify(name));
  }
});

test('any text that has letters or digits gives a name', () => {
  assert.equal(toRuleName('initial_access_anonymous'), 'initial-access-anonymous');
  assert.equal(toRuleName('Déjà vu: “Pods”, 2nd try!'), 'deja-vu-pods-2nd-try');
  assert.equal(toRuleName('***'), undefined);
  assert.equal(toRuleName('правило'), undefined);
  for (const text of ['x'.repeat(500), `${'ab-'.repeat(66)}a-b`, `${'a'.repeat(199)} b`]) {
    const name = toRuleName(text) ?? '';
    assert.ok(isRuleName(name) && name.length <= MAX_RULE_NAME_LENGTH, name);
  }
});
