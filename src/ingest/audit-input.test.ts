import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { createAuditInput } from './audit-input.ts';

async function read(...chunks: readonly (Buffer | string)[]): Promise<string[]> {
  const open = () => Readable.from(chunks.map((chunk) => Buffer.from(chunk)));
  const found: string[] = [];
  for await (const { text, line } of createAuditInput('x.log', undefined, open).documents()) {
    found.push(`${line} ${text}`);
  }
  return found;
}

describe('lines', () => {
  test('reads one document a line, with its number, and skips empty lines', async () => {
    expect(await read('{"a":1}\n\n{"a":2}\r\n{"a":3}')).toEqual(['1 {"a":1}', '3 {"a":2}\r', '4 {"a":3}']);
  });

  test('chunks can end anywhere', async () => {
    const whole = Buffer.from('{"a":"é🙂"}\n{"b":1}\n');
    for (let cut = 0; cut <= whole.length; cut++) {
      expect(await read(whole.subarray(0, cut), whole.subarray(cut))).toEqual(['1 {"a":"é🙂"}', '2 {"b":1}']);
    }
    expect(await read(...[...whole].map((byte) => Buffer.from([byte])))).toEqual(['1 {"a":"é🙂"}', '2 {"b":1}']);
  });

  test('returns a broken line like the others', async () => {
    expect(await read('{"a":1}\n{"a":\n{"a":3}\n')).toEqual(['1 {"a":1}', '2 {"a":', '3 {"a":3}']);
  });

  test('returns a broken first line, as tail leaves it', async () => {
    expect(await read('b":1}\n{"a":2}\n{"a":3}\n')).toEqual(['1 b":1}', '2 {"a":2}', '3 {"a":3}']);
  });

  test('nothing', async () => {
    expect(await read()).toEqual([]);
    expect(await read('\n \n')).toEqual([]);
  });

  test('refuses an endless line', async () => {
    const chunk = Buffer.alloc(1024 * 1024, 'x');
    await expect(read('{"a":1}\n', ...Array(65).fill(chunk))).rejects.toThrow(
      expect.objectContaining({
        name: 'AuditInputError',
        message: expect.stringMatching(/^x\.log:2: the line is longer than 64 MiB/),
      }),
    );
  });
});

describe('documents over several lines', () => {
  const pretty = (value: unknown) => JSON.stringify(value, null, 2);

  test('one', async () => {
    expect(await read(pretty({ a: [{ b: 1 }] }))).toEqual([`1 ${pretty({ a: [{ b: 1 }] })}`]);
  });

  test('one after another, as jq prints them', async () => {
    const [a, b] = [pretty({ a: { c: 1 } }), pretty({ b: [2] })];
    expect(await read(`${a}\n${b}\n`)).toEqual([`1 ${a}`, `6 ${b}`]);
  });

  test('one whose lines are not indented ends with the file', async () => {
    expect(await read('{"items":[\n{"a":1},\n{"a":2}\n]}\n')).toEqual(['1 {"items":[\n{"a":1},\n{"a":2}\n]}']);
  });
});

describe('gzip', () => {
  test.each([0, 1, 2, 3, 10])(
    'is unpacked, whatever the name says and wherever the chunks are cut: %j',
    async (cut) => {
      const packed = gzipSync('{"a":1}\n{"a":2}\n');
      expect(await read(packed.subarray(0, cut), packed.subarray(cut))).toEqual(['1 {"a":1}', '2 {"a":2}']);
    },
  );

  test('reads several members, as in concatenated files', async () => {
    expect(await read(gzipSync('{"a":1}\n'), gzipSync('{"a":2}\n'))).toEqual(['1 {"a":1}', '2 {"a":2}']);
  });

  test('reports truncated data', async () => {
    const packed = gzipSync('{"a":1}\n'.repeat(1_000));
    await expect(read(packed.subarray(0, -12))).rejects.toThrow(/x\.log: the gzip data is broken or cut off/);
  });
});

test('reports the bytes read', async () => {
  const packed = gzipSync('{"a":1}\n');
  let bytes = 0;
  const input = createAuditInput('x', packed.length, () => Readable.from([packed.subarray(0, 5), packed.subarray(5)]));
  for await (const _ of input.documents((more) => (bytes += more)));
  expect(bytes).toBe(packed.length);
});

test('closes the file if the reader stops early', async () => {
  const source = Readable.from(Array.from({ length: 100 }, () => Buffer.from('{"a":1}\n')));
  for await (const _ of createAuditInput('x', undefined, () => source).documents()) break;
  expect(source.destroyed).toBe(true);
});
