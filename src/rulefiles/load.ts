import { readFile } from 'node:fs/promises';
import { basename, extname } from 'node:path';
import { readNdjsonRules, readTomlRule } from './elastic-rules.ts';
import type { FileProblem } from './file-problem.ts';
import { findRuleFiles, type RuleFile, type RuleFileExtension, readFailure } from './find-rule-files.ts';
import type { LoadedRule, LoadedRules } from './loaded-rule.ts';
import { readYamlRules } from './yaml-rules.ts';

const MEBIBYTE = 1_048_576;

/** A file of a few rules is a few kilobytes; an export of Kibana's holds all of Elastic's some two thousand rules. */
export const MAX_FILE_BYTES: Readonly<Record<RuleFileExtension, number>> = {
  '.yaml': MEBIBYTE,
  '.yml': MEBIBYTE,
  '.toml': MEBIBYTE,
  '.ndjson': 64 * MEBIBYTE,
};

/**
 * The rules in these files and folders, in the order of the paths and below them of the names. A file or a rule that is broken
 * does not stop the others; of several rules with one name the first stays. Never rejects for what the files hold.
 */
export async function loadRuleFiles(paths: readonly string[]): Promise<LoadedRules> {
  const found = await findRuleFiles(paths);
  const problems: FileProblem[] = [...found.problems];
  const rules = new Map<string, LoadedRule>();
  for (const file of found.files) {
    const loaded = await loadFile(file);
    problems.push(...loaded.problems);
    for (const rule of loaded.rules) {
      const earlier = rules.get(rule.document.name);
      if (earlier === undefined) rules.set(rule.document.name, rule);
      else problems.push(duplicate(rule, earlier));
    }
  }
  return { rules: [...rules.values()], problems };
}

/** The rules in the text of one file; its format follows from the extension. Never throws. */
export function readRules(file: string, extension: RuleFileExtension, source: string): LoadedRules {
  switch (extension) {
    case '.yaml':
    case '.yml':
      return readYamlRules(file, source);
    case '.toml':
      return readTomlRule(file, source, basename(file, extname(file)));
    case '.ndjson':
      return readNdjsonRules(file, source);
  }
}

async function loadFile({ path, extension, bytes }: RuleFile): Promise<LoadedRules> {
  const most = MAX_FILE_BYTES[extension];
  if (bytes > most) return failed(path, `the file has ${bytes} bytes; at most ${most} are read`);
  let source: string;
  try {
    source = new TextDecoder('utf-8', { fatal: true }).decode(await readFile(path));
  } catch (error) {
    return failed(path, error instanceof TypeError ? 'the file is not UTF-8 text' : readFailure(error));
  }
  return readRules(path, extension, source);
}

function failed(file: string, message: string): LoadedRules {
  return { rules: [], problems: [{ file, message }] };
}

function duplicate(rule: LoadedRule, earlier: LoadedRule): FileProblem {
  const { line } = earlier.place(['metadata', 'name']);
  return rule.problemAt(['metadata', 'name'], {
    message: `the name ${rule.document.name} is taken: ${earlier.file}:${line} has it`,
    hint: 'give one of them another name',
  });
}
