import { expect, test } from '@jest/globals';
import { isRuleName, MAX_RULE_NAME_LENGTH, toRuleName } from './rule-name.ts';

test('a rule name is a DNS-1123 subdomain of at most 200 characters', () => {
  for (const name of ['a', 'exec-into-pod', 'team.exec-2', '0', 'a'.repeat(200)])
    expect([name, isRuleName(name)]).toEqual([name, true]);
  for (const name of ['', '-a', 'a-', 'A', 'a_b', 'a..b', 'a.-b', '.a', 'a b', 'é', 'a\n', 'a'.repeat(201)]) {
    expect([JSON.stringify(name), isRuleName(name)]).toEqual([JSON.stringify(name), false]);
  }
});

test('any text that has letters or digits gives a name', () => {
  expect(toRuleName('initial_access_anonymous')).toBe('initial-access-anonymous');
  expect(toRuleName('Déjà vu: “Pods”, 2nd try!')).toBe('deja-vu-pods-2nd-try');
  expect(toRuleName('***')).toBeUndefined();
  expect(toRuleName('правило')).toBeUndefined();
  for (const text of ['x'.repeat(500), `${'ab-'.repeat(66)}a-b`, `${'a'.repeat(199)} b`]) {
    const name = toRuleName(text) ?? '';
    expect(isRuleName(name)).toBe(true);
    expect(name.length).toBeLessThanOrEqual(MAX_RULE_NAME_LENGTH);
  }
});
