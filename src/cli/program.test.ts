import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { expect, test } from '@jest/globals';
import { quietIo } from '../../test/support/quiet-io.ts';
import { runCommandLine } from './program.ts';

test('the help of a command tells a default as a person would write it', async () => {
  expect(await help('explain')).toMatch(/--around <duration> .*\(default: 5m\)/);
  expect(await help('except')).toMatch(/--expires <when> [^(]*\(default:\s+90d\)/);
});

test('an audit log that breaks off is said in words, and the exit code is 1', async () => {
  const packed = gzipSync('{"kind":"Event"}\n'.repeat(1_000));
  const said: string[] = [];
  const io = quietIo({ stdin: Readable.from([packed.subarray(0, -12)]), err: (text) => said.push(text) });
  expect(await runCommandLine(['explain', '--event', '-', '--rule', 'exec-into-pod'], io)).toBe(1);
  expect(said.join('')).toMatch(/^standard input: the gzip data is broken or cut off: .*\n$/);
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
