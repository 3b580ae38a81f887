import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { runProcess } from '../support/child-process.ts';

const KIT = join(import.meta.dirname, '..', '..', '..', 'shared', 'conformance', 'rules');
const BENCH = join(import.meta.dirname, '..', 'bench', 'run.ts');

test('the benchmark runs, and sets each goal beside what it measured', async () => {
  const small = ['match', 'serve', '--rules', '50', '--rounds', '1', '--batches', '2'];
  const { code, stdout, stderr } = await runProcess(process.execPath, [BENCH, ...small]);
  expect(code).toBe(0);
  expect(stderr).toBe('');
  for (const transport of ['plain HTTP', 'TLS']) {
    for (const store of ['SQLite', 'Redis']) {
      const goal = `CPU of an event, ${store}, 50 rules, to Express with express.json, ${transport}`;
      expect(stdout).toMatch(new RegExp(`^ {2}(met|MISSED) +${goal}: \\d+\\.\\d\\d ×, at most 1\\.2 ×$`, 'm'));
    }
  }
  expect(stdout).toMatch(/^ {2}(met|MISSED) +matching an event, 50 rules: \d+\.\d\d µs, at most 1 µs$/m);
  expect(stdout).toMatch(/^ {2}(met|MISSED) +matching an event, the usual mix: \d+\.\d\d µs, at most 1\.5 µs$/m);
  expect(stdout).toMatch(/^ {2}(met|MISSED) +the first load of the usual mix: \d+\.\d\d ms, at most 150 ms$/m);
  const sets = [
    '50 rules',
    'the usual mix, 49 rules',
    ...(existsSync(KIT) ? ['Elastic’s rules beside the project, \\d+ rules'] : []),
  ];
  for (const set of sets) expect(stdout).toMatch(new RegExp(`^${set}( +\\d+\\.\\d\\d){8}$`, 'm'));
});

test('a part that does not exist is refused, with those that do', async () => {
  const { code, stderr } = await runProcess(process.execPath, [BENCH, 'nonsense']);
  expect(code).toBe(2);
  expect(stderr).toMatch(/no part is named nonsense; the parts are: match, search, .*serve, .*replicas/);
});
