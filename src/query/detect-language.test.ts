import { expect, test } from '@jest/globals';
import { detectLanguage, type SearchLanguage } from './detect-language.ts';

const EXPECTED: Readonly<Record<SearchLanguage, readonly string[]>> = {
  kuery: [
    '',
    'user.name: x',
    'from: x',
    'row : 1',
    'from >= 3',
    'sequence: 5',
    'any: where',
    'not event.action: get and user.name: (a or b)',
    'user.name: "any where true"',
  ],
  eql: [
    'any where true',
    '  Any WHERE true',
    'process where user.name == "x"',
    '"odd category" where true',
    'sequence by user.name [any where true] [any where true]',
    'sequence with maxspan=5m [any where true] [any where true]',
    'sequence[any where true][any where true]',
    '// why\n/* and\nhow */ any where true',
    'sample by user.name [any where true] [any where true]',
  ],
  esql: ['FROM logs-*', 'from logs | where true', 'ROW a = 1', '\n// why\nFROM "a b" | LIMIT 1', '/* a */ FROM x'],
};

for (const [language, queries] of Object.entries(EXPECTED)) {
  for (const query of queries) test(`${language}: ${query}`, () => expect(detectLanguage(query)).toBe(language));
}

test('takes linear time', () => {
  const comments = '/**/ '.repeat(200_000);
  expect(detectLanguage(`${comments}any where true`)).toBe('eql');
  expect(detectLanguage(`${' '.repeat(1_000_000)}x`)).toBe('kuery');
  expect(detectLanguage(`${'/* '.repeat(100_000)}`)).toBe('kuery');
});
