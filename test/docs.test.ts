/** Holds the documentation to the code: generated pages are fresh, links lead somewhere, and the table of libraries is complete. */

import { spawnSync } from 'node:child_process';
import { existsSync, globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from '@jest/globals';
import { decodeEvent } from '../src/audit/decode.ts';
import { explainEvent } from '../src/cli/explain/explain-event.ts';
import { explainRule, formatExplanation } from '../src/cli/explain/explain-rule.ts';
import { formatEventExplanation } from '../src/cli/explain/format-event-explanation.ts';
import { verdictTable } from '../src/cli/rules/verdict-table.ts';
import { resolveField } from '../src/ecs/fields.ts';
import { sha256Hashes } from '../src/ingest/hashes.ts';
import { runRuleTest } from '../src/ingest/rule-test.ts';
import { parseQuery } from '../src/query/parse-query.ts';
import { compileLoaded } from '../src/rulefiles/compile-loaded.ts';
import { formatFileProblem } from '../src/rulefiles/file-problem.ts';
import { loadRuleFiles, readRules } from '../src/rulefiles/load.ts';
import { QUERY_LANGUAGES, RULE_TYPES } from '../src/rules/document.ts';
import { COMBINATION_CAP, GROUP_CAP, ROW_CAP, TERM_CAP } from '../src/rules/limits.ts';
import { openSqliteState } from '../src/state/sqlite/sqlite-state.ts';
import { expectKey, expectPresent } from './support/expect.ts';
import { fail } from './support/fail.ts';

const ROOT = path.join(import.meta.dirname, '..');
const pages = globSync(['*.md', '{docs,deploy,helm,rules,test,.github}/**/*.md'], { cwd: ROOT }).sort();

function textOf(file: string): string {
  return readFileSync(path.join(ROOT, file), 'utf8');
}

/** The text without code, in which a bracket is no link. */
function withoutCode(text: string): string {
  return text.replace(/^(```|~~~)[\s\S]*?^\1/gm, '').replace(/`[^`\n]*`/g, '``');
}

/** The blocks of code of a language, over all pages. */
function blocksOf(language: string): readonly { readonly page: string; readonly text: string }[] {
  const block = new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'gm');
  return pages.flatMap((page) => [...textOf(page).matchAll(block)].map(([, text = '']) => ({ page, text })));
}

/** The anchors of a page, as GitHub makes them of its headings. */
function anchorsOf(text: string): ReadonlySet<string> {
  const headings = [...text.replace(/^```[\s\S]*?^```/gm, '').matchAll(/^#+ +(.*)$/gm)];
  return new Set(
    headings.map(([, heading = '']) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\s_-]/gu, '')
        .trim()
        .replaceAll(' ', '-'),
    ),
  );
}

test('the reference pages are what the code says now', () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['docs/generate.ts', '--check'], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  expect({ status, said: `${stdout}${stderr}` }).toEqual({ status: 0, said: expect.any(String) });
});

test('every relative link leads to a file, and to a heading in it', () => {
  expect(pages).toContain('README.md');
  const broken: string[] = [];
  for (const page of pages) {
    for (const [, target = ''] of withoutCode(textOf(page)).matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(target)) continue;
      const [file = '', anchor] = target.split('#', 2);
      const found = file === '' ? page : path.join(path.dirname(page), file);
      if (!existsSync(path.join(ROOT, found))) broken.push(`${page}: ${target}`);
      else if (anchor !== undefined && !anchorsOf(textOf(found)).has(anchor)) broken.push(`${page}: ${target}`);
    }
  }
  expect(broken).toEqual([]);
});

test('every rule on a page loads, and does what its tests say', async () => {
  const rules = blocksOf('yaml').filter(({ text }) => text.includes('kind: DetectionRule'));
  expect(rules.length).toBeGreaterThan(0);
  let run = 0;
  for (const { page, text } of rules) {
    const { ready, problems, slots } = compileLoaded(readRules(page, '.yaml', text), sha256Hashes);
    expect([page, problems.map(formatFileProblem)]).toEqual([page, []]);
    for (const { rule } of ready) {
      const { name, tests } = rule.document;
      run += tests.length;
      for (const one of tests) {
        const store = openSqliteState({ kind: 'sqlite', path: ':memory:' });
        const failure = await runRuleTest(rule, one, { slots, store, hashes: sha256Hashes });
        await store.close();
        expect([`${page}: ${name}: ${one.name}`, failure]).toEqual([`${page}: ${name}: ${one.name}`, undefined]);
      }
    }
  }
  expect(run).toBeGreaterThanOrEqual(2);
});

test('the verdicts in the guide are those on the rules beside it', async () => {
  const [block, ...more] = blocksOf('verdicts');
  expectPresent(block);
  expect(more.length).toBe(0);
  const { rules, problems } = await loadRuleFiles([path.join(ROOT, 'docs', 'guides', 'example-rules')]);
  const { verdicts } = compileLoaded({ rules, problems }, sha256Hashes);
  expect(verdictTable(verdicts.toSorted((a, b) => a.name.localeCompare(b.name)))).toBe(block.text);
});

