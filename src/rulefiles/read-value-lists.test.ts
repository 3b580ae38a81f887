import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { formatFileProblem } from './file-problem.ts';
import { loadRuleFiles } from './load.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'firstseen-lists-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

const RULE = {
  rule_id: 'one',
  name: 'Pods Deleted',
  type: 'query',
  index: ['logs-kubernetes.audit_logs-*'],
  query: 'kubernetes.audit.verb: delete',
  severity: 'high',
  risk_score: 73,
  exceptions_list: [{ list_id: 'noise', type: 'detection', namespace_type: 'single' }],
};

function item(list: string, type = 'ip'): object {
  const entry = { field: 'source.ip', type: 'list', operator: 'included', list: { id: list, type } };
  return { item_id: list, list_id: 'noise', namespace_type: 'single', name: list, entries: [entry] };
}

async function write(path: string, content: string | Uint8Array | readonly object[]): Promise<void> {
  await mkdir(join(folder, path, '..'), { recursive: true });
  const isLines = typeof content !== 'string' && !(content instanceof Uint8Array);
  await writeFile(join(folder, path), isLines ? content.map((line) => `${JSON.stringify(line)}\n`).join('') : content);
}

async function load(...paths: readonly string[]) {
  const { rules, problems } = await loadRuleFiles(paths.map((path) => join(folder, path)));
  return {
    values: rules.map(({ document }) => document.exceptions.map(({ lists = [] }) => lists.map(({ values }) => values))),
    problems: problems.map(formatFileProblem).join('\n').replaceAll(`${folder}`, ''),
  };
}

test('a value list lies beside the export, or in its folder lists, with .txt or without', async () => {
  await write('e.ndjson', [RULE, item('a'), item('b.txt'), item('c'), item('d')]);
  await write('a', '10.0.0.1\r\n\n 10.0.0.2 \n');
  await write('b.txt', '10.0.0.3');
  await write('lists/c', '10.0.0.4\n');
  await write('lists/d.txt', '');
  expect(await load('e.ndjson')).toEqual({
    values: [[[['10.0.0.1', '10.0.0.2']], [['10.0.0.3']], [['10.0.0.4']], [[]]]],
    problems: '',
  });
  expect((await load('.')).problems).toBe(''); // a folder of rules may hold lists
});

test('a list that is missing names the file to put there, and refuses the rule', async () => {
  await write('e.ndjson', [RULE, item('blocked')]);
  const { values, problems } = await load('e.ndjson');
  expect(values).toEqual([]);
  expect(problems).toMatch(/^\/e\.ndjson:1:1: pods-deleted: exception "blocked": the value list blocked is missing/m);
  expect(problems).toMatch(
    /as blocked or blocked\.txt or lists\/blocked or lists\/blocked\.txt in , one value per line$/m,
  );
});

test('an exception list that was exported by itself may lie beside, and its value lists there', async () => {
  await write('rules.ndjson', [RULE]);
  await write('shared/noise.ndjson', [{ list_id: 'noise', type: 'detection' }, item('a')]);
  await write('shared/a.txt', '10.0.0.1\n');
  expect((await load('.')).values).toEqual([[[['10.0.0.1']]]]);
});

test('what two exports name alike is each its own', async () => {
  for (const space of ['dev', 'prod']) {
    await write(`${space}/e.ndjson`, [{ ...RULE, name: space }, item('a')]);
    await write(`${space}/a.txt`, space === 'dev' ? '10.0.0.1' : '10.0.0.2');
  }
  expect((await load('.')).values).toEqual([[[['10.0.0.1']]], [[['10.0.0.2']]]]);
});

test('an id is no way out of the folder', async () => {
  await write('secret.txt', '10.0.0.1');
  await write('rules/e.ndjson', [RULE, item('../secret')]);
  expect((await load('rules')).problems).toMatch(/the value list \.\.\/secret is missing/);
  await write('rules/__secret.txt', '10.0.0.2');
  expect((await load('rules')).values).toEqual([[[['10.0.0.2']]]]);
});

test('an id that no key of a ConfigMap can have is found under one that it can', async () => {
  await write('e.ndjson', [RULE, item('our IPs (2026)')]);
  await write('our_IPs__2026_', '10.0.0.1');
  expect((await load('e.ndjson')).values).toEqual([[[['10.0.0.1']]]]);
});

test('a list that cannot be read is a problem of its own', async () => {
  await write('e.ndjson', [RULE, item('latin'), item('folder'), item('x'.repeat(300))]);
  await write('latin', new Uint8Array([0xe9]));
  await mkdir(join(folder, 'folder'));
  const { problems } = await load('e.ndjson');
  expect(problems).toMatch(/^\/latin: the list is not UTF-8 text$/m);
  expect(problems).toMatch(/the value list folder is missing/);
});

test('exports, lists and all in a mounted ConfigMap are read once', async () => {
  await write('..2026_01_01/e.ndjson', [RULE, item('a')]);
  await write('..2026_01_01/a.txt', '10.0.0.1');
  await symlink('..2026_01_01', join(folder, '..data'));
  for (const name of ['e.ndjson', 'a.txt']) await symlink(`..data/${name}`, join(folder, name));
  expect(await load('.')).toEqual({ values: [[[['10.0.0.1']]]], problems: '' });
});
