import { expect, test } from '@jest/globals';
import { expectKind } from '../../../test/support/expect.ts';
import { compileEsql } from './compile.ts';
import { createDocumentTable } from './document-table.ts';
import { contribute, foldGroup } from './group.ts';
import { type Contribution, groupIdentity } from './stage-stats.ts';
import { startQuery } from './start.ts';

const TABLE = createDocumentTable({
  types: { who: 'keyword', what: 'keyword', n: 'integer' },
  metadata: () => undefined,
  kql: () => ({ kind: 'ok', holds: () => true }),
});

function compiled(source: string) {
  const result = compileEsql(source, TABLE);
  expectKind(result, 'ok');
  return result.query;
}

const DOCUMENTS = [
  { who: 'ann', what: 'a', n: 1 },
  { who: 'bob', what: 'b', n: 2 },
  { who: ['ann', 'bob'], what: 'b' },
  { who: 'ann', what: 'c', n: 5 },
  { what: 'c' },
  { who: 'eve', what: 'hidden', n: 9 },
];

const QUERY = compiled(
  'FROM l | WHERE what != "hidden" | STATS d = COUNT_DISTINCT(what), s = SUM(n) WHERE n > 1 BY who | WHERE d >= 2 | EVAL s = COALESCE(s, 0) | KEEP who, d, s',
);

test('what each document adds, folded group by group, is what the query gives on all of them', () => {
  const groups = new Map<string, Contribution[]>();
  for (const document of DOCUMENTS) {
    for (const contribution of contribute(QUERY, document, 0).contributions) {
      const id = groupIdentity(contribution.keys);
      groups.set(id, [...(groups.get(id) ?? []), contribution]);
    }
  }
  expect(groups.size).toBe(3);
  const folded = [...groups.values()].flatMap((contributions) => foldGroup(QUERY, contributions, 0).rows);
  const running = startQuery(QUERY, 0);
  for (const document of DOCUMENTS) running.push(document);
  expect(folded).toEqual(running.finish().rows);
  expect(folded).toEqual([['ann', 3n, 5n]]);
});

test('a document that does not get as far as STATS adds nothing, one with several values adds to several groups', () => {
  const added = DOCUMENTS.map((document) => contribute(QUERY, document, 0).contributions.map(({ keys }) => keys));
  expect(added).toEqual([[['ann']], [['bob']], [['ann'], ['bob']], [['ann']], [[null]], []]);
});

test('a group without rows gives none, and a query without STATS has no groups', () => {
  expect(foldGroup(QUERY, [], 0).rows).toEqual([]);
  expect(contribute(compiled('FROM l | WHERE n == 1'), { n: 1 }, 0).contributions).toEqual([]);
});

test('a contribution that costs too much says so', () => {
  const query = compiled('FROM l | STATS c = COUNT(*) BY w = REPEAT(who, 3000)');
  const { contributions, exceeded } = contribute(query, { who: 'x'.repeat(300) }, 0, { steps: 100, values: 10 });
  expect([contributions, exceeded]).toEqual([[], 'the query takes more than 100 steps']);
});

test('identities tell null, empty texts and borders of texts apart', () => {
  const keys = [[null], [''], ['-'], ['a', 'b'], ['a,1:b'], ['a', null], [1], [true]];
  expect(new Set(keys.map(groupIdentity)).size).toBe(keys.length);
});
