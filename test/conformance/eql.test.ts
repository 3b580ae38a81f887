import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { checkEqlCase, type EqlVectors } from './eql-suite.ts';

const vectors: EqlVectors = JSON.parse(readFileSync(join(import.meta.dirname, 'vectors/eql.json'), 'utf8'));

test(`EQL selects what it must: ${vectors.cases.length} queries`, async (t) => {
  for (const eqlCase of vectors.cases) {
    await t.test(JSON.stringify(eqlCase.query), () => assert.equal(checkEqlCase(vectors, eqlCase), undefined));
  }
});
