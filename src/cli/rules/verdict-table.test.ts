import { expect, test } from '@jest/globals';
import type { JudgedRule } from '../../rulefiles/rule-verdict.ts';
import { CommandError } from '../io.ts';
import { requireThatAllRun, totalsLine, verdictDetails, verdictsForPrograms, verdictTable } from './verdict-table.ts';

function judged(changes: Partial<JudgedRule>): JudgedRule {
  return {
    name: 'a',
    type: 'query',
    file: 'a.yaml',
    line: 4,
    verdict: 'runs',
    why: [],
    notes: [],
    problems: [],
    ...changes,
  };
}

const RULES: readonly JudgedRule[] = [
  judged({ notes: ['a note'] }),
  judged({ name: 'b', verdict: 'runs with a stated difference', why: ['one', 'two'] }),
  judged({ name: 'c', type: 'eql', verdict: 'needs other data', why: ['can never fire: no audit event has x'] }),
  judged({
    name: 'd',
    verdict: 'not supported',
    why: ['rule type esql is not supported yet by this version'],
    problems: [
      {
        file: 'd.toml',
        place: { line: 2, column: 8 },
        rule: 'd',
        message: 'rule type esql is not supported yet by this version',
        excerpt: { text: 'type = "esql"', caret: 7 },
        hint: 'wait',
      },
    ],
  }),
];

const exitOf = (rules: readonly JudgedRule[]): number => {
  try {
    requireThatAllRun(rules);
    return 0;
  } catch (error) {
    return error instanceof CommandError ? error.exitCode : -1;
  }
};

test('the table has one line per rule, with the first reason', () => {
  expect(verdictTable(RULES)).toBe(`NAME   TYPE    VERDICT                         WHY
a      query   runs
b      query   runs with a stated difference   one (and 1 more)
c      eql     needs other data                can never fire: no audit event has x
d      query   not supported                   rule type esql is not supported yet by this version
`);
  expect(verdictTable([judged({ why: [`\u001b[2J${'x'.repeat(500)}`] })])).toMatch(/^.{10,200}…$/m);
});

test('the totals line', () => {
  expect(totalsLine(RULES)).toBe(
    '4 rules: 1 runs, 1 runs with a stated difference, 1 needs other data, 1 is not supported\n',
  );
  expect(totalsLine([judged({})])).toBe('1 rule: 1 runs\n');
  expect(totalsLine([judged({}), judged({})])).toBe('2 rules: 2 run\n');
});

test('the details have all reasons and notes, with carets', () => {
  expect(verdictDetails(RULES)).toBe(`a.yaml:4: a: note: a note
a.yaml:4: b: difference: one
a.yaml:4: b: difference: two
a.yaml:4: c: can never fire: no audit event has x
d.toml:2:8: d: rule type esql is not supported yet by this version
  type = "esql"
         ^
  hint: wait
`);
});

test('exit codes: 0 all run, 1 one is invalid, 3 one cannot run here', () => {
  expect(exitOf(RULES.slice(0, 2))).toBe(0);
  expect(exitOf(RULES)).toBe(3);
  expect(exitOf([...RULES, judged({ verdict: 'invalid' })])).toBe(1);
});

test('JSON has the same content', () => {
  const { rules, totals } = Object(verdictsForPrograms(RULES));
  expect(totals['needs other data']).toBe(1);
  expect(rules[3].problems).toEqual([
    { line: 2, column: 8, message: 'rule type esql is not supported yet by this version', hint: 'wait' },
  ]);
});
