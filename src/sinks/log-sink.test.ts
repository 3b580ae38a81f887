import { expect, test } from '@jest/globals';
import { hostileAlert, sampleAlert } from '../../test/support/sample-alert.ts';
import type { AlertRecord } from '../detect/alert.ts';
import { createLogSink } from './log-sink.ts';

async function linesOf(alert: AlertRecord): Promise<readonly string[]> {
  const lines: string[] = [];
  const sink = createLogSink({ write: (line) => lines.push(line) });
  expect(await sink.deliver(alert, undefined, new AbortController().signal)).toBe('done');
  return lines;
}

test('writes an alert as one line of JSON with ECS field names', async () => {
  const [line = ''] = await linesOf(sampleAlert());
  expect(line).toMatch(/\}\n$/);
  const document = JSON.parse(line);
  expect(document['@timestamp']).toBe('2026-03-01T12:00:00.000001Z');
  expect(document['event.kind']).toBe('signal');
  expect(document['event.outcome']).toBe('success');
  expect(document['kibana.alert.uuid']).toBe(sampleAlert().id);
  expect(document['kibana.alert.new_terms']).toEqual(['masscan/1.3']);
  expect(document['kibana.alert.rule.threat']).toEqual([
    { framework: 'MITRE ATT&CK', tactic: { id: 'TA0001', name: 'Initial Access' } },
  ]);
  expect(document['user_agent.original']).toBe('masscan/1.3');
});

test("writes a threshold's result as Elastic does, and its group as the suppression terms", async () => {
  const { newTerms: _, ...spec } = sampleAlert().spec;
  const groupBy = [{ field: 'user.name', value: 'eve' }];
  const results = [
    { field: 'count', value: '7' },
    { field: 'cardinality(source.ip)', value: '3' },
  ];
  const rule = { ...spec.rule, type: 'threshold' };
  const [line = ''] = await linesOf({ ...sampleAlert(), spec: { ...spec, rule, groupBy, results } });
  const document = JSON.parse(line);
  expect(document['kibana.alert.threshold_result']).toEqual({
    terms: groupBy,
    count: 7,
    cardinality: [{ field: 'source.ip', value: 3 }],
  });
  expect(document['kibana.alert.suppression.terms']).toEqual(groupBy);
  expect((await linesOf(sampleAlert())).join()).not.toMatch(/threshold_result/);
});

test('marks the alert of a building block', async () => {
  const [line = ''] = await linesOf(sampleAlert({ spec: { buildingBlock: true } }));
  expect(JSON.parse(line)['kibana.alert.building_block_type']).toBe('default');
  expect((await linesOf(sampleAlert())).join()).not.toMatch(/building_block/);
  expect(createLogSink({ write: () => {} }).buildingBlocks).toBe(true);
});

test('escapes hostile text', async () => {
  const lines = await linesOf(hostileAlert());
  expect(lines).toHaveLength(1);
  expect(lines[0]?.trimEnd() ?? '').not.toMatch(/\p{C}/u);
});

test('does not write an alert that is being removed', async () => {
  expect(await linesOf(sampleAlert({ state: { removed: true } }))).toEqual([]);
});
