import assert from 'node:assert/strict';
import { test } from 'node:test';
import { quietIo } from '../../test/support/quiet-io.ts';
import { runCommandLine } from './program.ts';

test('the help of a command tells a default as a person would write it', async () => {
  assert.match(await help('explain'), /--around <duration> .*\(default: 5m\)/);
  assert.match(await help('except'), /--expires <when> [^(]*\(default:\s+90d\)/);
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
