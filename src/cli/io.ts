import type { Readable } from 'node:stream';

/** The outside world of a command. */
export interface Io {
  /** Writes text or raw bytes. */
  readonly out: (text: string | Uint8Array) => void;
  readonly err: (text: string) => void;
  readonly stdin: Readable;
  /** True if standard error is a terminal: commands show progress there. */
  readonly errIsTerminal: boolean;
  /** True if standard output is a terminal: commands use colours there. */
  readonly outIsTerminal: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly version: string;
  /** Resolves when the process must stop: on a signal or a bug. */
  readonly ended: Promise<Ending>;
  /** Runs `act` on each SIGUSR2. (SIGUSR1 opens Node's debugger.) */
  readonly onDebugSignal: (act: () => void) => void;
  /** Reports a bug, which ends the process. */
  readonly onBug: (error: unknown) => void;
}

export type Ending =
  | { readonly kind: 'signal'; readonly signal: string }
  | { readonly kind: 'bug'; readonly error: unknown };

/** Exit codes; `--help` lists them. */
export const EXIT = {
  ok: 0,
  /** The command ran and found a problem: an invalid rule, a failed test. */
  failed: 1,
  /** The command cannot run: invalid flags, configuration or files. */
  usage: 2,
  /** No error, but warnings or skipped checks (`doctor`), or rules that cannot run here (`rules check`). */
  incomplete: 3,
} as const;

/** Ends a command with a message and an exit code. */
export class CommandError extends Error {
  readonly exitCode: number;

  constructor(message: string, exitCode: number = EXIT.usage) {
    super(message);
    this.name = 'CommandError';
    this.exitCode = exitCode;
  }
}
