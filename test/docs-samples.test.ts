/** What a page shows of a console is what the program prints: every command there is run. */
import { globSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { API_SERVER_FLAGS } from '../src/http/api-server-flags.ts';
import {
  consoleSteps,
  createConsoleFolder,
  printsAs,
  readPages,
  runInConsole,
  withoutTimes,
} from './support/console-samples.ts';

const ROOT = join(import.meta.dirname, '..');
const COMMAND_MS = 60_000;
/** Fences of what is no output of a program, or is held by test/docs.test.ts. */
const OTHER_FENCES = [
  ...['sh', 'yaml', 'json', 'kql', 'eql', 'esql', 'promql', 'text'],
  ...['verdicts', 'explained', 'judged', 'audit-event'],
];

describe.each([...consoleSteps({ onCluster: false })])('the console on %s', (_, steps) => {
  const folder = createConsoleFolder();
  test.each(steps)(
    '$at: $command',
    async ({ command, printed }) => {
      const now = withoutTimes(await runInConsole(folder, command));
      const shown = withoutTimes(printed);
      if (!printsAs(now, shown)) expect(now).toBe(shown);
    },
    COMMAND_MS,
  );
});

test('every block says what it holds, so that output is in a console', () => {
  const fences = [...readPages()].flatMap(([page, text]) =>
    // Every other fence ends a block.
    [...text.matchAll(/^ *```(.*)$/gm)].flatMap(({ 1: fence = '' }, i) => (i % 2 === 0 ? [{ page, fence }] : [])),
  );
  const known = [...OTHER_FENCES, 'console', 'console on-cluster'];
  expect(fences.filter(({ fence }) => !known.includes(fence))).toEqual([]);
});

test('the flags of kube-apiserver on a page are those that webhook-config prints', () => {
  const flags = API_SERVER_FLAGS.map(({ name, value }) => `${name}=${value}`);
  const shown = [...readPages()].flatMap(([page, text]) =>
    [...text.matchAll(/^```yaml\n[\s\S]*?^```/gm)]
      .map(([block]) => block.replaceAll('"', '').replace(/, value: |(audit-[a-z-]+): /g, (_, name = '') => `${name}=`))
      .filter((block) => block.includes('audit-webhook-mode='))
      .map((block) => ({ page, missing: flags.filter((flag) => !block.includes(flag)) })),
  );
  expect(shown.length).toBeGreaterThan(4);
  expect(shown.filter(({ missing }) => missing.length > 0)).toEqual([]);
});

test('the pages that say how many rules there are say the right number', () => {
  const count = globSync('rules/*.yaml', { cwd: ROOT }).length;
  const pages = readPages();
  expect(pages.get('README.md')).toContain(`[${count} rules]`);
  expect(pages.get('docs/comparison.md')).toContain(`| ${count} of our own`);
});
