/** Holds the documentation to the code: generated pages are fresh, links lead somewhere, and the table of libraries is complete. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

const ROOT = path.join(import.meta.dirname, '..');
const pages = globSync(['*.md', '{docs,deploy,helm,rules,test,.github}/**/*.md'], { cwd: ROOT }).sort();

function textOf(file: string): string {
  return readFileSync(path.join(ROOT, file), 'utf8');
}

/** The text without code, in which a bracket is no link. */
function withoutCode(text: string): string {
  return text.replace(/^(```|~~~)[\s\S]*?^\1/gm, '').replace(/`[^`\n]*`/g, '``');
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
  assert.equal(status, 0, `${stdout}${stderr}`);
});

test('every relative link leads to a file, and to a heading in it', () => {
  assert.ok(pages.includes('README.md'));
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
  assert.deepEqual(broken, []);
});

test('CONTRIBUTING.md names exactly the libraries of package.json', () => {
  const manifest = JSON.parse(textOf('package.json')) as Readonly<Record<string, Record<string, string> | undefined>>;
  const declared = ['dependencies', 'devDependencies', 'optionalDependencies'].flatMap((group) =>
    Object.keys(manifest[group] ?? {}),
  );
  const [, section = ''] = textOf('CONTRIBUTING.md').split('\n## Libraries\n');
  const named = [...(section.split('\n## ')[0] ?? '').matchAll(/^\| `([^`]+)` \|/gm)].map(([, name = '']) => name);
  assert.deepEqual(named.sort(), declared.sort());
});

test('the owners of libraries in CONTRIBUTING.md are those of the architecture test', () => {
  const owners = [...textOf('test/architecture.test.ts').matchAll(/^ {2}'?([@\w./-]+)'?: \[('[a-z]+'[^\]]*)\],$/gm)];
  assert.ok(owners.length > 5);
  for (const [, name = '', list = ''] of owners) {
    const folders = [...list.matchAll(/'([a-z]+)'/g)].map(([, folder = '']) => `\`${folder}/\``).join(', ');
    const row = textOf('CONTRIBUTING.md')
      .split('\n')
      .find((line) => line.startsWith(`| \`${name}\` |`));
    assert.ok(row?.includes(`| ${folders} |`), `${name}: expected the owner ${folders}, found ${row}`);
  }
});
