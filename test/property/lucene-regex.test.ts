import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { compileRegex } from '../../src/query/regex/compile-regex.ts';

/** An expression with what it means, by its definition: where a match that begins at an offset into the text can end. */
interface Meaning {
  readonly source: string;
  readonly ends: (text: readonly string[], from: number) => ReadonlySet<number>;
}

const ALPHABET = ['a', 'b', 'c', '0', '1', '7', '\n', '😀'];

function one(source: string, accepts: (character: string) => boolean): Meaning {
  return {
    source,
    ends: (text, from) => {
      const character = text[from];
      return new Set(character !== undefined && accepts(character) ? [from + 1] : []);
    },
  };
}

function after(ends: ReadonlySet<number>, next: Meaning, text: readonly string[]): Set<number> {
  return new Set([...ends].flatMap((end) => [...next.ends(text, end)]));
}

function repeated({ source, ends }: Meaning, suffix: string, least: number, most: number): Meaning {
  return {
    source: `(${source})${suffix}`,
    ends: (text, from) => {
      let reached: ReadonlySet<number> = new Set([from]);
      const found = new Set<number>(least === 0 ? [from] : []);
      // Beyond the length of the text, a further repetition reaches no place that was not reached before.
      for (let count = 1; count <= Math.min(most, least + text.length + 1); count += 1) {
        reached = after(reached, { source, ends }, text);
        if (count >= least) for (const end of reached) found.add(end);
      }
      return found;
    },
  };
}

const leaf: fc.Arbitrary<Meaning> = fc.constantFrom(
  one('a', (c) => c === 'a'),
  one('b', (c) => c === 'b'),
  one('😀', (c) => c === '😀'),
  one('.', () => true),
  one('[ab]', (c) => c === 'a' || c === 'b'),
  one('[^a]', (c) => c !== 'a'),
  one('[a-c7]', (c) => 'abc7'.includes(c)),
  one('\\d', (c) => '017'.includes(c)),
  one('\\W', (c) => !'abc017'.includes(c)),
  one('\\s', (c) => c === '\n'),
  one('#', () => false),
  { source: '()', ends: (_, from) => new Set([from]) },
  { source: '@', ends: (text, from) => new Set(Array.from({ length: text.length - from + 1 }, (_, n) => from + n)) },
  { source: '"ab"', ends: (text, from) => new Set(text[from] === 'a' && text[from + 1] === 'b' ? [from + 2] : []) },
  ...[
    ['<1-17>', 1, 17, undefined],
    ['<7-11>', 7, 11, undefined],
    ['<00-71>', 0, 71, 2],
    ['<101-170>', 101, 170, 3],
  ].map(
    ([source, least, most, digits]): Meaning => ({
      source: String(source),
      ends: (text, from) => {
        const found = new Set<number>();
        for (let end = from + 1; end <= text.length; end += 1) {
          const number = text.slice(from, end).join('');
          if (!/^\d+$/.test(number)) break;
          const isWithin = Number(number) >= Number(least) && Number(number) <= Number(most);
          if (isWithin && (digits === undefined || number.length === digits)) found.add(end);
        }
        return found;
      },
    }),
  ),
);

const expressions: fc.Arbitrary<Meaning> = fc.letrec<{ node: Meaning }>((tie) => {
  const node = tie('node');
  const several = fc.array(node, { minLength: 2, maxLength: 3 });
  const counts = fc.constantFrom(
    ['*', 0, Infinity] as const,
    ['+', 1, Infinity] as const,
    ['?', 0, 1] as const,
    ['{2}', 2, 2] as const,
    ['{1,3}', 1, 3] as const,
    ['{2,}', 2, Infinity] as const,
    ['{0}', 0, 0] as const,
  );
  return {
    node: fc.oneof(
      { maxDepth: 4, depthSize: 'small' },
      { weight: 4, arbitrary: leaf },
      {
        weight: 4,
        arbitrary: several.map(
          (parts): Meaning => ({
            source: parts.map(({ source }) => `(${source})`).join(''),
            ends: (text, from) =>
              parts.reduce<ReadonlySet<number>>((ends, part) => after(ends, part, text), new Set([from])),
          }),
        ),
      },
      {
        weight: 3,
        arbitrary: several.map(
          (parts): Meaning => ({
            source: parts.map(({ source }) => source).join('|'),
            ends: (text, from) => new Set(parts.flatMap((part) => [...part.ends(text, from)])),
          }),
        ),
      },
      {
        weight: 1,
        arbitrary: fc.tuple(node, node).map(
          ([left, right]): Meaning => ({
            source: `(${left.source})&(${right.source})`,
            ends: (text, from) => left.ends(text, from).intersection(right.ends(text, from)),
          }),
        ),
      },
      {
        weight: 1,
        arbitrary: node.map(
          ({ source, ends }): Meaning => ({
            source: `~(${source})`,
            ends: (text, from) => {
              const all = Array.from({ length: text.length - from + 1 }, (_, n) => from + n);
              return new Set(all).difference(ends(text, from));
            },
          }),
        ),
      },
      {
        weight: 4,
        arbitrary: fc
          .tuple(node, counts)
          .map(([operand, [suffix, least, most]]) => repeated(operand, suffix, least, most)),
      },
    ),
  };
}).node;

const texts = fc.array(fc.constantFrom(...ALPHABET), { maxLength: 7 });

test('the automaton of a Lucene expression accepts what the expression means', () => {
  const count = { matched: 0, not: 0 };
  fc.assert(
    fc.property(expressions, fc.array(texts, { minLength: 5, maxLength: 10 }), ({ source, ends }, some) => {
      const result = compileRegex(source, 'lucene');
      if (result.kind === 'invalid') {
        expect(result.problem.message).toBe('the regular expression is too complex');
        return;
      }
      for (const text of some) {
        const expected = ends(text, 0).has(text.length);
        count[expected ? 'matched' : 'not'] += 1;
        expect([`/${source}/ on ${JSON.stringify(text.join(''))}`, result.matches(text.join(''))]).toEqual([
          `/${source}/ on ${JSON.stringify(text.join(''))}`,
          expected,
        ]);
      }
    }),
    { numRuns: 3_000 },
  );
  expect(count.matched).toBeGreaterThan(1_000);
  expect(count.not).toBeGreaterThan(1_000);
});

test('any text is read as an expression or refused with a place in it', () => {
  const characters = fc.constantFrom(...'ab01(){}[]<>|&~@#.?*+,-^\\"dsw😀');
  fc.assert(
    fc.property(
      fc.array(characters, { maxLength: 20 }),
      fc.constantFrom('lucene' as const, 're2' as const),
      (all, syntax) => {
        const source = all.join('');
        const result = compileRegex(source, syntax);
        if (result.kind === 'ok') expect(typeof result.matches('ab01')).toBe('boolean');
        else {
          expect(result.problem.offset).toBeGreaterThanOrEqual(0);
          expect(result.problem.offset).toBeLessThanOrEqual(source.length);
        }
      },
    ),
    { numRuns: 5_000 },
  );
});
