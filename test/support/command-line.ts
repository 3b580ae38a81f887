import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { runCommandLine } from '../../src/cli/program.ts';
import type { RunResult } from './child-process.ts';
import { quietIo } from './quiet-io.ts';

const PACKAGE = join(import.meta.dirname, '..', '..', 'package.json');
const { version }: { readonly version: string } = JSON.parse(readFileSync(PACKAGE, 'utf8'));

export interface CommandOptions {
  /** Read from standard input. */
  readonly input?: string;
  /** Added to this process's own environment; undefined takes a variable away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/**
 * Runs a command line of firstseen in this process, as one of its own would: a start costs half a second of a core.
 * `cli.test.ts` runs the real program. What is relative to a folder, is to the repository's.
 */
export async function runCommand(
  args: readonly string[],
  { input = '', env = {} }: CommandOptions = {},
): Promise<RunResult> {
  const out: Uint8Array[] = [];
  const err: string[] = [];
  const code = await runCommandLine(
    args,
    quietIo({
      out: (text) => out.push(Buffer.from(text)),
      err: (text) => err.push(text),
      stdin: Readable.from([Buffer.from(input)]),
      env: { ...process.env, ...env },
      version,
    }),
  );
  return { code, signal: null, stdout: Buffer.concat(out).toString(), stderr: err.join('') };
}

/** Runs a command line of firstseen in this process and gives its stdout. @throws Error with what it wrote */
export async function runFirstseen(...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await runCommand(args);
  if (code === 0) return stdout;
  throw new Error(`firstseen ${args.join(' ')} ended with exit code ${code}\n${stderr}${stdout}`);
}
