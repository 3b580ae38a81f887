import { join } from 'node:path';
import { expect, test } from '@jest/globals';
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
    test.each(vectors.cases)(`${language.name} selects what it must: $query`, (one) => {
      expect(checkQueryCase(language, vectors, one)).toBeUndefined();
    });
  }
}
