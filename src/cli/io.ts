import type { Readable } from 'node:stream';

/** What a command may touch of the world around it. */
export interface Io {
  /** Text, or bytes as they are. */
  readonly out: (text: string | Uint8Array) => void;
  readonly err: (text: string) => void;
  readonly stdin: Readable;
  /** True if a person reads standard error: progress is shown there. */
  readonly errIsTerminal: boolean;
  /** True if a person reads standard output: colours are shown there. */
  readonly outIsTerminal: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly version: string;
  /** Settles when the process is asked to stop, or when something in it is broken beyond mending. */
  readonly ended: Promise<Ending>;
  /** Does this each time that the process gets SIGUSR2. SIGUSR1 is Node's own, and opens its debugger. */
  readonly onDebugSignal: (act: () => void) => void;
  /** Reports such a break. */
  readonly onBug: (error: unknown) => void;
}

export type Ending =
  | { readonly kind: 'signal'; readonly signal: string }
  | { readonly kind: 'bug'; readonly error: unknown };

/** Exit codes; `--help` lists them. */
export const EXIT = {
  ok: 0,
  /** The command ran, and what it looked at is wrong: a broken rule, a failed test. */
  failed: 1,
  /** The command cannot run as it was called: wrong flags, configuration or files. */
  usage: 2,
  /** No error, but warnings, or something that could not be looked at (`doctor`); rules that cannot run here (`rules check`). */
  incomplete: 3,
} as const;

/** Ends a command with a message for a person and an exit code. */
export class CommandError extends Error {
  readonly exitCode: number;

  constructor(message: string, exitCode: number = EXIT.usage) {
    super(message);
    this.name = 'CommandError';
    this.exitCode = exitCode;
  }
}
