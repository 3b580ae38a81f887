import type { Stats } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { describeValue } from '../rules/document-problem.ts';
import type { FileProblem } from './file-problem.ts';

export const RULE_FILE_EXTENSIONS = ['.yaml', '.yml', '.toml', '.ndjson'] as const;
export type RuleFileExtension = (typeof RULE_FILE_EXTENSIONS)[number];

export interface RuleFile {
  /** The path as reached from the given one. */
  readonly path: string;
  readonly extension: RuleFileExtension;
  readonly bytes: number;
}

export interface FoundFiles {
  readonly files: readonly RuleFile[];
  readonly problems: readonly FileProblem[];
}

/**
 * How many levels of folders are searched. A rule pack has one or two; the limit ends the search in an unrelated tree.
 */
const MAX_DEPTH = 16;

/**
 * The rule files at these paths: files as given, and all files below folders, in name order. Names with a leading dot
 * are skipped, so a file in a mounted ConfigMap is found once; a file reached twice counts once.
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
      complain(path, `folders are read at most ${MAX_DEPTH} levels deep, and this one is deeper`);
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

/** Why the system refused access, in words. */
export function readFailure(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  switch (code) {
    case 'ENOENT':
      return 'there is no such file';
    case 'EACCES':
    case 'EPERM':
      return 'this user has no permission to read it';
    case 'ELOOP':
      return 'its symbolic links form a loop';
    default:
      return `it cannot be read: ${describeValue(code ?? String(error))}`;
  }
}
