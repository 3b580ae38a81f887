import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { configSchema } from './schema.ts';

const guide = readFileSync(new URL('../../docs/guides/redis.md', import.meta.url), 'utf8');
const examples = [...guide.matchAll(/^```yaml\n([\s\S]*?)^```/gm)].map(([, yaml = '']) => yaml);

test('the guide to Redis has three examples', () => {
  expect(examples).toHaveLength(3);
});

test.each(examples)('the schema accepts the example in the guide to Redis: %j', (example) => {
  const receiver = { allowUnauthenticated: true };
  expect(configSchema.safeParse({ receiver, ...parse(example) }).error).toBeUndefined();
});
