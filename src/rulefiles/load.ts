import { readFile } from 'node:fs/promises';
import { basename, extname } from 'node:path';
import { type ElasticExport, elasticLists, readElasticExport, type ValueLists } from './elastic-export.ts';
import { readExportedRules, readTomlRule } from './elastic-rules.ts';
import type { FileProblem } from './file-problem.ts';
import { findRuleFiles, type RuleFile, type RuleFileExtension, readFailure } from './find-rule-files.ts';
import type { LoadedRule, LoadedRules } from './loaded-rule.ts';
import { readValueLists } from './read-value-lists.ts';
import { readSigmaRules, type SigmaSource } from './sigma-rules.ts';
import { readYamlRules } from './yaml-rules.ts';

const MEBIBYTE = 1_048_576;

/** A file of a few rules has a few kilobytes; a Kibana export holds Elastic's two thousand rules. */
export const MAX_FILE_BYTES: Readonly<Record<RuleFileExtension, number>> = {
  '.yaml': MEBIBYTE,
  '.yml': MEBIBYTE,
  '.toml': MEBIBYTE,
  '.ndjson': 64 * MEBIBYTE,
};

/** A file and its text; Kibana exports are parsed early, because rules of one file may use lists of another. */
type RuleText = { readonly file: string } & (
  | { readonly kind: 'yaml' | 'toml'; readonly source: string }
  | { readonly kind: 'export'; readonly content: ElasticExport }
);

/**
 * Loads the rules in these files and folders, in path order and then name order. A broken file or rule does not stop
 * the others; of several rules with one name the first is kept. Never rejects because of file contents.
 */
export async function loadRuleFiles(paths: readonly string[]): Promise<LoadedRules> {
  const found = await findRuleFiles(paths);
  const problems: FileProblem[] = [...found.problems];
  const texts: RuleText[] = [];
  for (const file of found.files) {
    const text = await readText(file);
    if ('message' in text) problems.push(text);
    else texts.push(toRuleText(file.path, file.extension, text.source));
  }
  const exports = exportsAmong(texts);
  const lists = await readValueLists(exports);
  problems.push(...lists.problems);
  const rules = new Map<string, LoadedRule>();
  for (const loaded of withSigma(texts.map((text) => contentsOf(text, exports, lists.values)))) {
    problems.push(...loaded.problems);
    for (const rule of loaded.rules) {
      const earlier = rules.get(rule.document.name);
      if (earlier === undefined) rules.set(rule.document.name, rule);
      else problems.push(duplicate(rule, earlier));
    }
  }
  return { rules: [...rules.values()], problems };
}

/** The rules in the text of one file, without value lists; the extension selects the format. Never throws. */
export function readRules(file: string, extension: RuleFileExtension, source: string): LoadedRules {
  const text = toRuleText(file, extension, source);
  const [loaded] = withSigma([contentsOf(text, exportsAmong([text]), new Map())]);
  return loaded ?? { rules: [], problems: [] };
}

/** The contents of one file. Sigma documents stay text, since they may refer to documents in other files. */
interface FileContents extends LoadedRules {
  readonly sigma?: readonly SigmaSource[];
}

/** The files, with the rules of their Sigma documents. */
function withSigma(files: readonly FileContents[]): readonly LoadedRules[] {
  const read = readSigmaRules(files.flatMap(({ sigma = [] }) => sigma));
  return files.map(({ rules, problems, sigma = [] }) => {
    const more = sigma.flatMap((source) => read.get(source) ?? []);
    return {
      rules: [...rules, ...more.flatMap((loaded) => loaded.rules)],
      problems: [...problems, ...more.flatMap((loaded) => loaded.problems)],
    };
  });
}

function toRuleText(file: string, extension: RuleFileExtension, source: string): RuleText {
  switch (extension) {
    case '.yaml':
    case '.yml':
      return { file, kind: 'yaml', source };
    case '.toml':
      return { file, kind: 'toml', source };
    case '.ndjson':
      return { file, kind: 'export', content: readElasticExport(file, source) };
  }
}

function exportsAmong(texts: readonly RuleText[]): readonly ElasticExport[] {
  return texts.flatMap((text) => (text.kind === 'export' ? [text.content] : []));
}

function contentsOf(text: RuleText, exports: readonly ElasticExport[], values: ValueLists): FileContents {
  const { file } = text;
  switch (text.kind) {
    case 'yaml':
      return readYamlRules(file, text.source);
    case 'toml': {
      const lists = elasticLists(file, exports, values);
      return readTomlRule(file, text.source, { fileStem: basename(file, extname(file)), lists });
    }
    case 'export':
      return readExportedRules(text.content, elasticLists(file, exports, values));
  }
}

async function readText({ path, extension, bytes }: RuleFile): Promise<{ readonly source: string } | FileProblem> {
  const most = MAX_FILE_BYTES[extension];
  if (bytes > most) return { file: path, message: `the file has ${bytes} bytes; the limit is ${most}` };
  try {
    return { source: new TextDecoder('utf-8', { fatal: true }).decode(await readFile(path)) };
  } catch (error) {
    return { file: path, message: error instanceof TypeError ? 'the file is not UTF-8 text' : readFailure(error) };
  }
}

function duplicate(rule: LoadedRule, earlier: LoadedRule): FileProblem {
  const { line } = earlier.place(['metadata', 'name']);
  return rule.problemAt(['metadata', 'name'], {
    message: `the name ${rule.document.name} is already used in ${earlier.file}:${line}`,
    hint: 'rename one of the rules',
  });
}
