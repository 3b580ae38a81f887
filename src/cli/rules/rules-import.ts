import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import Table from 'cli-table3';
import { Command } from 'commander';
import { sanitise } from '../../audit/text.ts';
import { formatYamlRule } from '../../rulefiles/format-yaml-rule.ts';
import type { JudgedRule } from '../../rulefiles/rule-verdict.ts';
import type { RuleDocument } from '../../rules/document.ts';
import { describeValue, formatPath } from '../../rules/document-problem.ts';
import { parseDetectionRule } from '../../rules/rule-schema.ts';
import { toDetectionRule } from '../../rules/to-detection-rule.ts';
import { CommandError, EXIT, type Io } from '../io.ts';
import { loadQuietly } from '../load-rules.ts';
import { PLAIN_TABLE, trimLines } from '../plain-table.ts';
import { requireThatAllRun, verdictDetails } from './verdict-table.ts';

const HELP = `
Reads rules in every format of --rules, and writes DetectionRules in YAML for --rules and kubectl apply. Fields with
default values are omitted. In a folder, each rule gets a file named after it. Comments in YAML files are lost.
\`firstseen rules check --help\` explains the verdicts.

Exit codes: 0 all rules were written; 1 a rule is invalid or too large for a resource, or its file exists; 2 usage error;
3 some rules cannot run here and were not written.

Examples:
  $ firstseen rules import detection-rules/rules/integrations/kubernetes --output my-rules
  $ firstseen rules import rules_export.ndjson | kubectl apply --server-side -f -`;

interface Flags {
  readonly output: string;
  readonly force?: true;
}

export function importCommand(io: Io): Command {
  return new Command('import')
    .description('convert rules of any format to DetectionRules, with a verdict on each')
    .argument('<path...>', 'rule files and folders')
    .option('-o, --output <folder>', 'folder for the rules; - writes to standard output', '-')
    .option('--force', 'overwrite existing files')
    .addHelpText('after', HELP)
    .action(async (paths: string[], { output, force }: Flags) => {
      const folder = output === '-' ? undefined : output;
      if (folder !== undefined) await makeFolder(folder);
      const { ready, disabled, verdicts } = await loadQuietly(paths);
      if (verdicts.length === 0) throw new CommandError('no rules found; pass other files or folders', EXIT.failed);
      const results = new Map<JudgedRule, string>();
      const tooLarge: string[] = [];
      for (const { loaded, judged } of [...ready, ...disabled]) {
        const unfit = whatDoesNotFit(loaded.document);
        if (unfit.length > 0) {
          tooLarge.push(...unfit.map((what) => `${sanitise(judged.file)}: ${judged.name}: ${what}\n`));
          results.set(judged, 'too large');
          continue;
        }
        const text = formatYamlRule(loaded.document);
        if (folder === undefined) io.out(`---\n${text}`);
        const isNew =
          folder === undefined || (await write(join(folder, `${loaded.document.name}.yaml`), text, force === true));
        results.set(judged, folder === undefined ? 'printed' : isNew ? 'written' : 'exists');
      }
      const table = new Table({ ...PLAIN_TABLE, head: ['RESULT', 'RULE', 'VERDICT', 'FROM'] });
      for (const judged of verdicts)
        table.push([results.get(judged) ?? 'left out', judged.name, judged.verdict, sanitise(judged.file)]);
      // Keeps standard output to the rules themselves.
      const say = folder === undefined ? io.err : io.out;
      say(`${trimLines(table.toString())}\n`);
      io.err(verdictDetails(verdicts) + tooLarge.join(''));
      const kept = [...results.values()].filter((result) => result === 'exists').length;
      if (kept > 0) {
        const files = kept === 1 ? '1 existing file was kept' : `${kept} existing files were kept`;
        throw new CommandError(`${files}; --force overwrites`, EXIT.failed);
      }
      if (tooLarge.length > 0) {
        throw new CommandError(
          'a rule is too large for a resource; pass its original file to --rules instead',
          EXIT.failed,
        );
      }
      requireThatAllRun(verdicts.filter((judged) => !results.has(judged)));
    });
}

/** Shared lists and value lists may exceed the size of a resource. */
function whatDoesNotFit(document: RuleDocument): readonly string[] {
  const parsed = parseDetectionRule(toDetectionRule(document));
  if (parsed.kind === 'ok') return [];
  return parsed.problems.map(({ path, message }) => `${formatPath(path)}: ${message}`);
}

async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
  } catch (error) {
    throw cannotWrite(folder, error);
  }
}

/** False if the file exists and was kept. */
async function write(path: string, text: string, force: boolean): Promise<boolean> {
  try {
    await writeFile(path, text, { flag: force ? 'w' : 'wx' });
    return true;
  } catch (error) {
    if (!force && codeOf(error) === 'EEXIST') return false;
    throw cannotWrite(path, error);
  }
}

function cannotWrite(path: string, error: unknown): CommandError {
  const code = codeOf(error);
  const reason =
    code === 'EEXIST' || code === 'ENOTDIR'
      ? 'a file exists where a folder is needed'
      : code === 'EISDIR'
        ? 'a folder has this name'
        : describeValue(code ?? String(error));
  return new CommandError(`--output: cannot write ${sanitise(path)}: ${reason}`);
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
