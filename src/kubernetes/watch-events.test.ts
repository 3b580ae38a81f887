import { expect, test } from '@jest/globals';
import { watchEvents } from './watch-events.ts';

async function* chunks(...texts: readonly string[]) {
  for (const text of texts) yield Buffer.from(text);
}

const event = (type: string, name: string) =>
  JSON.stringify({ type, object: { kind: 'Alert', metadata: { name, resourceVersion: '7' } } });

test('reads whole events from any chunks', async () => {
  const bytes = Buffer.from(`${event('ADDED', 'é😀')}\n${event('DELETED', 'b')}\n`);
  async function* bytewise() {
    for (const byte of bytes) yield Buffer.from([byte]);
  }
  const names: string[] = [];
  for await (const seen of watchEvents(bytewise())) if (seen.type !== 'ERROR') names.push(seen.object.metadata.name);
  expect(names).toEqual(['é😀', 'b']);
});

test('returns the object unchanged', async () => {
  const object = {
    kind: 'DetectionRule',
    metadata: { name: 'a', resourceVersion: '7', generation: 3, uid: 'u' },
    spec: {},
  };
  const read: unknown[] = [];
  for await (const seen of watchEvents(chunks(`${JSON.stringify({ type: 'ADDED', object })}\n`)))
    read.push(seen.object);
  expect(read).toEqual([object]);
});

test('an error is an event with its code', async () => {
  const status = { type: 'ERROR', object: { kind: 'Status', code: 410, message: 'too old', reason: 'Expired' } };
  for await (const seen of watchEvents(chunks(`${JSON.stringify(status)}\n`))) {
    expect(seen.type).toBe('ERROR');
    expect(seen.object.code).toBe(410);
  }
});

test('an invalid event or an endless line is a fault', async () => {
  const read = async (...texts: readonly string[]) => {
    for await (const _ of watchEvents(chunks(...texts)));
  };
  await expect(read('<html>\n')).rejects.toThrow(SyntaxError);
  await expect(read('{"type":"NEW","object":{}}\n')).rejects.toThrow();
  await expect(read(...Array.from({ length: 9 }, () => 'x'.repeat(1024 * 1024)))).rejects.toThrow(/8388608 bytes/);
});
