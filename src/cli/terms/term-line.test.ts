import { expect, test } from '@jest/globals';
import { parseTermLine } from './term-line.ts';

const LINE = {
  rule: 'pairs',
  fields: ['user.name', 'source.ip'],
  term: '["eve","203.0.113.7"]',
  lastSeen: '2026-03-02T08:00:00Z',
  learned: true,
};

function problemOf(change: Readonly<Record<string, unknown>>): string | undefined {
  const parsed = parseTermLine(JSON.stringify({ ...LINE, ...change }));
  return parsed.kind === 'invalid' ? parsed.message : undefined;
}

test('a term is the list of its values or a hash', () => {
  expect(problemOf({})).toBeUndefined();
  expect(problemOf({ term: `#${'a'.repeat(43)}` })).toBeUndefined();
});

test.each(['eve', '["eve"]', '["eve","a","b"]', '["eve", "203.0.113.7"]', '["eve",7]', '[["eve","a"]'])(
  'no event can give the term %j',
  (term) => {
    const problem = problemOf({ term });
    expect(problem ?? '').toMatch(/^term: expected a list of .*, such as \["value","value"\] without spaces, found /);
  },
);
