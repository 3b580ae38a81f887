import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { expect, test } from '@jest/globals';
import { quietIo } from '../../test/support/quiet-io.ts';
import { runCommandLine } from './program.ts';

test('help shows defaults as a user would type them', async () => {
  expect(await help('explain')).toMatch(/--around <duration> .*\(default: 5m\)/);
  expect(await help('except')).toMatch(/--expires <when> [^(]*\(default:\s+90d\)/);
});

test('a truncated gzip file is an error with exit code 1', async () => {
  const packed = gzipSync('{"kind":"Event"}\n'.repeat(1_000));
  const printed: string[] = [];
  const io = quietIo({ stdin: Readable.from([packed.subarray(0, -12)]), err: (text) => printed.push(text) });
  expect(await runCommandLine(['explain', '--event', '-', '--rule', 'exec-into-pod'], io)).toBe(1);
  expect(printed.join('')).toMatch(/^standard input: the gzip data is broken or cut off: .*\n$/);
});

async function help(command: string): Promise<string> {
  let text = '';
  await runCommandLine(
    [command, '--help'],
    quietIo({
      out: (more) => {
        text += more;
      },
    }),
  );
  return text;
}
