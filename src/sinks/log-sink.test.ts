import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hostileAlert, sampleAlert } from '../../test/support/sample-alert.ts';
import type { AlertRecord } from '../detect/alert.ts';
import { createLogSink } from './log-sink.ts';

async function linesOf(alert: AlertRecord): Promise<readonly string[]> {
  const lines: string[] = [];
  const sink = createLogSink({ write: (line) => lines.push(line) });
  assert.equal(await sink.deliver(alert, undefined, new AbortController().signal), 'done');
  return lines;
}

test('an alert is one line of JSON with the names of ECS', async () => {
  const [line = ''] = await linesOf(sampleAlert());
  assert.ok(line.endsWith('}\n'));
  const document = JSON.parse(line);
  assert.equal(document['@timestamp'], '2026-03-01T12:00:00.000001Z');
  assert.equal(document['event.kind'], 'signal');
  assert.equal(document['event.outcome'], 'success');
  assert.equal(document['kibana.alert.uuid'], sampleAlert().id);
  assert.deepEqual(document['kibana.alert.new_terms'], ['masscan/1.3']);
  assert.deepEqual(document['kibana.alert.rule.threat'], [
    { framework: 'MITRE ATT&CK', tactic: { id: 'TA0001', name: 'Initial Access' } },
  ]);
  assert.equal(document['user_agent.original'], 'masscan/1.3');
});

test('an alert of a threshold has its result as Elastic has it, and its group as what repeats are suppressed by', async () => {
  const { newTerms: _, ...spec } = sampleAlert().spec;
  const groupBy = [{ field: 'user.name', value: 'eve' }];
  const results = [
    { field: 'count', value: '7' },
    { field: 'cardinality(source.ip)', value: '3' },
  ];
  const rule = { ...spec.rule, type: 'threshold' };
  const [line = ''] = await linesOf({ ...sampleAlert(), spec: { ...spec, rule, groupBy, results } });
  const document = JSON.parse(line);
  assert.deepEqual(document['kibana.alert.threshold_result'], {
    terms: groupBy,
    count: 7,
    cardinality: [{ field: 'source.ip', value: 3 }],
  });
  assert.deepEqual(document['kibana.alert.suppression.terms'], groupBy);
  assert.doesNotMatch((await linesOf(sampleAlert())).join(), /threshold_result/);
});

test('an alert of a building block is written as one', async () => {
  const [line = ''] = await linesOf(sampleAlert({ spec: { buildingBlock: true } }));
  assert.equal(JSON.parse(line)['kibana.alert.building_block_type'], 'default');
  assert.doesNotMatch((await linesOf(sampleAlert())).join(), /building_block/);
  assert.equal(createLogSink({ write: () => {} }).buildingBlocks, true);
});

test('hostile text stays in its line', async () => {
  const lines = await linesOf(hostileAlert());
  assert.equal(lines.length, 1);
  assert.doesNotMatch(lines[0]?.trimEnd() ?? '', /\p{C}/u);
});

test('an alert that is being taken away is not written', async () => {
  assert.deepEqual(await linesOf(sampleAlert({ state: { removed: true } })), []);
});
