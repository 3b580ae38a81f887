import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { checkRules } from './rules-suite.ts';

const FOLDERS: readonly (readonly [string, string])[] = [
  ['our own rules', join(import.meta.dirname, 'vectors')],
  /** Elastic's rules with what Elastic's engines gave, where they lie beside the project. */
  ['rules of Elastic’s', join(import.meta.dirname, '../../../shared/conformance')],
];

for (const [whose, folder] of FOLDERS.filter(([, path]) => existsSync(join(path, 'expected.json')))) {
  const cases = (await checkRules(folder)) ?? [];
  describe(whose, () => {
    test('are there, and some are supported', () => {
      expect(cases.filter(({ supported }) => supported).length).toBeGreaterThan(0);
    });

    test.each(cases)('match and fire where they must, or are refused: $file', ({ supported, failure }) => {
      if (supported) expect(failure).toBeUndefined();
      else expect(failure ?? '').toMatch(/did not run: /);
    });
  });
}
