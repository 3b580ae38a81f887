import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { checkQueryCase, QUERY_LANGUAGES, readQueryVectors } from './query-suite.ts';

const FOLDERS = [
  join(import.meta.dirname, 'vectors'),
  /** The kit with what Elastic's engines gave, where it lies beside the project. */
  join(import.meta.dirname, '../../../shared/conformance'),
];

for (const folder of FOLDERS) {
  for (const language of QUERY_LANGUAGES) {
    const vectors = readQueryVectors(language, folder);
    if (vectors === undefined) continue;
    test(`${language.name}: ${vectors.cases.length} queries select what they must`, async (t) => {
      for (const one of vectors.cases) {
        await t.test(JSON.stringify(one.query), () => assert.equal(checkQueryCase(language, vectors, one), undefined));
      }
    });
  }
}
