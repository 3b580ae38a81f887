import { expect, test } from '@jest/globals';
import { isRuleName, MAX_RULE_NAME_LENGTH, toRuleName } from './rule-name.ts';

test.each(['a', 'exec-into-pod', 'team.exec-2', '0', 'a'.repeat(200)])('a rule name: %s', (name) => {
  expect(isRuleName(name)).toBe(true);
});

test.each(['', '-a', 'a-', 'A', 'a_b', 'a..b', 'a.-b', '.a', 'a b', 'é', 'a\n', 'a'.repeat(201)])(
  'not a rule name: %j',
  (name) => {
    expect(isRuleName(name)).toBe(false);
  },
);

test('any text that has letters or digits gives a name', () => {
  expect(toRuleName('initial_access_anonymous')).toBe('initial-access-anonymous');
  expect(toRuleName('Déjà vu: “Pods”, 2nd try!')).toBe('deja-vu-pods-2nd-try');
  expect(toRuleName('***')).toBeUndefined();
  expect(toRuleName('правило')).toBeUndefined();
});

test.each(['x'.repeat(500), `${'ab-'.repeat(66)}a-b`, `${'a'.repeat(199)} b`])(
  'any text that has letters or digits gives a name: %s',
  (text) => {
    const name = toRuleName(text) ?? '';
    expect(isRuleName(name)).toBe(true);
    expect(name.length).toBeLessThanOrEqual(MAX_RULE_NAME_LENGTH);
  },
);
