import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { AGGREGATES } from '../../src/query/esql/aggregates.ts';
import { FUNCTIONS } from '../../src/query/esql/functions.ts';
import { checkEsqlExpression, readEsqlExpressions } from './esql-expr-suite.ts';
import { checkEsqlCase, readEsqlVectors } from './esql-queries-suite.ts';

const FOLDERS = [
  join(import.meta.dirname, 'vectors'),
  /** The kit with what Elasticsearch gave, where it lies beside the project. */
  join(import.meta.dirname, '../../../shared/conformance'),
];

for (const folder of FOLDERS.filter((path) => existsSync(path))) {
  const expressions = readEsqlExpressions(folder);
  if (expressions !== undefined) {
    test(`ES|QL: ${expressions.length} expressions have the values that they must`, async (t) => {
      for (const one of expressions) await t.test(one.expr, () => assert.equal(checkEsqlExpression(one), undefined));
    });
  }
  const vectors = readEsqlVectors(folder);
  if (vectors !== undefined) {
    test(`ES|QL: ${vectors.cases.length} queries have the rows that they must`, async (t) => {
      for (const one of vectors.cases)
        await t.test(one.query, () => assert.equal(checkEsqlCase(vectors, one), undefined));
    });
  }
}

test('every function of ES|QL has a case of ours', () => {
  const [own = ''] = FOLDERS;
  const texts = [
    ...(readEsqlExpressions(own) ?? []).map(({ expr }) => expr),
    ...(readEsqlVectors(own)?.cases ?? []).map(({ query }) => query),
  ];
  const called = new Set(texts.flatMap((text) => [...text.toLowerCase().matchAll(/(\w+)\(/g)].map(([, name]) => name)));
  assert.deepEqual(
    [...FUNCTIONS, ...AGGREGATES].map(({ name }) => name).filter((name) => !called.has(name)),
    [],
  );
});
