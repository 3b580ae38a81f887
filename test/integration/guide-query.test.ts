/** The guide to searching shows what the program prints. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { runProcess } from '../support/child-process.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const MAIN = join(ROOT, 'src', 'main.ts');

const guide = readFileSync(join(ROOT, 'docs', 'guides', 'query.md'), 'utf8');
const examples = [...guide.matchAll(/^```console\n\$ (.*)\n([\s\S]*?)^```/gm)];

describe('the examples in the guide to query', () => {
  test('are there', () => expect(examples.length).toBeGreaterThanOrEqual(5));

  for (const [, command = '', printed] of examples) {
    test(command, async () => {
      const script = `main=$1; firstseen() { "$0" "$main" "$@"; }; ${command}`;
      const { stdout, stderr } = await runProcess('sh', ['-c', script, process.execPath, MAIN], { cwd: ROOT });
      expect(stdout + stderr).toBe(printed);
    });
  }
});
