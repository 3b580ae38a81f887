import { Writable } from 'node:stream';
import { expect, test } from '@jest/globals';
import { CLUSTER } from '../../test/support/evaluation.ts';
import { anonymousRequest } from '../../test/support/events.ts';
import { expectKind } from '../../test/support/expect.ts';
import { decodeBatch } from '../audit/decode.ts';
import { createLogger } from '../telemetry/logger.ts';
import { createMetrics } from '../telemetry/metrics.ts';
import { createMetricsObserver } from './metrics-observer.ts';
import { createQuarantine } from './quarantine.ts';

function start(level: 'error' | 'warn') {
  const lines: string[] = [];
  const stream = new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk));
      done();
    },
  });
  const metrics = createMetrics();
  const quarantine = createQuarantine();
  const observer = createMetricsObserver(metrics, quarantine, createLogger({ level, format: 'json', stream }));
  return { observer, metrics, quarantine, lines };
}

test('a rule that could not judge a group is counted, logged and set aside, as one that failed on an event', async () => {
  const { observer, metrics, quarantine, lines } = start('error');
  const fault = { rule: 'bursts', event: anonymousRequest({ id: 'a' }), error: new Error('more than 5 steps') };
  observer.settled(CLUSTER, [], { outcomes: [], opened: [], fires: new Map(), termsHeld: new Map(), faults: [fault] });
  observer.detected(CLUSTER, 1, { decisions: [], matches: new Map(), excepted: new Map(), faults: [fault] });

  expect((await metrics.expose()).text).toMatch(/^firstseen_rule_errors_total\{rule="bursts"\} 2$/m);
  expect(quarantine.items().map(({ rule, reason }) => [rule, reason])).toEqual(
    Array.from({ length: 2 }, () => ['bursts', 'the rule failed; the log says why']),
  );
  expect(lines.join('')).toMatch(/rule failed on an event.*bursts.*more than 5 steps/);
});

test('what the quarantine shows has no text of a request: the log has it', () => {
  const { observer, quarantine, lines } = start('warn');
  const list = { kind: 'EventList', apiVersion: 'audit.k8s.io/v1' };
  const event = { auditID: 'hush-id', verb: 'hush-verb', requestURI: '/hush/path?hush', user: 'hush' };
  const batch = decodeBatch(JSON.stringify({ ...list, items: [event, { annotations: { hush: 1 } }] }), 0);
  expectKind(batch, 'batch');
  observer.decoded(CLUSTER, batch.events, batch.quarantined);
  const fault = { rule: 'bursts', event: anonymousRequest({ id: 'hush-id' }), error: new Error('hush') };
  observer.detected(CLUSTER, 1, { decisions: [], matches: new Map(), excepted: new Map(), faults: [fault] });

  const items = quarantine.items();
  expect(items.map(({ reason }) => reason)).toEqual([
    'the rule failed; the log says why',
    'items[1].annotations[*]: expected a string, found a number',
    'items[0].user: expected an object, found a string',
  ]);
  expect(items[0]?.auditIDHash).toBe(items[2]?.auditIDHash);
  expect(JSON.stringify(items)).not.toContain('hush');
  expect(lines.join('')).toMatch(/events quarantined.*hush-id.*hush-verb.*"\/hush\/path"/);
});
