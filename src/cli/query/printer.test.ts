import { expect, test } from '@jest/globals';
import { createPrinter, createTablePrinter, type Printer } from './printer.ts';

function printed(print: (printer: Printer) => void, outIsTerminal = false): Buffer {
  const pieces: Uint8Array[] = [];
  const printer = createPrinter({ out: (text) => pieces.push(Buffer.from(text)), outIsTerminal });
  print(printer);
  printer.flush();
  return Buffer.concat(pieces);
}

const HOSTILE = Buffer.from('{"a":"\u009b2J\u202e"}');

test('lines are byte for byte in a file, and escaped on a terminal', () => {
  const bytes = Buffer.concat([HOSTILE, Buffer.of(0xff, 0x0d)]);
  expect(printed((printer) => printer.line(bytes))).toEqual(Buffer.concat([bytes, Buffer.from('\n')]));
  expect(printed((printer) => printer.line(HOSTILE), true).toString()).toBe('{"a":"\\u{9b}2J\\u{202e}"}\n');
});

test('file names are escaped', () => {
  expect(printed((printer) => printer.line(Buffer.from('x'), 'a\u001b.log')).toString()).toBe('a\\u{1b}.log:x\n');
});

test('output larger than the buffer is complete and in order', () => {
  const lines = Array.from({ length: 5_000 }, (_, n) => `line ${n} ${'x'.repeat(50)}`);
  const out = printed((printer) => {
    for (const line of lines) printer.line(Buffer.from(line));
  });
  expect(out.toString()).toBe(lines.map((line) => `${line}\n`).join(''));
});

test('a long table has one head, and cells are cut after escaping', () => {
  const out = printed((printer) => {
    const table = createTablePrinter(['N', 'TEXT'], printer);
    for (let n = 0; n < 1_500; n += 1) table.row([String(n), n === 0 ? '\u001b'.repeat(1_000_000) : 'x']);
    table.finish();
  }).toString();
  const lines = out.trimEnd().split('\n');
  expect(lines).toHaveLength(1_501);
  expect(lines[0]).toBe('N     TEXT');
  expect(lines[1]).toHaveLength('N     '.length + 256);
  expect(lines[1]).toMatch(/…$/);
  expect(lines[1_500]).toBe('1499   x');
  expect(printed((printer) => createTablePrinter(['N'], printer).finish())).toHaveLength(0);
});
