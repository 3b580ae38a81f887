/** Laws of ES|QL that hold for any values: three-valued logic, order, groups. */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { compileEsql } from '../../src/query/esql/compile.ts';
import { createDocumentTable } from '../../src/query/esql/document-table.ts';
import { contribute, foldGroup } from '../../src/query/esql/group.ts';
import { type Contribution, groupIdentity } from '../../src/query/esql/stage-stats.ts';
import { startQuery } from '../../src/query/esql/start.ts';
import { toJson } from '../../src/query/esql/to-json.ts';
import { expectKind } from '../support/expect.ts';

const TABLE = createDocumentTable({
  types: { id: 'integer', a: 'boolean', b: 'boolean', k: 'keyword', n: 'integer', l: 'long', d: 'double' },
  metadata: () => undefined,
  kql: () => ({ kind: 'invalid', problems: [] }),
});

const maybe = <T>(value: fc.Arbitrary<T>) => fc.oneof(fc.constant(null), value, fc.array(value, { maxLength: 3 }));
const text = fc.constantFrom('', 'a', 'b', 'ab', 'é', '\u{1f600}', '\uffff');
const documents = fc
  .array(
    fc.record({
      // A bare column of several values is not null, and not true either.
      a: fc.option(fc.boolean()),
      b: fc.option(fc.boolean()),
      k: maybe(text),
      n: maybe(fc.integer({ min: -3, max: 3 })),
      l: maybe(fc.constantFrom(-5_000_000_000, 0, 7, 5_000_000_000)),
      d: maybe(fc.constantFrom(-1.5, 0, 0.25, 1e300)),
    }),
    { maxLength: 12 },
  )
  .map((list) => list.map((document, id) => ({ id, ...document })));

const condition = fc.letrec<{ whole: string; leaf: string }>((tie) => ({
  leaf: fc.constantFrom(
    'a',
    'b',
    'k == "a"',
    'k > "a"',
    'k IN ("a", "b")',
    'n < 1',
    'l >= n',
    'd != 0',
    'k LIKE "?"',
    'a IS NULL',
    'null',
  ),
  whole: fc.oneof(
    { maxDepth: 3 },
    tie('leaf'),
    fc.tuple(tie('whole'), tie('whole')).map(([left, right]) => `(${left} AND ${right})`),
    fc.tuple(tie('whole'), tie('whole')).map(([left, right]) => `(${left} OR ${right})`),
    tie('whole').map((inner) => `NOT (${inner})`),
  ),
})).whole;

function rows(source: string, list: readonly unknown[]): readonly (readonly unknown[])[] {
  const compiled = compileEsql(source, TABLE);
  expectKind(compiled, 'ok');
  const { columns } = compiled.query;
  const running = startQuery(compiled.query, 0);
  for (const document of list) running.push(document);
  const result = running.finish();
  expect(result.exceeded).toBeUndefined();
  return result.rows.map((row) => row.map((value, index) => toJson(value, columns[index]?.type ?? 'null')));
}

const ids = (source: string, list: readonly unknown[]) => rows(`FROM l | WHERE ${source} | KEEP id`, list).flat();

test('each row is of one of three: where a condition is true, where its negation is, where it is null', () => {
  fc.assert(
    fc.property(condition, documents, (asked, list) => {
      const parts = [ids(asked, list), ids(`NOT (${asked})`, list), ids(`(${asked}) IS NULL`, list)];
      expect(parts.flat().sort()).toEqual(list.map(({ id }) => id).sort());
    }),
  );
});

test('the laws of De Morgan hold with null', () => {
  fc.assert(
    fc.property(condition, condition, documents, (left, right, list) => {
      expect(ids(`NOT (${left} AND ${right})`, list)).toEqual(ids(`NOT ${left} OR NOT ${right}`, list));
      expect(ids(`(NOT (${left} OR ${right})) IS NULL`, list)).toEqual(
        ids(`(NOT ${left} AND NOT ${right}) IS NULL`, list),
      );
    }),
  );
});

test('IN is an OR of equalities', () => {
  fc.assert(
    fc.property(fc.array(text, { minLength: 2, maxLength: 4 }), documents, (values, list) => {
      const written = values.map((value) => JSON.stringify(value));
      const either = written.map((value) => `k == ${value}`).join(' OR ');
      expect(ids(`k IN (${written.join(', ')})`, list)).toEqual(ids(either, list));
      expect(ids(`k NOT IN (${written.join(', ')})`, list)).toEqual(ids(`NOT (${either})`, list));
    }),
  );
});

test('SORT keeps every row, puts no greater before a lesser one, and LIMIT takes its beginning', () => {
  fc.assert(
    fc.property(documents, fc.constantFrom('n', 'l', 'd', 'k'), fc.nat(12), (list, key, most) => {
      const sorted = rows(`FROM l | SORT ${key}, id DESC | KEEP id`, list).flat();
      expect([...sorted].sort()).toEqual(list.map(({ id }) => id).sort());
      expect(rows(`FROM l | SORT ${key}, id DESC | LIMIT ${most} | KEEP id`, list).flat()).toEqual(
        sorted.slice(0, most),
      );
      const least = rows(`FROM l | SORT ${key}, id DESC | EVAL m = MV_MIN(${key}) | KEEP m`, list).flat();
      const wrong = least.findIndex((value, index) => {
        const next = least[index + 1];
        if (index === least.length - 1) return false;
        if (value === null || next === null) return value === null && next !== null;
        const inOrder =
          typeof value === 'string'
            ? Buffer.compare(Buffer.from(value), Buffer.from(String(next))) <= 0
            : Number(value) <= Number(next);
        return !inOrder;
      });
      expect(wrong).toBe(-1);
    }),
  );
});

test('groups folded from what each document adds are the groups of the whole query', () => {
  const source =
    'FROM l | WHERE a OR n > 0 | STATS c = COUNT(*), s = SUM(l), v = MAX(d), x = COUNT_DISTINCT(k) WHERE b BY k, n | WHERE c > 1';
  const compiled = compileEsql(source, TABLE);
  expectKind(compiled, 'ok');
  const { query } = compiled;
  fc.assert(
    fc.property(documents, (list) => {
      const groups = new Map<string, Contribution[]>();
      for (const document of list) {
        for (const contribution of contribute(query, document, 0).contributions) {
          const id = groupIdentity(contribution.keys);
          groups.set(id, [...(groups.get(id) ?? []), contribution]);
        }
      }
      const running = startQuery(query, 0);
      for (const document of list) running.push(document);
      expect([...groups.values()].flatMap((group) => foldGroup(query, group, 0).rows)).toEqual(running.finish().rows);
    }),
  );
});
