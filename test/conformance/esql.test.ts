import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
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
    test.each(expressions)('an expression has the value that it must: $expr', (one) => {
      expect(checkEsqlExpression(one)).toBeUndefined();
    });
  }
  const vectors = readEsqlVectors(folder);
  if (vectors !== undefined) {
    test.each(vectors.cases)('a query has the rows that it must: $query', (one) => {
      expect(checkEsqlCase(vectors, one)).toBeUndefined();
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
  expect([...FUNCTIONS, ...AGGREGATES].map(({ name }) => name).filter((name) => !called.has(name))).toEqual([]);
});
