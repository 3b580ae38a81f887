import { expect, test } from '@jest/globals';
import type { Sink } from '../alerts/sink.ts';
import type { AlertRecord } from '../detect/alert.ts';
import type { TraceLink, Tracing } from '../telemetry/tracing.ts';
import type { IngestObserver } from './observer.ts';
import { createTraced, UNTRACED } from './traced.ts';

const sink: Sink = {
  name: 'log',
  openingsOnly: true,
  removes: false,
  coalesceMs: 0,
  deliver: async () => 'done',
};
const quiet: IngestObserver = { decoded() {}, ownWrites() {}, late() {}, learning() {}, detected() {}, settled() {} };
const settled = (...opened: readonly string[]) => ({
  outcomes: [],
  opened,
  fires: new Map(),
  termsHeld: new Map(),
  faults: [],
});

/** Traces of which only the links are kept; each batch is a span of its own number. */
function linking() {
  let batch = 0;
  const links: (readonly TraceLink[])[] = [];
  const tracing: Tracing = {
    trace(_name, _attributes, to, work) {
      links.push(to);
      return work();
    },
    span: (_name, _attributes, work) => work(),
    since() {},
    link: () => ({ traceId: `trace-${batch}`, spanId: 's', traceFlags: 1 }),
    async stop() {},
  };
  const traced = createTraced(tracing);
  const observer = traced.observer(quiet);
  const [delivering] = traced.sinks([sink]);
  return {
    open(...alerts: readonly string[]) {
      batch += 1;
      observer.settled('local', [], settled(...alerts));
    },
    async deliver(id: string): Promise<readonly string[]> {
      await delivering?.deliver({ id, version: 1 } as AlertRecord, undefined, AbortSignal.timeout(1_000));
      return links.at(-1)?.map(({ traceId }) => traceId) ?? [];
    },
  };
}

test('links a delivery to the batch of its alert, unless another replica had the batch', async () => {
  const { open, deliver } = linking();
  open('a', 'b');
  open('c');
  expect(await deliver('b')).toEqual(['trace-1']);
  expect(await deliver('c')).toEqual(['trace-2']);
  expect(await deliver('d')).toEqual([]);
});

test('remembers a thousand alerts, and drops the oldest first', async () => {
  const { open, deliver } = linking();
  open('first', 'second');
  open(...Array.from({ length: 999 }, (_, index) => `alert-${index}`));
  expect(await deliver('first')).toEqual([]);
  expect(await deliver('second')).toEqual(['trace-1']);
});

test('without tracing, every part is unchanged', () => {
  const sinks = [sink];
  expect(UNTRACED.sinks(sinks)).toBe(sinks);
  expect(UNTRACED.observer(quiet)).toBe(quiet);
});