test('what a page shows of rules explain is what it says', async () => {
  const blocks = blocksOf('explained');
  expect(blocks.length).toBeGreaterThan(0);
  const { ready } = compileLoaded(await loadRuleFiles(['rules']), sha256Hashes);
  for (const { text } of blocks) {
    const shown = ready.find(({ loaded }) => text.startsWith(`${loaded.document.name}: `)) ?? fail(text);
    expect(formatExplanation(explainRule(shown))).toBe(text);
  }
});

test('what a page shows of explain is what it says of the event on it', async () => {
  const [block, ...more] = blocksOf('judged');
  const [shown] = blocksOf('audit-event');
  expectPresent(block);
  expectPresent(shown);
  expect(more.length).toBe(0);
  const { ready, slots } = compileLoaded(await loadRuleFiles(['rules']), sha256Hashes);
  const { rule } = ready.find(({ loaded }) => block.text.startsWith(`${loaded.document.name}: `)) ?? fail();
  const event = decodeEvent(JSON.parse(shown.text), 0, Date.UTC(2030, 0, 1) * 1_000);
  expectKey(event, 'event');
  const explained = explainEvent(rule, event, slots);
  expect(formatEventExplanation(explained, 'event.json:1', { signs: false, all: false })).toBe(block.text);
});

test.each([
  ['kql', 'kuery'],
  ['eql', 'eql'],
] as const)('every line of KQL or EQL on a page is one that can be read: %j', (block, language) => {
  const lines = blocksOf(block).flatMap(({ text }) => text.trimEnd().split('\n'));
  expect(lines.length).toBeGreaterThan(0);
  // What stands three spaces behind a query is about it.
  const isRead = (line: string) =>
    parseQuery(language, line.split(/ {3,}/)[0] ?? '', { resolveField }).kind !== 'invalid';
  expect(lines.filter((line) => !isRead(line))).toEqual([]);
});

test('the page of differences from Elastic has the types and bounds of the code', () => {
  const page = textOf('docs/differences-from-elastic.md');
  const rowOf = (name: string) => page.split('\n').find((line) => line.startsWith(`| ${name} |`)) ?? fail(name);
  expect(rowOf('types')).toContain(`| ${RULE_TYPES.join(', ')}; the others are refused |`);
  expect(rowOf('languages').replaceAll('\\|', '/').split('|').at(-2)?.trim().split(', ')).toHaveLength(
    QUERY_LANGUAGES.length,
  );
  for (const [row, bound] of [
    ['arrays, several fields', COMBINATION_CAP],
    ['state', TERM_CAP],
    ['memory', ROW_CAP],
    ['memory', GROUP_CAP],
  ] as const) {
    expect(rowOf(row)).toContain(bound.toLocaleString('en'));
  }
});

test('no table of ARCHITECTURE.md has a row for the same thing twice', () => {
  const cells = textOf('ARCHITECTURE.md')
    .split(/\n(?!\|)/)
    .flatMap((section) => {
      const rows = [...section.matchAll(/^\| ([^|]+) \|/gm)].map(([, cell = '']) => cell);
      return rows.filter((cell, index) => rows.indexOf(cell) !== index && !cell.startsWith('---'));
    });
  expect(cells).toEqual([]);
});

test('CONTRIBUTING.md names exactly the libraries of package.json', () => {
  const manifest = JSON.parse(textOf('package.json')) as Readonly<Record<string, Record<string, string> | undefined>>;
  const declared = ['dependencies', 'devDependencies', 'optionalDependencies'].flatMap((group) =>
    Object.keys(manifest[group] ?? {}),
  );
  const [, section = ''] = textOf('CONTRIBUTING.md').split('\n## Libraries\n');
  const named = [...(section.split('\n## ')[0] ?? '').matchAll(/^\| `([^`]+)` \|/gm)].map(([, name = '']) => name);
  expect(named.sort()).toEqual(declared.sort());
});

test('the owners of libraries in CONTRIBUTING.md are those of the architecture test', () => {
  const owners = [...textOf('test/architecture.test.ts').matchAll(/^ {2}'?([@\w./-]+)'?: \[('[a-z]+'[^\]]*)\],$/gm)];
  expect(owners.length).toBeGreaterThan(5);
  for (const [, name = '', list = ''] of owners) {
    const folders = [...list.matchAll(/'([a-z]+)'/g)].map(([, folder = '']) => `\`${folder}/\``).join(', ');
    const row = textOf('CONTRIBUTING.md')
      .split('\n')
      .find((line) => line.startsWith(`| \`${name}\` |`));
    expect(row?.includes(`| ${folders} |`)).toBeTruthy();
  }
});
