/** `rules import`. */

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import type { RunResult } from '../support/child-process.ts';
import { runCommand } from '../support/command-line.ts';
import { createTemporaryFolder } from '../support/temporary-folder.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const VECTORS = join(ROOT, 'test', 'conformance', 'vectors', 'rules');

function firstseen(...args: readonly string[]): Promise<RunResult> {
  return runCommand(args);
}

/** The output of `rules list` without files and differences from the original format. */
async function listed(...paths: readonly string[]): Promise<readonly unknown[]> {
  const { stdout } = await firstseen('rules', 'list', '-o', 'json', ...paths);
  const items: readonly { file: string; verdict: string }[] = JSON.parse(stdout);
  return items.map((item) =>
    item.verdict === 'runs with a stated difference'
      ? { ...item, file: '', verdict: 'runs', why: [] }
      : { ...item, file: '' },
  );
}

describe('rules import', () => {
  test('a folder gets one file per rule, equal to the original rule', async () => {
    const folder = join(createTemporaryFolder('import'), 'new', 'rules');
    const { code, stdout, stderr } = await firstseen('rules', 'import', VECTORS, '--output', folder);
    expect(code).toBe(0);
    for (const line of stderr.split('\n').slice(0, -1)) expect(line).toMatch(/: (?:note|difference): /);
    expect(stdout).toMatch(/^RESULT +RULE +VERDICT +FROM$/m);
    expect(stdout).toMatch(/^written +query-array +runs +\S*query_array\.toml$/m);
    expect(stdout).toMatch(/^written +new-terms-window +runs .*new_terms_window\.toml$/m);
    const names = readdirSync(folder);
    expect(names).toContain('query-array.yaml');
    expect(names).toHaveLength(readdirSync(VECTORS).length);
    expect(await listed(folder)).toEqual(await listed(VECTORS));
  });

  test('existing files are kept without --force', async () => {
    const folder = createTemporaryFolder('import');
    const file = join(folder, 'query-array.yaml');
    writeFileSync(file, '# mine\n');
    const kept = await firstseen('rules', 'import', VECTORS, '-o', folder);
    expect(kept.code).toBe(1);
    expect(kept.stdout).toMatch(/^exists +query-array /m);
    expect(kept.stdout).toMatch(/^written +query-address /m);
    expect(kept.stderr).toMatch(/^1 existing file was kept; --force overwrites$/m);
    expect(readFileSync(file, 'utf8')).toBe('# mine\n');
    const forced = await firstseen('rules', 'import', VECTORS, '-o', folder, '--force');
    expect(forced.code).toBe(0);
    expect(readFileSync(file, 'utf8')).toMatch(/^kind: DetectionRule$/m);
  });

  test('standard output gets only documents, standard error the table', async () => {
    const { code, stdout, stderr } = await firstseen('rules', 'import', VECTORS);
    expect(code).toBe(0);
    expect(stderr).toMatch(/^printed +query-array /m);
    const file = join(createTemporaryFolder('import'), 'all.yaml');
    writeFileSync(file, stdout);
    expect(await listed(file)).toEqual(await listed(VECTORS));
  });

  test('an invalid rule is skipped, the others are written', async () => {
    const from = createTemporaryFolder('import');
    const good = readFileSync(join(VECTORS, 'query_array.toml'), 'utf8');
    writeFileSync(join(from, 'good.toml'), good);
    writeFileSync(join(from, 'bad.toml'), good.replace('kubernetes.audit.verb:escalate', 'kubernetes.audit.verb: ('));
    const folder = createTemporaryFolder('import');
    const { code, stdout, stderr } = await firstseen('rules', 'import', from, '-o', folder);
    expect(code).toBe(1);
    expect(readdirSync(folder)).toEqual(['good.yaml']);
    expect(stdout).toMatch(/^left out +bad +invalid +\S*bad\.toml$/m);
    expect(stderr).toMatch(/bad\.toml:\d+:\d+: /);
    expect(stderr).toMatch(/^1 rule or file is invalid, and does not run$/m);
  });

  test('rules that cannot run here or are too large are skipped and reported', async () => {
    const from = createTemporaryFolder('import');
    const rule = {
      rule_id: 'a',
      name: 'Large',
      type: 'query',
      index: ['logs-kubernetes.audit_logs-*'],
      severity: 'low',
    };
    const query = 'kubernetes.audit.verb: get';
    const job = JSON.stringify({ ...rule, name: 'Job', type: 'machine_learning', query });
    writeFileSync(join(from, 'e.ndjson'), `${job}\n`);
    const folder = createTemporaryFolder('import');
    const idle = await firstseen('rules', 'import', from, '-o', folder);
    expect(idle.code).toBe(3);
    expect(idle.stderr).toMatch(/^1 rule cannot run here$/m);

    const items = Array.from({ length: 101 }, (_, n) => ({
      item_id: n,
      list_id: 'l',
      name: `${n}`,
      entries: [{ field: 'user.name', type: 'match', operator: 'included', value: `${n}` }],
    }));
    const lines = [{ ...rule, query, exceptions_list: [{ list_id: 'l' }] }, ...items];
    writeFileSync(join(from, 'e.ndjson'), lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
    const large = await firstseen('rules', 'import', from, '-o', folder);
    expect(large.code).toBe(1);
    expect(large.stdout).toMatch(/^too large +large +runs +\S+e\.ndjson$/m);
    expect(large.stderr).toMatch(/e\.ndjson: large: spec\.exceptions: expected at most 100 items, found 101$/m);
    expect(large.stderr).toMatch(/^a rule is too large for a resource; pass its original file to --rules instead$/m);
    expect(readdirSync(folder)).toEqual([]);
  });

  test('an output that cannot be written is a usage error', async () => {
    const file = join(createTemporaryFolder('import'), 'file');
    writeFileSync(file, '');
    const { code, stderr } = await firstseen('rules', 'import', VECTORS, '-o', file);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^--output: cannot write \S+: a file exists where a folder is needed$/m);
  });
});
