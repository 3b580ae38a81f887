import { expect, test } from '@jest/globals';
import { createMetrics } from './metrics.ts';

test('exposes an instrument under its full name, with its labels', async () => {
  const metrics = createMetrics();
  metrics.decisions.inc({ cluster: 'local', rule: 'r', outcome: 'opened' }, 2);
  metrics.bytesInFlight.set({}, 7);
  metrics.ackSeconds.observe({ cluster: 'local' }, 0.0004);
  const { contentType, text } = await metrics.expose();
  expect(contentType).toMatch(/^text\/plain; version=0\.0\.4/);
  expect(text).toMatch(/^firstseen_decisions_total\{cluster="local",rule="r",outcome="opened"\} 2$/m);
  expect(text).toMatch(/^firstseen_bytes_in_flight 7$/m);
  expect(text).toMatch(/^firstseen_ack_seconds_bucket\{le="0\.0005",cluster="local"\} 1$/m);
});

const { text: exposed } = await createMetrics().expose();
const own = [...exposed.matchAll(/^# TYPE (\S+) (\S+)$/gm)]
  .map(([, name = '', type = '']) => ({ name, type }))
  .filter(({ name }) => !/^(process|nodejs)_/.test(name));

test('exposes its own instruments before they have a series', () => {
  expect(own.length).toBeGreaterThan(25);
});

test.each(own)('$name has a prefix, a help text, and the suffix of its type', ({ name, type }) => {
  expect(name).toMatch(type === 'counter' ? /^firstseen_[a-z_]+_total$/ : /^firstseen_[a-z_]+(?<!_total)$/);
  expect(exposed).toMatch(new RegExp(`^# HELP ${name} [A-Z].*\\.$`, 'm'));
});

test('removes a series', async () => {
  const metrics = createMetrics();
  metrics.termsHeld.set({ cluster: 'local', rule: 'a' }, 1);
  metrics.termsHeld.set({ cluster: 'local', rule: 'b' }, 1);
  metrics.termsHeld.remove({ cluster: 'local', rule: 'a' });
  const { text } = await metrics.expose();
  expect(text).not.toMatch(/rule="a"/);
  expect(text).toMatch(/rule="b"/);
});

test('two sets do not share series', async () => {
  createMetrics().delivered.inc({ sink: 'x' });
  expect((await createMetrics().expose()).text).not.toMatch(/sink="x"/);
});

test('describes every instrument with its labels, even before it has a series', () => {
  const described = new Map(
    createMetrics()
      .describe()
      .map((instrument) => [instrument.name, instrument]),
  );
  expect(described.get('firstseen_decisions_total')).toMatchObject({
    type: 'counter',
    labels: ['cluster', 'rule', 'outcome'],
  });
  expect(described.get('firstseen_store_up')?.labels).toEqual([]);
  expect(described.get('firstseen_ack_seconds')?.type).toBe('histogram');
  expect(described.get('nodejs_eventloop_lag_p99_seconds')).toBeDefined();
});
