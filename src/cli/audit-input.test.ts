import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { createAuditInput } from './audit-input.ts';
import { CommandError } from './io.ts';

async function read(...chunks: readonly (Buffer | string)[]): Promise<string[]> {
  const open = () => Readable.from(chunks.map((chunk) => Buffer.from(chunk)));
  const found: string[] = [];
  for await (const { text, line } of createAuditInput('x.log', undefined, open).documents()) {
    found.push(`${line} ${text}`);
  }
  return found;
}

describe('lines', () => {
  test('one document a line, with its number; empty lines count and are left out', async () => {
    assert.deepEqual(await read('{"a":1}\n\n{"a":2}\r\n{"a":3}'), ['1 {"a":1}', '3 {"a":2}\r', '4 {"a":3}']);
  });

  test('wherever the chunks are cut', async () => {
    const whole = Buffer.from('{"a":"é🙂"}\n{"b":1}\n');
    for (let cut = 0; cut <= whole.length; cut++) {
      assert.deepEqual(await read(whole.subarray(0, cut), whole.subarray(cut)), ['1 {"a":"é🙂"}', '2 {"b":1}']);
    }
    assert.deepEqual(await read(...[...whole].map((byte) => Buffer.from([byte]))), ['1 {"a":"é🙂"}', '2 {"b":1}']);
  });

  test('a broken line is given like the others', async () => {
    assert.deepEqual(await read('{"a":1}\n{"a":\n{"a":3}\n'), ['1 {"a":1}', '2 {"a":', '3 {"a":3}']);
  });

  test('also if it is the first, as tail leaves it', async () => {
    assert.deepEqual(await read('b":1}\n{"a":2}\n{"a":3}\n'), ['1 b":1}', '2 {"a":2}', '3 {"a":3}']);
  });

  test('nothing', async () => {
    assert.deepEqual(await read(), []);
    assert.deepEqual(await read('\n \n'), []);
  });

  test('one that has no end is refused', async () => {
    const chunk = Buffer.alloc(1024 * 1024, 'x');
    await assert.rejects(read('{"a":1}\n', ...Array(65).fill(chunk)), (error: unknown) => {
      assert.ok(error instanceof CommandError);
      assert.match(error.message, /^x\.log:2: the line is longer than 64 MiB/);
      return true;
    });
  });
});

describe('documents over several lines', () => {
  const pretty = (value: unknown) => JSON.stringify(value, null, 2);

  test('one', async () => {
    assert.deepEqual(await read(pretty({ a: [{ b: 1 }] })), [`1 ${pretty({ a: [{ b: 1 }] })}`]);
  });

  test('one after another, as jq prints them', async () => {
    const [a, b] = [pretty({ a: { c: 1 } }), pretty({ b: [2] })];
    assert.deepEqual(await read(`${a}\n${b}\n`), [`1 ${a}`, `6 ${b}`]);
  });

  test('one whose lines are not indented ends with the file', async () => {
    assert.deepEqual(await read('{"items":[\n{"a":1},\n{"a":2}\n]}\n'), ['1 {"items":[\n{"a":1},\n{"a":2}\n]}']);
  });
});

describe('gzip', () => {
  test('is unpacked, whatever the name says and wherever the chunks are cut', async () => {
    const packed = gzipSync('{"a":1}\n{"a":2}\n');
    for (const cut of [0, 1, 2, 3, 10]) {
      assert.deepEqual(await read(packed.subarray(0, cut), packed.subarray(cut)), ['1 {"a":1}', '2 {"a":2}']);
    }
  });

  test('several members, as rotated files put together', async () => {
    assert.deepEqual(await read(gzipSync('{"a":1}\n'), gzipSync('{"a":2}\n')), ['1 {"a":1}', '2 {"a":2}']);
  });

  test('what is cut off is said', async () => {
    const packed = gzipSync('{"a":1}\n'.repeat(1_000));
    await assert.rejects(read(packed.subarray(0, -12)), /x\.log: the gzip data is broken or cut off/);
  });
});

test('tells how many bytes of the file are read', async () => {
  const packed = gzipSync('{"a":1}\n');
  let bytes = 0;
  const input = createAuditInput('x', packed.length, () => Readable.from([packed.subarray(0, 5), packed.subarray(5)]));
  for await (const _ of input.documents((more) => (bytes += more)));
  assert.equal(bytes, packed.length);
});

test('ends the reading of a file that nobody wants to the end', async () => {
  const source = Readable.from(Array.from({ length: 100 }, () => Buffer.from('{"a":1}\n')));
  for await (const _ of createAuditInput('x', undefined, () => source).documents()) break;
  assert.ok(source.destroyed);
});
