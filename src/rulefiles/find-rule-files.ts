import type { Stats } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { describeValue } from '../rules/document-problem.ts';
import type { FileProblem } from './file-problem.ts';

export const RULE_FILE_EXTENSIONS = ['.yaml', '.yml', '.toml', '.ndjson'] as const;
export type RuleFileExtension = (typeof RULE_FILE_EXTENSIONS)[number];

export interface RuleFile {
  /** As it was reached from the path that was given. */
  readonly path: string;
  readonly extension: RuleFileExtension;
  readonly bytes: number;
}

export interface FoundFiles {
  readonly files: readonly RuleFile[];
  readonly problems: readonly FileProblem[];
}

/** Folders below a given one. A rule pack has one or two; the bound ends the search in a tree that was meant for something else. */
const MAX_DEPTH = 16;

/**
 * The rule files among these paths: files as they are, folders with all that is below them, in the order of their names.
 * Names that begin with a dot are left out, which keeps to one of the two ways that a mounted ConfigMap has to each file;
 * a file that is reached twice counts once.
 */
export async function findRuleFiles(paths: readonly string[]): Promise<FoundFiles> {
  const files: RuleFile[] = [];
  const problems: FileProblem[] = [];
  const seen = new Set<string>();

  async function visit(path: string, depth: number): Promise<void> {
    const real = await attempt(path, (known): Promise<string> => realpath(known));
    if (real === undefined || seen.has(real)) return;
    const stats = await attempt(path, (known): Promise<Stats> => stat(known));
    if (stats === undefined) return;
    const extension = RULE_FILE_EXTENSIONS.find((known) => known === extname(path).toLowerCase());
    if (stats.isFile() && (extension !== undefined || depth === 0)) {
      seen.add(real);
      if (extension !== undefined) files.push({ path, extension, bytes: stats.size });
      else complain(path, `expected a file that ends in ${RULE_FILE_EXTENSIONS.join(', ')}`);
    } else if (stats.isDirectory()) {
      seen.add(real);
      await visitFolder(path, depth);
    } else if (depth === 0 || extension !== undefined) {
      complain(path, 'expected a file or a folder');
    }
  }

  async function visitFolder(path: string, depth: number): Promise<void> {
    if (depth === MAX_DEPTH) {
      complain(path, `folders are read ${MAX_DEPTH} levels deep, and this one is below that`);
      return;
    }
    const names = (await attempt(path, (known): Promise<string[]> => readdir(known))) ?? [];
    for (const name of names.filter((known) => !known.startsWith('.')).sort()) await visit(join(path, name), depth + 1);
  }

  async function attempt<T>(path: string, read: (path: string) => Promise<T>): Promise<T | undefined> {
    try {
      return await read(path);
    } catch (error) {
      complain(path, readFailure(error));
      return undefined;
    }
  }

  function complain(file: string, message: string): void {
    problems.push({ file, message });
  }

  for (const path of paths) await visit(path, 0);
  return { files, problems };
}

/** Why the system would not let us read, in words. */
export function readFailure(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  switch (code) {
    case 'ENOENT':
      return 'there is no such file';
    case 'EACCES':
    case 'EPERM':
      return 'it may not be read by this user';
    case 'ELOOP':
      return 'its symbolic links lead in a circle';
    default:
      return `it cannot be read: ${describeValue(code ?? String(error))}`;
  }
}
