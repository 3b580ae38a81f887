import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { createTemporaryFolder } from './temporary-folder.ts';

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface ProcessOptions {
  readonly cwd?: string;
  /** Added to this process's own environment; undefined takes a variable away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

export interface StartOptions extends ProcessOptions {
  /** Where stdout and stderr are appended to; a temporary file unless told. */
  readonly logFile?: string;
}

export interface RunOptions extends ProcessOptions {
  /** Written to stdin. */
  readonly input?: string;
  /** Milliseconds until it is killed and the call fails; 2 min unless told. */
  readonly timeoutMs?: number;
}

export interface RunResult extends Exit {
  readonly stdout: string;
  readonly stderr: string;
}

export interface StartedProcess {
  readonly pid: number;
  /** How it ended; undefined while it runs. */
  exit(): Exit | undefined;
  /** All that it has written to stdout and stderr. */
  log(): string;
  /** Sends a signal; nothing happens when it has ended. */
  kill(signal: NodeJS.Signals): void;
  /** Waits until it has ended. */
  waitForExit(): Promise<Exit>;
  /** Asks it to end (SIGTERM), kills it after `graceMs` milliseconds (5 s unless told), and waits until it has ended. */
  stop(graceMs?: number): Promise<Exit>;
}

/** What runs now. All of it is killed when this process exits, whatever the reason short of SIGKILL. */
const running = new Set<ChildProcess>();

process.prependListener('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => process.exit(128 + constants.signals[signal]));
}

/**
 * Starts a process that runs beside the tests. It does not keep this process alive: a test that fails before it stops
 * what it started still ends, and takes the process with it.
 *
 * @throws Error when the command cannot be started.
 */
export async function startProcess(
  command: string,
  args: readonly string[],
  { cwd, env, logFile = join(createTemporaryFolder('log'), 'log') }: StartOptions = {},
): Promise<StartedProcess> {
  const log = openSync(logFile, 'a');
  const child = spawn(command, args, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', log, log] });
  closeSync(log);
  const ended = track(child);
  await once(child, 'spawn');
  const { pid } = child;
  if (pid === undefined) throw new Error(`${command} was started and has no process id`);
  let exit: Exit | undefined;
  ended.then((value) => {
    exit = value;
  });
  child.unref();

  async function waitForExit(): Promise<Exit> {
    child.ref();
    return ended;
  }

  return {
    pid,
    exit: () => exit,
    log: () => readFileSync(logFile, 'utf8'),
    kill: (signal) => void child.kill(signal),
    waitForExit,
    async stop(graceMs = 5_000) {
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
      try {
        return await waitForExit();
      } finally {
        clearTimeout(timer);
      }
    },
  };
}

/**
 * Runs a process to its end, whatever its exit code.
 *
 * @throws Error when the command cannot be started or takes longer than `timeoutMs`.
 */
export async function runProcess(
  command: string,
  args: readonly string[],
  { cwd, env, input = '', timeoutMs = 120_000 }: RunOptions = {},
): Promise<RunResult> {
  const child = spawn(command, args, { cwd, env: { ...process.env, ...env }, stdio: 'pipe' });
  const ended = track(child);
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    child.kill('SIGKILL');
  }, timeoutMs);
  try {
    child.stdin.on('error', () => {}); // it may end without reading its input
    child.stdin.end(input);
    const [stdout, stderr, exit] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      ended,
      once(child, 'spawn'),
    ]);
    if (timedOut) throw new Error(`${describe(command, args)} took longer than ${timeoutMs} ms\n${stderr}`);
    return { ...exit, stdout, stderr };
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Runs a process to its end and gives its stdout.
 *
 * @throws Error with all that it wrote, when it fails in any way.
 */
export async function outputOf(command: string, args: readonly string[], options?: RunOptions): Promise<string> {
  const { code, signal, stdout, stderr } = await runProcess(command, args, options);
  if (code === 0) return stdout;
  throw new Error(`${describe(command, args)} ended with ${signal ?? `exit code ${code}`}\n${stderr}${stdout}`);
}

function describe(command: string, args: readonly string[]): string {
  return [command, ...args].join(' ');
}

/** Remembers a child for as long as it runs. A child that never started ends nowhere: wait for 'spawn' beside it. */
function track(child: ChildProcess): Promise<Exit> {
  running.add(child);
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => {
      running.delete(child);
      resolve({ code, signal });
    });
    child.on('error', () => {
      if (child.pid === undefined) running.delete(child);
    });
  });
}
