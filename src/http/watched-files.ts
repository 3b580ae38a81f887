import { readFile } from 'node:fs/promises';
import type { Logger } from '../telemetry/logger.ts';

/** Contents of the watched files, by path. */
export type FileContents = ReadonlyMap<string, string>;

export interface WatchedFiles {
  /** Reads and applies the files. @throws if a file cannot be read or its content is refused */
  start(): Promise<void>;
  stop(): void;
}

export interface WatchOptions {
  readonly files: readonly string[];
  readonly intervalMs: number;
  /** Applies new contents as a whole, or throws and keeps the old ones. */
  readonly apply: (contents: FileContents) => void;
}

/**
 * Applies files at the start and again when their content changes. It polls, because a mounted ConfigMap or Secret
 * changes by swapping symbolic links, which file notifications miss. If a change cannot be applied, it logs that once
 * and keeps the old contents, so a moment in which only one file of a pair is new does no harm.
 *
 * Symbolic links: https://kubernetes.io/docs/concepts/configuration/secret/#using-secrets-as-files-from-a-pod
 */
export function watchFiles(deps: { readonly logger: Logger }, options: WatchOptions): WatchedFiles {
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  let seen: FileContents = new Map();
  let lastProblem: string | undefined;

  async function look(): Promise<void> {
    try {
      const contents = await read(options.files);
      if (stopped || isSame(contents, seen)) return;
      seen = contents;
      options.apply(contents);
      lastProblem = undefined;
      deps.logger.info('files reloaded', { files: options.files });
    } catch (error) {
      const problem = String(error);
      if (problem !== lastProblem) {
        deps.logger.error('files not reloaded, the old ones stay in use', { files: options.files, error });
      }
      lastProblem = problem;
    }
  }

  function schedule(): void {
    timer = setTimeout(async () => {
      await look();
      if (!stopped) schedule();
    }, options.intervalMs);
    timer.unref();
  }

  return {
    async start() {
      seen = await read(options.files);
      options.apply(seen);
      if (options.files.length > 0 && !stopped) schedule();
    },
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}

async function read(files: readonly string[]): Promise<FileContents> {
  return new Map(await Promise.all(files.map(async (file) => [file, await readFile(file, 'utf8')] as const)));
}

function isSame(left: FileContents, right: FileContents): boolean {
  return left.size === right.size && [...left].every(([file, content]) => right.get(file) === content);
}
