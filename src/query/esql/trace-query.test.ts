import { expect, test } from '@jest/globals';
import { fail } from '../../../test/support/fail.ts';
import { decodeEvent } from '../../audit/decode.ts';
import { resolveField } from '../../ecs/fields.ts';
import { traceQuery } from './trace-query.ts';

function traced(commands: string, changes: object = {}) {
  const decoded = decodeEvent(
    {
      verb: 'get',
      user: { username: 'eve', groups: ['b', 'a'] },
      userAgent: 'curl/8.1',
      stageTimestamp: '2026-03-02T08:00:00Z',
      ...changes,
    },
    0,
    Date.UTC(2030, 0, 1) * 1_000,
  );
  if (!('event' in decoded)) fail(decoded.reason);
  return traceQuery(`FROM logs-* | ${commands}`, decoded, { resolveField });
}

test('each command says how many rows it leaves and what it makes', () => {
  const steps = traced(
    'MV_EXPAND kubernetes.audit.user.groups | DISSECT user_agent.original "%{agent}/%{}" | EVAL who = TO_UPPER(user.name), none = null | RENAME agent AS tool | KEEP who, tool | LIMIT 1',
  );
  expect(
    steps.map(({ command, rows, made }) => [command.kind, rows, ...made.map(({ name, value }) => `${name}: ${value}`)]),
  ).toEqual([
    ['mvExpand', 2, 'kubernetes.audit.user.groups: a, b'],
    ['dissect', 2, 'agent: curl'],
    ['eval', 2, 'who: EVE'],
    ['rename', 2, 'tool: curl'],
    ['keep', 2],
    ['limit', 1],
  ]);
});

test('it ends at the command that leaves nothing, and before STATS', () => {
  const kinds = (commands: string) => traced(commands).map(({ command, rows }) => `${command.kind} ${rows}`);
  expect(kinds('WHERE user.name == "eve" | WHERE user.name == "bob" | EVAL x = 1')).toEqual(['where 1', 'where 0']);
  expect(kinds('EVAL x = 1 | STATS n = COUNT(*) | WHERE n > 1')).toEqual(['eval 1']);
});

test('a condition is true, false or null, by its parts', () => {
  const [step] = traced('WHERE (user.email == "x" OR NOT user.name == "eve") AND kubernetes.audit.verb == "get"');
  const { condition } = step ?? fail();
  const shape = (part: typeof condition): unknown => part && [part.outcome, ...part.parts.map(shape)];
  expect(shape(condition)).toEqual([null, [null, [null], [false, [true]]], [true]]);
  const [email] = condition?.parts[0]?.parts ?? [];
  expect([email?.read, email?.absent]).toEqual([[], ['user.email']]);
});

test('what costs too much is given up, and says so', () => {
  const [step] = traced('WHERE REPLACE(user.name, "[ef]", "x") == "x"', { user: { username: 'e'.repeat(200_000) } });
  expect(step?.rows).toBe(0);
  expect(step?.exceeded ?? '').toMatch(/more than 2000000 steps/);
});
