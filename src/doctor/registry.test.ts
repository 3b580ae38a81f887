import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { CHECKS } from './registry.ts';

test('the guide has a heading for each check, in the same order', () => {
  const guide = readFileSync(new URL('../../docs/guides/troubleshooting.md', import.meta.url), 'utf8');
  const headings = [...guide.matchAll(/^### ([a-z-]+)$/gm)].map(([, heading]) => heading);
  expect(headings).toEqual(CHECKS.map(({ name }) => name));
});
