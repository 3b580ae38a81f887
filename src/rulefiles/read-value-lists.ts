import { readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type ElasticExport, namedValueLists, type ValueLists, valueListFiles } from './elastic-export.ts';
import type { FileProblem } from './file-problem.ts';
import { readFailure } from './find-rule-files.ts';

/** Ten times the size of a list of 100,000 addresses. */
const MAX_BYTES = 64 * 1_048_576;

export interface ReadValueLists {
  readonly values: ValueLists;
  readonly problems: readonly FileProblem[];
}

/**
 * The value lists used by exports: text files with one value per line, as Kibana exports them, beside an export or in
 * its folder `lists`. A missing list is left for its users to report. Never rejects.
 */
export async function readValueLists(exports: readonly ElasticExport[]): Promise<ReadValueLists> {
  const problems: FileProblem[] = [];
  const ids = new Set(exports.flatMap((one) => [...namedValueLists(one)]));
  const values = new Map<string, ReadonlyMap<string, readonly string[]>>();
  for (const folder of new Set(exports.map(({ file }) => dirname(file)))) {
    const found = new Map<string, readonly string[]>();
    for (const id of ids) {
      const list = await readFirst(
        valueListFiles(id).map((name) => join(folder, name)),
        problems,
      );
      if (list !== undefined) found.set(id, list);
    }
    values.set(folder, found);
  }
  return { values, problems };
}

async function readFirst(files: readonly string[], problems: FileProblem[]): Promise<readonly string[] | undefined> {
  for (const file of files) {
    try {
      const stats = await stat(file);
      if (!stats.isFile()) continue;
      if (stats.size > MAX_BYTES) {
        problems.push({ file, message: `the list has ${stats.size} bytes; the limit is ${MAX_BYTES}` });
        continue;
      }
      return linesWithText(new TextDecoder('utf-8', { fatal: true }).decode(await readFile(file)));
    } catch (error) {
      if (error instanceof TypeError) problems.push({ file, message: 'the list is not UTF-8 text' });
      else if (!isAbsent(error)) problems.push({ file, message: readFailure(error) });
    }
  }
  return undefined;
}

function linesWithText(text: string): readonly string[] {
  return text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

/** No such file, a file in place of a folder in the path, or a name that is too long. */
function isAbsent(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === 'ENOENT' || code === 'ENOTDIR' || code === 'ENAMETOOLONG';
}
