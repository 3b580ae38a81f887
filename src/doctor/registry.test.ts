import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { CHECKS } from './registry.ts';

test('each check has a heading of its own in the guide, in the same order', () => {
  const guide = readFileSync(new URL('../../docs/guides/troubleshooting.md', import.meta.url), 'utf8');
  const headings = [...guide.matchAll(/^### ([a-z-]+)$/gm)].map(([, heading]) => heading);
  assert.deepEqual(
    headings,
    CHECKS.map(({ name }) => name),
  );
});
