import { expect, test } from '@jest/globals';
import { quietIo } from '../../test/support/quiet-io.ts';
import { runCommandLine } from './program.ts';

test('the help of a command tells a default as a person would write it', async () => {
  expect(await help('explain')).toMatch(/--around <duration> .*\(default: 5m\)/);
  expect(await help('except')).toMatch(/--expires <when> [^(]*\(default:\s+90d\)/);
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
