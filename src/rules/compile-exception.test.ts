import assert from 'node:assert/strict';
import { test } from 'node:test';
import { anonymousRequest, NOON, type RequestChanges } from '../../test/support/events.ts';
import { createFieldSlots } from '../query/slots.ts';
import { compileException } from './compile-exception.ts';
import type { ExceptionDocument } from './document.ts';
import { HOUR } from './limits.ts';
import { formatRuleProblem } from './rule-problem.ts';

const ANY: ExceptionDocument = { query: '*: *', language: 'kuery', reason: 'known' };

function holds(changes: Partial<ExceptionDocument>, request: RequestChanges = {}, cluster?: string): boolean {
  const slots = createFieldSlots();
  const compiled = compileException({ ...ANY, ...changes }, slots);
  assert.ok(compiled.kind === 'ok');
  const memo = slots.createMemo();
  const event = anonymousRequest(request);
  memo.reset(event);
  return compiled.exception.holds(event, memo, cluster);
}

function problemsOf(changes: Partial<ExceptionDocument>): readonly string[] {
  const compiled = compileException({ ...ANY, ...changes }, createFieldSlots());
  assert.ok(compiled.kind === 'invalid');
  return compiled.problems.map(formatRuleProblem);
}

test('an exception is for the clusters that it names, and for all if it names none', () => {
  assert.equal(holds({}, {}, 'east'), true);
  assert.equal(holds({ clusters: ['east'] }, {}, 'east'), true);
  assert.equal(holds({ clusters: ['east'] }, {}, 'west'), false);
  assert.equal(holds({ clusters: ['east'] }, {}), false);
});

test('a maintenance window is an exception with a start and an end: the start is in it, the end is not', () => {
  const window = { startsAt: NOON, expiresAt: NOON + HOUR };
  const inside = [NOON - 1, NOON, NOON + HOUR - 1, NOON + HOUR].map((at) => holds(window, { at }));
  assert.deepEqual(inside, [false, true, true, false]);
});

test('the query and each of the lists have to hold', () => {
  const list = { field: 'source.ip', type: 'ip', values: ['203.0.113.0/24'], excluded: false } as const;
  assert.equal(holds({ lists: [list] }), true);
  assert.equal(holds({ lists: [{ ...list, excluded: true }] }), false);
  assert.equal(holds({ lists: [list, { ...list, values: ['10.0.0.0/8'] }] }), false);
  assert.equal(holds({ query: 'user.name: nobody', lists: [list] }), false);
  assert.equal(holds({ query: 'any where event.action == "list"', language: 'eql', lists: [list] }), true);
});

test('what is wrong is said all at once, with its place', () => {
  const problems = problemsOf({
    query: 'user.name: (',
    lists: [
      { field: 'source.ipp', type: 'ip', values: [], excluded: false },
      { field: 'source.ip', type: 'ip', values: ['10.0.0.1', 'ten'], excluded: false },
    ],
  });
  assert.equal(problems.length, 3);
  assert.match(problems[0] ?? '', /^spec\.query: line 1, column 12[\s\S]*\n {2}user\.name: \(\n {13}\^/);
  assert.equal(problems[1], 'spec.lists.0.field: unknown field source.ipp\n  hint: did you mean source.ip?');
  assert.match(problems[2] ?? '', /^spec\.lists\.1\.values\.1: expected an address, .*found "ten"/);
  const sequence = { query: 'sequence [any where true] [any where true]', language: 'eql' } as const;
  assert.deepEqual(problemsOf(sequence), ['spec.query: an exception is about one event, not a sequence']);
});
