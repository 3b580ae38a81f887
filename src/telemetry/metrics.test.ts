import { expect, test } from '@jest/globals';
import { createMetrics } from './metrics.ts';

test('an instrument shows under its full name, with its labels', async () => {
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

test('every instrument of our own has a prefix, a help text, and a unit where it has one', async () => {
  const { text } = await createMetrics().expose();
  const names = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name = '', type = '']) => ({ name, type }));
  const own = names.filter(({ name }) => !/^(process|nodejs)_/.test(name));
  expect(own.length).toBeGreaterThan(25);
  for (const { name, type } of own) {
    expect(name).toMatch(/^firstseen_[a-z_]+$/);
    expect([name, name.endsWith('_total')]).toEqual([name, type === 'counter']);
    expect(text).toMatch(new RegExp(`^# HELP ${name} [A-Z].*\\.$`, 'm'));
  }
});

test('a series can be forgotten', async () => {
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

test('every instrument is described with its labels, also before it has a series', () => {
  const described = new Map(
    createMetrics()
      .describe()
      .map((instrument) => [instrument.name, instrument]),
  );
  const decisions = described.get('firstseen_decisions_total');
  expect([decisions?.type, decisions?.labels]).toEqual(['counter', ['cluster', 'rule', 'outcome']]);
  expect(described.get('firstseen_store_up')?.labels).toEqual([]);
  expect(described.get('firstseen_ack_seconds')?.type).toBe('histogram');
  expect(described.has('nodejs_eventloop_lag_p99_seconds')).toBe(true);
});
