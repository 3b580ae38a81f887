import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
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
