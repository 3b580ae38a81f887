import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { runProcess } from '../support/child-process.ts';
import { createTemporaryFolder } from '../support/temporary-folder.ts';

const RUN = join(import.meta.dirname, 'run.ts');

test('a folder with some of the files: a line for each suite, what failed, and the sum', async () => {
  const folder = createTemporaryFolder('conformance');
  const docs = [{ id: 'one', verb: 'get' }];
  const cases = [
    { query: 'verb:get', hits: ['one'] },
    { query: 'verb:list', hits: ['one'] },
  ];
  writeFileSync(join(folder, 'kql.json'), JSON.stringify({ docs, cases }));
  const expressions = [
    { expr: '1 + 1', type: 'integer', value: 2 },
    { expr: '1 +', error: 'it ends too early' },
  ];
  writeFileSync(join(folder, 'esql_expr.json'), JSON.stringify(expressions));
  const { code, stdout, stderr } = await runProcess(process.execPath, [RUN, '--dir', folder]);
  expect(stdout.trimEnd().split('\n')).toEqual([
    '✖ kql: verb:list',
    '  expected: [one]',
    '  came:     []',
    '',
    'kql: 1 passed, 1 failed',
    'esql_expr: 2 passed, 0 failed',
    '3 passed, 1 failed',
  ]);
  expect([code, stderr]).toEqual([1, '']);
});

test('a folder with none of the files is a failure, not a success', async () => {
  const { code, stdout } = await runProcess(process.execPath, [RUN, '--dir', createTemporaryFolder('conformance')]);
  expect([code, stdout]).toEqual([1, '0 passed, 0 failed\n']);
});
