import { expect, test } from '@jest/globals';
import { anonymousRequest } from '../../../test/support/events.ts';
import { expectKind } from '../../../test/support/expect.ts';
import { resolveField } from '../../ecs/fields.ts';
import { parseEql } from '../eql/parse.ts';
import { createFieldSlots } from '../match/slots.ts';
import { explainMatch, type JudgedClause } from './explain-match.ts';

function judged(condition: string, groups: readonly string[]): JudgedClause {
  const result = parseEql(`any where ${condition}`, { resolveField });
  expectKind(result, 'event');
  const slots = createFieldSlots();
  const memo = slots.createMemo();
  memo.reset(anonymousRequest({ event: { user: { username: 'eve', groups: [...groups] } } }));
  return explainMatch(result.predicate, slots, memo);
}

test('below each kind of statement the parts that decide are those that came out as the whole does, apart from its negation', () => {
  const name = 'user.name == "eve"';
  const other = 'user.name == "bob"';
  const group = 'kubernetes.audit.user.groups == "ops"';
  for (const [condition, holds, decisive] of [
    [`${name} and ${group}`, true, [true, true]],
    [`${other} and ${group}`, false, [true, false]],
    [`${other} or ${group}`, true, [false, true]],
    [`${other} or kubernetes.audit.user.groups == "x"`, false, [true, true]],
    [`not (${name} and ${group})`, false, [true, true]],
    [`not (${other} and ${group})`, true, [true, false]],
    [`not (${other} or ${group})`, false, [false, true]],
    [`not (${other} or kubernetes.audit.user.groups == "x")`, true, [true, true]],
  ] as const) {
    const { holds: found, parts } = judged(condition, ['ops']);
    expect([condition, [found, parts.map(({ isDecisive }) => isDecisive)]]).toEqual([condition, [holds, decisive]]);
  }
});

test('of a field with several values to choose from an expression has no value of its own', () => {
  const condition = 'length(kubernetes.audit.user.groups) == 3';
  expect(judged(condition, ['ops']).found).toEqual([
    'it is true',
    'length(kubernetes.audit.user.groups) is 3',
    'kubernetes.audit.user.groups is "ops"',
  ]);
  expect(judged(condition, ['ops', 'admins']).found).toEqual(['kubernetes.audit.user.groups is "ops", "admins"']);
  expect(judged(condition, ['ops', 'admins']).holds).toBe(true);
});
