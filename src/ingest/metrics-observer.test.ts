import { Writable } from 'node:stream';
import { expect, test } from '@jest/globals';
import { CLUSTER } from '../../test/support/evaluation.ts';
import { anonymousRequest } from '../../test/support/events.ts';
import { createLogger } from '../telemetry/logger.ts';
import { createMetrics } from '../telemetry/metrics.ts';
import { createMetricsObserver } from './metrics-observer.ts';
import { createQuarantine } from './quarantine.ts';

test('a rule that could not judge a group is counted, logged and set aside, as one that failed on an event', async () => {
  const lines: string[] = [];
  const stream = new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk));
      done();
    },
  });
  const metrics = createMetrics();
  const quarantine = createQuarantine();
  const observer = createMetricsObserver(metrics, quarantine, createLogger({ level: 'error', format: 'json', stream }));
  const fault = { rule: 'bursts', event: anonymousRequest({ id: 'a' }), error: new Error('more than 5 steps') };
  observer.settled(CLUSTER, [], { outcomes: [], opened: [], fires: new Map(), termsHeld: new Map(), faults: [fault] });
  observer.detected(CLUSTER, 1, { decisions: [], matches: new Map(), excepted: new Map(), faults: [fault] });

  expect((await metrics.expose()).text).toMatch(/^firstseen_rule_errors_total\{rule="bursts"\} 2$/m);
  expect(quarantine.items().map(({ rule, auditID, reason }) => [rule, auditID, reason])).toEqual(
    Array.from({ length: 2 }, () => ['bursts', 'a', 'the rule failed: Error: more than 5 steps']),
  );
  expect(lines.join('')).toMatch(/rule failed on an event.*bursts/);
});
