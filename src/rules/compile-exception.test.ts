import { expect, test } from '@jest/globals';
import { anonymousRequest, NOON, type RequestChanges } from '../../test/support/events.ts';
import { expectKind } from '../../test/support/expect.ts';
import { createFieldSlots } from '../query/match/slots.ts';
import { compileException } from './compile-exception.ts';
import type { ExceptionDocument } from './document.ts';
import { HOUR } from './limits.ts';
import { formatRuleProblem } from './rule-problem.ts';

const ANY: ExceptionDocument = { query: '*: *', language: 'kuery', reason: 'known' };

function holds(changes: Partial<ExceptionDocument>, request: RequestChanges = {}, cluster?: string): boolean {
  const slots = createFieldSlots();
  const compiled = compileException({ ...ANY, ...changes }, slots);
  expectKind(compiled, 'ok');
  const memo = slots.createMemo();
  const event = anonymousRequest(request);
  memo.reset(event);
  return compiled.exception.holds(event, memo, cluster);
}

function problemsOf(changes: Partial<ExceptionDocument>): readonly string[] {
  const compiled = compileException({ ...ANY, ...changes }, createFieldSlots());
  expectKind(compiled, 'invalid');
  return compiled.problems.map(formatRuleProblem);
}

test('an exception is for the clusters that it names, and for all if it names none', () => {
  expect(holds({}, {}, 'east')).toBe(true);
  expect(holds({ clusters: ['east'] }, {}, 'east')).toBe(true);
  expect(holds({ clusters: ['east'] }, {}, 'west')).toBe(false);
  expect(holds({ clusters: ['east'] }, {})).toBe(false);
});

test('a maintenance window is an exception with a start and an end: the start is in it, the end is not', () => {
  const window = { startsAt: NOON, expiresAt: NOON + HOUR };
  const inside = [NOON - 1, NOON, NOON + HOUR - 1, NOON + HOUR].map((at) => holds(window, { at }));
  expect(inside).toEqual([false, true, true, false]);
});

test('the query and each of the lists have to hold', () => {
  const list = { field: 'source.ip', type: 'ip', values: ['203.0.113.0/24'], excluded: false } as const;
  expect(holds({ lists: [list] })).toBe(true);
  expect(holds({ lists: [{ ...list, excluded: true }] })).toBe(false);
  expect(holds({ lists: [list, { ...list, values: ['10.0.0.0/8'] }] })).toBe(false);
  expect(holds({ query: 'user.name: nobody', lists: [list] })).toBe(false);
  expect(holds({ query: 'any where event.action == "list"', language: 'eql', lists: [list] })).toBe(true);
});

test('what is wrong is said all at once, with its place', () => {
  const problems = problemsOf({
    query: 'user.name: (',
    lists: [
      { field: 'source.ipp', type: 'ip', values: [], excluded: false },
      { field: 'source.ip', type: 'ip', values: ['10.0.0.1', 'ten'], excluded: false },
    ],
  });
  expect(problems).toHaveLength(3);
  expect(problems[0] ?? '').toMatch(/^spec\.query: line 1, column 12[\s\S]*\n {2}user\.name: \(\n {13}\^/);
  expect(problems[1]).toBe('spec.lists.0.field: unknown field source.ipp\n  hint: did you mean source.ip?');
  expect(problems[2] ?? '').toMatch(/^spec\.lists\.1\.values\.1: expected an address, .*found "ten"/);
  const sequence = { query: 'sequence [any where true] [any where true]', language: 'eql' } as const;
  expect(problemsOf(sequence)).toEqual(['spec.query: an exception must match a single event, not a sequence']);
});
