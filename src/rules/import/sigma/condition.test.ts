import { expect, test } from '@jest/globals';
import { fail } from '../../../../test/support/fail.ts';
import { type Detections, parseCondition } from './condition.ts';
import { flatText } from './eql-text.ts';
import { createFindings } from './findings.ts';
import type { Search } from './search.ts';

const NAMES = ['selection', 'sel_a', 'sel_b', 'filter_x', '_hidden'];

function leaf(name: string): Search {
  return { kind: 'exists', field: { sigma: name, name, type: 'keyword' } };
}

function read(source: string) {
  const findings = createFindings();
  const searches = new Map(NAMES.map((name) => [name, { search: leaf(name), tests: 1 }]));
  const detections: Detections = { searches, used: new Set(), tests: 0, mostTests: 10_000 };
  return { search: parseCondition(source, detections, findings, ['condition']), findings, detections };
}

/** What the condition means, in EQL with `!= null` left out. */
function meaning(source: string): string {
  const { search, findings } = read(source);
  expect([findings.problems, findings.reasons]).toEqual([[], []]);
  return flatText(search ?? fail(source)).replaceAll(' != null', '');
}

function problem(source: string): string {
  const { search, findings } = read(source);
  expect(search).toBeUndefined();
  const [found] = [...findings.problems, ...findings.reasons];
  return `${found?.within?.line}:${found?.within?.column} ${found?.message} | ${found?.hint}`;
}

test.each<readonly [string, string]>([
  ['selection', 'selection'],
  ['selection and sel_a or sel_b', '(selection and sel_a) or sel_b'],
  ['selection or sel_a and sel_b', 'selection or (sel_a and sel_b)'],
  ['(selection or sel_a) and sel_b', '(selection or sel_a) and sel_b'],
  ['not selection and sel_a', 'selection == null and sel_a'],
  ['not (selection and sel_a)', 'not (selection and sel_a)'],
  ['not not selection', 'selection'],
  ['selection AND NOT sel_a', 'selection and sel_a == null'],
  ['((selection))', 'selection'],
  ['selection\n  and sel_a', 'selection and sel_a'],
])('and binds more than or, not more than and: %s', (source, expected) => {
  expect(meaning(source)).toEqual(expected);
});

test.each<readonly [string, string]>([
  ['1 of sel*', 'selection or sel_a or sel_b'],
  ['any of sel_*', 'sel_a or sel_b'],
  ['all of sel_*', 'sel_a and sel_b'],
  ['1 of *_*', 'sel_a or sel_b or filter_x'],
  ['1 of s*_b', 'sel_b'],
  ['all of selection', 'selection'],
  ['1 of them', 'selection or sel_a or sel_b or filter_x'],
  ['all of them', 'selection and sel_a and sel_b and filter_x'],
  ['all of sel_* and not 1 of filter_*', 'sel_a and sel_b and filter_x == null'],
  ['_hidden and selection', '_hidden and selection'],
])('1 of, any of, all of, with them and with patterns: %s', (source, expected) => {
  expect(meaning(source)).toEqual(expected);
});

test.each<readonly [string, string]>([
  ['selection and selectoin', '1:15 unknown detection selectoin | did you mean selection?'],
  ['zzz', '1:1 unknown detection zzz | the rule has selection, sel_a, sel_b, filter_x, _hidden'],
  ['1 of filtr_*', '1:6 no detection matches filtr_* | did you mean filter_x?'],
  ['selection and', '1:11 `and` has no operand to its right | write the name of a detection'],
  ['and selection', '1:1 `and` has no operand to its left | write the name of a detection'],
  ['selection and or sel_a', '1:11 `and` has no operand to its right | write the name of a detection'],
  ['', '1:1 expected a condition, found nothing | write the name of a detection'],
  ['()', '1:2 expected the name of a detection | see the names under detection'],
  ['(selection', '1:1 this `(` is never closed | add the closing `)`'],
  ['(', '1:1 this `(` is never closed | add the closing `)`'],
  ['selection)', '1:10 nothing opens this `)` | remove it'],
  ['selection sel_a', '1:11 expected `and` or `or` before `sel_a` | join detections with and, or'],
  ['selection\nand sel_c', '2:5 unknown detection sel_c | did you mean sel_a?'],
  ['all of', '1:5 `of` has no operand to its right | write them, or selection*'],
  ['some of them', '1:1 expected `1 of` or `all of`, found `some of` | undefined'],
])('a mistake has its place and a hint: %s', (source, expected) => {
  expect(problem(source)).toEqual(expected);
});

test('what is no part of Sigma any more, or has no equal, is refused', () => {
  expect(problem('selection | count() > 5')).toMatch(/^1:11 .* \| write a correlation/);
});

test.each(['selection | count() by user > 5', '2 of sel_*'])(
  'what is no part of Sigma any more, or has no equal, is refused: %s',
  (source) => {
    const { findings } = read(source);
    expect([findings.problems.length, findings.reasons[0]?.kind]).toEqual([0, 'construct']);
  },
);

test('bounds: depth, and what it stands for', () => {
  expect(meaning(`${'('.repeat(100)}selection${')'.repeat(100)}`)).toBe('selection');
  expect(problem('('.repeat(101))).toMatch(/^1:101 parentheses nest more than 100 deep here/);
  expect(problem(Array.from({ length: 10_001 }, () => 'selection').join(' or '))).toMatch(/more than 10000 tests/);
});

test('the detections that it mentions are used', () => {
  expect([...read('1 of sel_* and not filter_x').detections.used]).toEqual(['sel_a', 'sel_b', 'filter_x']);
});
