import { expect, test } from '@jest/globals';
import { anonymousRequest } from '../../../../test/support/events.ts';
import { writeRule } from '../../../../test/support/rule-file.ts';
import { sha256Hashes } from '../../../ingest/hashes.ts';
import { compileLoaded } from '../../../rulefiles/compile-loaded.ts';
import { loadRuleFiles } from '../../../rulefiles/load.ts';
import { junitSuites } from './junit-report.ts';
import { createReplayRecord } from './replay-record.ts';

test('a rule that failed on events fails its replay case, with the first fault', async () => {
  const file = writeRule('failing', { query: 'event.action: list' });
  const rules = compileLoaded(await loadRuleFiles([file]), sha256Hashes);
  const record = createReplayRecord(rules.ready);
  const [before] = await junitSuites(record.rules, rules);
  expect(before?.cases.map(({ name, problem }) => [name, problem])).toEqual([['replay', undefined]]);
  record.detected([
    { rule: 'failing', event: anonymousRequest({ id: 'first' }), error: new Error('no\u0000thing') },
    { rule: 'failing', event: anonymousRequest({ id: 'second' }), error: new Error('other') },
  ]);
  const [suite] = await junitSuites(record.rules, rules);
  expect(suite?.cases[0]?.problem).toEqual({
    kind: 'failed',
    message: 'the rule failed on 2 events; first: first: Error: no\\u{0}thing',
  });
});
