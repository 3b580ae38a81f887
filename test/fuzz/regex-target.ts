import { expect } from '@jest/globals';
import { compileRegex } from '../../src/query/regex/compile-regex.ts';
import { repeat } from './query-checks.ts';
import { mutate, type Random, randomBytes } from './random.ts';
import type { FuzzTarget } from './target.ts';

const TOKENS = [
  'a',
  'b',
  '.',
  '.*',
  '[a-z]',
  '[^a]',
  '[',
  ']',
  '(',
  ')',
  '|',
  '&',
  '~',
  '#',
  '@',
  '"',
  '"ab"',
  '<1-99>',
  '<0-2147483647>',
  '<',
  '?',
  '*',
  '+',
  '{2}',
  '{1,3}',
  '{1000}',
  '{',
  '\\d',
  '\\W',
  '\\',
  '-',
  '^',
  '$',
  '(?i)',
  '(?=a)',
  '\\1',
  '\u{1f600}',
  '\ud800',
] as const satisfies readonly [string, ...string[]];

/**
 * Regular expressions of both syntaxes: none throws, takes long to prepare or is answered with a place that does not
 * exist; what is accepted is matched with a long text in linear time.
 */
export const regexTarget: FuzzTarget = { name: 'regex', generate, check, timeLimitMs: 4_000 };

function generate(random: Random): string {
  switch (random.below(6)) {
    case 0:
      return randomBytes(random, 60);
    case 1:
      return Array.from({ length: random.below(40) }, () => random.pick(TOKENS)).join('');
    case 2:
      return repeat(random, '', expression(random, 2));
    default:
      return mutate(random, expression(random, 5), TOKENS);
  }
}

/** An expression of Lucene's grammar that is about `size` tokens long. */
function expression(random: Random, size: number): string {
  if (size <= 1) return random.pick(TOKENS);
  const [left, right] = [expression(random, size - 2), expression(random, size - 1)];
  return random.pick([
    `${left}${right}`,
    `(${left}|${right})`,
    `(${left})&(${right})`,
    `~(${right})`,
    `(${right})${random.pick(['*', '+', '?', '{2}', '{0,3}', '{2,}'])}`,
  ]);
}

function check(source: string, random: Random): void {
  const piece = random.pick(['a', 'ab', 'b7', '\u{1f600}', '\ud800', '\n']);
  const text = piece.repeat(random.pick([0, 1, 50, 20_000]));
  for (const syntax of ['lucene', 're2'] as const) {
    for (const caseless of [false, true]) {
      const result = compileRegex(source, syntax, caseless);
      if (result.kind === 'ok') {
        expect(typeof result.matches(text)).toBe('boolean');
      } else {
        const { offset, message } = result.problem;
        expect(offset).toBeGreaterThanOrEqual(0);
        expect(offset).toBeLessThanOrEqual(source.length);
        expect(message).not.toBe('');
      }
    }
  }
}
