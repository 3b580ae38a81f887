/** `rules import`, as a person calls it. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { type RunResult, runProcess } from '../support/child-process.ts';
import { createTemporaryFolder } from '../support/temporary-folder.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const MAIN = join(ROOT, 'src', 'main.ts');
const VECTORS = join(ROOT, 'test', 'conformance', 'vectors', 'rules');

function firstseen(...args: readonly string[]): Promise<RunResult> {
  return runProcess(process.execPath, [MAIN, ...args], { cwd: ROOT });
}

/** What `rules list` says of rules, but for where they are, and for differences from the format that they came in. */
async function listed(...paths: readonly string[]): Promise<readonly unknown[]> {
  const { stdout } = await firstseen('rules', 'list', '-o', 'json', ...paths);
  const items: readonly { file: string; verdict: string }[] = JSON.parse(stdout);
  return items.map((item) =>
    item.verdict === 'runs with a stated difference'
      ? { ...item, file: '', verdict: 'runs', why: [] }
      : { ...item, file: '' },
  );
}

describe('rules import', { concurrency: 2 }, () => {
  test('to a folder: a file a rule, named after it, which loads as the rule that it was', async () => {
    const folder = join(createTemporaryFolder('import'), 'new', 'rules');
    const { code, stdout, stderr } = await firstseen('rules', 'import', VECTORS, '--output', folder);
    assert.equal(code, 0, stderr);
    for (const line of stderr.split('\n').slice(0, -1)) assert.match(line, /: (?:note|difference): /);
    assert.match(stdout, /^RESULT +RULE +VERDICT +FROM$/m);
    assert.match(stdout, /^written +query-array +runs +\S*query_array\.toml$/m);
    assert.match(stdout, /^written +new-terms-window +runs .*new_terms_window\.toml$/m);
    const names = readdirSync(folder);
    assert.ok(names.includes('query-array.yaml'));
    assert.equal(names.length, readdirSync(VECTORS).length);
    assert.deepEqual(await listed(folder), await listed(VECTORS));
  });

  test('what is there stays, unless it is to be overwritten', async () => {
    const folder = createTemporaryFolder('import');
    const file = join(folder, 'query-array.yaml');
    writeFileSync(file, '# mine\n');
    const kept = await firstseen('rules', 'import', VECTORS, '-o', folder);
    assert.equal(kept.code, 1);
    assert.match(kept.stdout, /^is there +query-array /m);
    assert.match(kept.stdout, /^written +query-address /m);
    assert.match(kept.stderr, /^1 file was there already, and stays; --force overwrites$/m);
    assert.equal(readFileSync(file, 'utf8'), '# mine\n');
    const forced = await firstseen('rules', 'import', VECTORS, '-o', folder, '--force');
    assert.equal(forced.code, 0);
    assert.match(readFileSync(file, 'utf8'), /^kind: DetectionRule$/m);
  });

  test('to standard output: documents only; what is said of them goes to standard error', async () => {
    const { code, stdout, stderr } = await firstseen('rules', 'import', VECTORS);
    assert.equal(code, 0);
    assert.match(stderr, /^printed +query-array /m);
    const file = join(createTemporaryFolder('import'), 'all.yaml');
    writeFileSync(file, stdout);
    assert.deepEqual(await listed(file), await listed(VECTORS));
  });

  test('a rule with a problem is not written, and the others are', async () => {
    const from = createTemporaryFolder('import');
    const good = readFileSync(join(VECTORS, 'query_array.toml'), 'utf8');
    writeFileSync(join(from, 'good.toml'), good);
    writeFileSync(join(from, 'bad.toml'), good.replace('kubernetes.audit.verb:escalate', 'kubernetes.audit.verb: ('));
    const folder = createTemporaryFolder('import');
    const { code, stdout, stderr } = await firstseen('rules', 'import', from, '-o', folder);
    assert.equal(code, 1);
    assert.deepEqual(readdirSync(folder), ['good.yaml']);
    assert.match(stdout, /^left out +bad +invalid +\S*bad\.toml$/m);
    assert.match(stderr, /bad\.toml:\d+:\d+: /);
    assert.match(stderr, /^1 rule or file is invalid, and does not run$/m);
  });

  test('a rule that cannot run here, and one that no resource can hold, are not written, and said', async () => {
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
    assert.equal(idle.code, 3, idle.stderr);
    assert.match(idle.stderr, /^1 rule cannot run here$/m);

    const items = Array.from({ length: 101 }, (_, n) => ({
      item_id: n,
      list_id: 'l',
      name: `${n}`,
      entries: [{ field: 'user.name', type: 'match', operator: 'included', value: `${n}` }],
    }));
    const lines = [{ ...rule, query, exceptions_list: [{ list_id: 'l' }] }, ...items];
    writeFileSync(join(from, 'e.ndjson'), lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
    const large = await firstseen('rules', 'import', from, '-o', folder);
    assert.equal(large.code, 1, large.stderr);
    assert.match(large.stdout, /^too large +large +runs +\S+e\.ndjson$/m);
    assert.match(large.stderr, /e\.ndjson: large: spec\.exceptions: expected at most 100 items, found 101$/m);
    assert.match(large.stderr, /^a rule that is too large for a resource runs from its own file, as it is$/m);
    assert.deepEqual(readdirSync(folder), []);
  });

  test('an output that cannot be is a mistake of the call', async () => {
    const file = join(createTemporaryFolder('import'), 'file');
    writeFileSync(file, '');
    const { code, stderr } = await firstseen('rules', 'import', VECTORS, '-o', file);
    assert.equal(code, 2);
    assert.match(stderr, /^--output: \S+ cannot be written: a file is there, and a folder is needed$/m);
  });
});
