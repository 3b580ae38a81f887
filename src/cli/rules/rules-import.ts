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
Whatever --rules takes is read; what is written are DetectionRules in YAML, for --rules and for kubectl apply, without what
has its default. In a folder each rule has a file of its own, named after it. Comments of a YAML file are not carried over.
What each verdict means: firstseen rules check --help.

Exit codes: 0 all rules were written; 1 a rule is invalid, or too large for a resource, or its file was there already; 2 called
wrongly; 3 some cannot run here, and were not written.

Examples:
  $ firstseen rules import detection-rules/rules/integrations/kubernetes --output my-rules
  $ firstseen rules import rules_export.ndjson | kubectl apply --server-side -f -`;

interface Flags {
  readonly output: string;
  readonly force?: true;
}

export function importCommand(io: Io): Command {
  return new Command('import')
    .description('write rules of any format as DetectionRules, and say of each what became of it')
    .argument('<path...>', 'files and folders of rules')
    .option('-o, --output <folder>', 'where to write them; - for standard output', '-')
    .option('--force', 'overwrite files that are there')
    .addHelpText('after', HELP)
    .action(async (paths: string[], { output, force }: Flags) => {
      const folder = output === '-' ? undefined : output;
      if (folder !== undefined) await makeFolder(folder);
      const { ready, disabled, verdicts } = await loadQuietly(paths);
      if (verdicts.length === 0) throw new CommandError('no rule was found', EXIT.failed);
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
        results.set(judged, folder === undefined ? 'printed' : isNew ? 'written' : 'is there');
      }
      const table = new Table({ ...PLAIN_TABLE, head: ['RESULT', 'RULE', 'VERDICT', 'FROM'] });
      for (const judged of verdicts)
        table.push([results.get(judged) ?? 'left out', judged.name, judged.verdict, sanitise(judged.file)]);
      // Where the rules themselves are the output, what is said of them is not.
      const say = folder === undefined ? io.err : io.out;
      say(`${trimLines(table.toString())}\n`);
      io.err(verdictDetails(verdicts) + tooLarge.join(''));
      const kept = [...results.values()].filter((result) => result === 'is there').length;
      if (kept > 0) {
        const files = kept === 1 ? '1 file was there already, and stays' : `${kept} files were there already, and stay`;
        throw new CommandError(`${files}; --force overwrites`, EXIT.failed);
      }
      if (tooLarge.length > 0) {
        throw new CommandError('a rule that is too large for a resource runs from its own file, as it is', EXIT.failed);
      }
      requireThatAllRun(verdicts.filter((judged) => !results.has(judged)));
    });
}

/** Lists that are shared by many rules, and lists of values, may be longer than a resource holds. */
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

/** False if something is there and was left as it is. */
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
      ? 'a file is there, and a folder is needed'
      : code === 'EISDIR'
        ? 'a folder has this name'
        : describeValue(code ?? String(error));
  return new CommandError(`--output: ${sanitise(path)} cannot be written: ${reason}`);
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
