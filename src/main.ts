#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import type { Ending } from './cli/io.ts';
import { runCommandLine } from './cli/program.ts';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};
const ended = Promise.withResolvers<Ending>();

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  // A second signal ends the process at once.
  process.once(signal, () => ended.resolve({ kind: 'signal', signal }));
}
// `firstseen … | head` closes the pipe: exit quietly.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));

process.exitCode = await runCommandLine(process.argv.slice(2), {
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
  stdin: process.stdin,
  errIsTerminal: process.stderr.isTTY === true,
  outIsTerminal: process.stdout.isTTY === true,
  env: process.env,
  version,
  ended: ended.promise,
  onDebugSignal: (act) => process.on('SIGUSR2', act),
  onBug: (error) => ended.resolve({ kind: 'bug', error }),
});
