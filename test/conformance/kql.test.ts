import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { checkKqlCase, type KqlVectors } from './kql-suite.ts';

const FOLDERS = [
  join(import.meta.dirname, 'vectors'),
  /** The kit with what Elastic's engines gave, where it lies beside the project. */
  join(import.meta.dirname, '../../../shared/conformance'),
];

for (const folder of FOLDERS) {
  const file = join(folder, 'kql.json');
  if (!existsSync(file)) continue;
  const vectors: KqlVectors = JSON.parse(readFileSync(file, 'utf8'));
  test(`KQL selects what it must: ${vectors.cases.length} queries`, async (t) => {
    for (const kqlCase of vectors.cases) {
      await t.test(JSON.stringify(kqlCase.query), () => assert.equal(checkKqlCase(vectors, kqlCase), undefined));
    }
  });
}
