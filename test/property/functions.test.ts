import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { FUNCTIONS, functionOf } from '../../src/query/eql/functions.ts';
import { createBudget } from '../../src/query/match/budget.ts';
import type { Value } from '../../src/query/predicate/function-row.ts';
import { expectPresent } from '../support/expect.ts';

/** Short alphabets, so that texts occur in each other; sometimes so long that they are searched for in another way. */
const short = fc.array(fc.constantFrom('a', 'b', 'A', 'é'), { maxLength: 12 }).map((all) => all.join(''));
const long = fc
  .tuple(fc.constantFrom('a', 'ab', 'ba'), fc.nat(80), short)
  .map(([piece, n, rest]) => piece.repeat(n) + rest);
const texts = fc.oneof({ weight: 3, arbitrary: short }, { weight: 1, arbitrary: long });
const parts = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom('a', 'b', 'é', 'ab', 'bA') },
  { weight: 1, arbitrary: texts },
);

function call(name: string, values: readonly Value[], caseless: boolean): Value {
  const row = functionOf(name);
  expectPresent(row);
  return row.evaluate(values, createBudget(), { caseless, isDouble: false });
}

test('searching in texts finds what plain searching finds', () => {
  const found = { between: 0, last: 0 };
  fc.assert(
    fc.property(
      texts,
      parts,
      parts,
      fc.integer({ min: -3, max: 15 }),
      fc.boolean(),
      (text, one, two, start, caseless) => {
        const [all, left, right] = [text, one, two].map((each) => (caseless ? each.toLowerCase() : each));
        expectPresent(all);
        expectPresent(left);
        expectPresent(right);
        const at = all.indexOf(left, start);
        expect(call('indexOf', [text, one, start], caseless)).toBe(at === -1 ? null : at);
        expect(call('stringContains', [text, one], caseless)).toBe(all !== '' && left !== '' && all.includes(left));
        if (text === '' || one === '' || two === '') return;
        const from = all.indexOf(left) + left.length;
        for (const greedy of [false, true]) {
          const to: number = greedy ? all.lastIndexOf(right) : all.indexOf(right, from);
          const expected: string | null =
            !all.includes(left) || to === -1 ? '' : to < from ? null : text.slice(from, to);
          expect(call('between', [text, one, two, greedy], caseless)).toBe(expected);
          if (expected) found[greedy ? 'last' : 'between'] += 1;
        }
      },
    ),
    { numRuns: 20_000 },
  );
  expect(found.between).toBeGreaterThan(100);
  expect(found.last).toBeGreaterThan(100);
});

test('no function throws, whatever it is called with, and each gives a value', () => {
  const values = fc.oneof(
    texts,
    fc.constantFrom<Value>('0x1f', '10.0.0.1', '10.0.0.0/8', '\ud800', ' 7 ', '1e400'),
    fc.double(),
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
  );
  fc.assert(
    fc.property(
      fc.constantFrom(...FUNCTIONS),
      fc.array(values, { maxLength: 5 }),
      fc.boolean(),
      (row, all, caseless) => {
        const value = row.evaluate(all, createBudget(), { caseless, isDouble: false });
        expect(value === null || ['string', 'number', 'boolean'].includes(typeof value)).toBe(true);
        expect(typeof value !== 'number' || Number.isFinite(value)).toBe(true);
      },
    ),
    { numRuns: 20_000 },
  );
});
