import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { configSchema } from './schema.ts';

test('the settings in the guide to Redis can be loaded', () => {
  const guide = readFileSync(new URL('../../docs/guides/redis.md', import.meta.url), 'utf8');
  const examples = [...guide.matchAll(/^```yaml\n([\s\S]*?)^```/gm)].map(([, yaml = '']) => yaml);
  expect(examples).toHaveLength(3);
  const receiver = { allowUnauthenticated: true };
  for (const example of examples) {
    const { error } = configSchema.safeParse({ receiver, ...parse(example) });
    expect([`${example}\n${error?.message}`, error]).toEqual([`${example}\n${error?.message}`, undefined]);
  }
});
