import { expect, test } from '@jest/globals';
import { expectKind } from '../../../test/support/expect.ts';
import { compileEsql } from './compile.ts';
import { createDocumentTable } from './document-table.ts';
import { DEFAULT_LIMITS, type QueryLimits, type QueryResult } from './execution.ts';
import { startQuery } from './start.ts';

const TABLE = createDocumentTable({
  types: { k: 'keyword', n: 'integer', big: 'long' },
  metadata: () => undefined,
  kql: () => ({ kind: 'ok', holds: () => true }),
});

function compiled(source: string) {
  const result = compileEsql(source, TABLE);
  expectKind(result, 'ok');
  return result.query;
}

function run(source: string, documents: Iterable<unknown>, limits: QueryLimits = DEFAULT_LIMITS): QueryResult {
  const running = startQuery(compiled(source), 0, limits);
  for (const document of documents) if (!running.push(document)) break;
  return running.finish();
}

function* numbered(count: number) {
  for (let n = 0; n < count; n += 1) yield { n, k: `k${n}` };
}

test('a limit stops the reading', () => {
  const running = startQuery(compiled('FROM l | WHERE n > 0 | LIMIT 2 | KEEP n'), 0);
  expect([0, 1, 2, 3].map((n) => running.push({ n }))).toEqual([true, true, false, false]);
  expect(running.finish().rows).toEqual([[1], [2]]);
});

test('a result has 1,000 rows, and 10,000 if a limit asks for more', () => {
  expect(run('FROM l | KEEP n', numbered(1_500)).rows).toHaveLength(1_000);
  expect(run('FROM l | KEEP n | LIMIT 99999', numbered(10_500)).rows).toHaveLength(10_000);
});

test('only the rows that are wanted are kept for sorting', () => {
  const { rows, exceeded } = run('FROM l | SORT n DESC | LIMIT 3 | KEEP n', numbered(5_000), {
    steps: 100_000,
    values: 60,
  });
  expect([rows, exceeded]).toEqual([[[4_999], [4_998], [4_997]], undefined]);
});

test('an execution that costs too much says so, and gives no more', () => {
  const steps = run('FROM l | EVAL a = REPEAT(k, 400000) | KEEP a', numbered(3), { steps: 5_000, values: 10 });
  expect([steps.rows.length, steps.exceeded]).toEqual([0, 'the query takes more than 5000 steps']);
  const values = run('FROM l | STATS v = VALUES(k)', numbered(100), { steps: 1_000, values: 50 });
  expect([values.rows.length, values.exceeded]).toEqual([0, 'the query keeps more than 50 values']);
  const sorted = run('FROM l | SORT n | WHERE n > 1', numbered(100), { steps: 1_000, values: 50 });
  expect(sorted.exceeded).toBe('the query keeps more than 50 values');
});

test('a search that looks at all that is left again and again is paid for', () => {
  const { exceeded } = run('FROM l | EVAL r = REPLACE(k, "a.*b|a", "x")', [{ k: 'a'.repeat(5_000) }]);
  expect(exceeded).toBe(`the query takes more than ${DEFAULT_LIMITS.steps} steps`);
});

test('a row of too many groups is given up', () => {
  const many = Array.from({ length: 200 }, (_, index) => `v${index}`);
  const result = run('FROM l | EVAL other = k | STATS c = COUNT(*) BY k, other', [{ k: many }]);
  expect(result.exceeded).toBe('a row belongs to more than 10000 groups');
});

test('steps count for each document anew', () => {
  const { exceeded } = run('FROM l | WHERE LENGTH(k) > 100 OR k LIKE "*9"', numbered(2_000), { steps: 50, values: 10 });
  expect(exceeded).toBeUndefined();
});

test('warnings say once for each place why there is no value', () => {
  const { warnings } = run('FROM l\n| WHERE n / 0 > 1\n  OR k == "x"', [{ n: 1, k: ['a', 'b'] }, { n: 2 }]);
  expect(warnings).toEqual([
    { message: '/ by zero', line: 2, column: 9 },
    { message: 'single-value function encountered multi-value', line: 3, column: 6 },
  ]);
});

test('whole numbers of 64 bits stay exact', () => {
  const { rows } = run('ROW a = 9007199254740993 | EVAL b = a + 1, c = TO_STRING(a), d = a == 9007199254740992', []);
  expect(rows).toEqual([[9007199254740993n, 9007199254740994n, '9007199254740993', false]]);
});

test('executions of one query do not share anything', () => {
  const query = compiled('FROM l | STATS c = COUNT(*) BY k');
  const [one, two] = [startQuery(query, 0), startQuery(query, 0)];
  one.push({ k: 'a' });
  two.push({ k: 'b' });
  expect(one.finish().rows).toEqual([[1n, 'a']]);
  expect(two.finish().rows).toEqual([[1n, 'b']]);
});
