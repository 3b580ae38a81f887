import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { formatFileProblem } from './file-problem.ts';
import { loadRuleFiles } from './load.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'firstseen-rules-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

function rule(name: string): string {
  const spec = `spec: { title: A rule, type: query, query: 'event.action: create', severity: low }`;
  return `apiVersion: firstseen.dev/v1alpha1\nkind: DetectionRule\nmetadata:\n  name: ${name}\n${spec}\n`;
}

async function write(path: string, text: string | Uint8Array): Promise<void> {
  await mkdir(join(folder, path, '..'), { recursive: true });
  await writeFile(join(folder, path), text);
}

async function load(
  ...paths: readonly string[]
): Promise<{ readonly names: readonly string[]; readonly problems: string }> {
  const { rules, problems } = await loadRuleFiles(paths.map((path) => join(folder, path)));
  return {
    names: rules.map(({ document }) => document.name),
    problems: problems.map(formatFileProblem).join('\n').replaceAll(`${folder}/`, ''),
  };
}

test('a folder is read with all below it, in order, and other files are left alone', async () => {
  await write('b.yml', rule('b'));
  await write('a.yaml', rule('a'));
  await write('sub/c.YAML', rule('c'));
  await write('README.md', '# rules');
  await write('.hidden/d.yaml', rule('d'));
  await write('.e.yaml', rule('e'));
  expect(await load('.')).toEqual({ names: ['a', 'b', 'c'], problems: '' });
});

test('a mounted ConfigMap gives each file once', async () => {
  await write('..2026_01_01/a.yaml', rule('a'));
  await symlink('..2026_01_01', join(folder, '..data'));
  await symlink('..data/a.yaml', join(folder, 'a.yaml'));
  await symlink('..data/a.yaml', join(folder, 'same.yaml'));
  await symlink('.', join(folder, 'loop'));
  expect(await load('.', 'a.yaml', '..data')).toEqual({ names: ['a'], problems: '' });
});

test('what cannot be read is a problem of its own', async () => {
  await write('a.yaml', rule('a'));
  await write('broken.yaml', 'kind: [');
  await write('latin.yaml', new Uint8Array([0x61, 0x3a, 0x20, 0xe9]));
  await write('large.yaml', 'x'.repeat(1_048_577));
  await write('note.txt', 'x');
  await symlink('nowhere.yaml', join(folder, 'dangling.yaml'));
  const { names, problems } = await load('.', 'gone', 'note.txt');
  expect(names).toEqual(['a']);
  expect(problems).toMatch(/^dangling\.yaml: there is no such file$/m);
  expect(problems).toMatch(/^gone: there is no such file$/m);
  expect(problems).toMatch(/^note\.txt: expected a file that ends in \.yaml, \.yml, \.toml, \.ndjson$/m);
  expect(problems).toMatch(/^broken\.yaml:1:\d+: /m);
  expect(problems).toMatch(/^latin\.yaml: the file is not UTF-8 text$/m);
  expect(problems).toMatch(/^large\.yaml: the file has 1048577 bytes; the limit is 1048576$/m);
});

(process.getuid?.() === 0 && 'root reads everything' ? test.skip : test)(
  'a file that this user may not read is a problem',
  async () => {
    await write('a.yaml', rule('a'));
    await chmod(join(folder, 'a.yaml'), 0);
    expect((await load('a.yaml')).problems).toMatch(/^a\.yaml: this user has no permission to read it$/);
  },
);

test('of two rules with one name the first stays, and the problem names both files', async () => {
  await write('a.yaml', rule('same'));
  await write('b.yaml', rule('same'));
  const { names, problems } = await load('.');
  expect(names).toEqual(['same']);
  expect(problems).toMatch(/^b\.yaml:4:9: same: the name same is already used in a\.yaml:4/);
});

test('a byte order mark is no part of the text', async () => {
  await write('a.yaml', `\ufeff${rule('a')}`);
  expect(await load('a.yaml')).toEqual({ names: ['a'], problems: '' });
});
