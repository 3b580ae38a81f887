import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import Table from 'cli-table3';
import { Command } from 'commander';
import { sanitise } from '../audit/text.ts';
import { formatYamlRule } from '../rulefiles/format-yaml-rule.ts';
import { describeValue } from '../rules/document-problem.ts';
import { CommandError, EXIT, type Io } from './io.ts';
import { loadRules } from './load-rules.ts';
import { PLAIN_TABLE, trimLines } from './plain-table.ts';

const HELP = `
Whatever --rules takes is read; what is written are DetectionRules in YAML, for --rules and for kubectl apply, without what
has its default. In a folder each rule has a file of its own, named after it. Comments of a YAML file are not carried over.

Exit codes: 0 all rules were written; 1 a rule has a problem, or its file was there already; 2 called wrongly.

Examples:
  $ firstseen rules import detection-rules/rules/integrations/kubernetes --output my-rules
  $ firstseen rules import rules_export.ndjson | kubectl apply -f -`;

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
      const { ready, disabled, problems } = await loadRules(paths, io);
      const rules = [...ready, ...disabled];
      const table = new Table({ ...PLAIN_TABLE, head: ['RESULT', 'RULE', 'FROM'] });
      let kept = 0;
      for (const { loaded, judged } of rules) {
        const { document, file } = loaded;
        const text = formatYamlRule(document);
        if (folder === undefined) io.out(`---\n${text}`);
        const isNew =
          folder === undefined || (await write(join(folder, `${document.name}.yaml`), text, force === true));
        if (!isNew) kept += 1;
        const result = folder === undefined ? 'printed' : isNew ? 'written' : 'is there';
        table.push([result, document.name, sanitise(file)]);
        const said = [...judged.why.map((why) => `difference: ${why}`), ...judged.notes.map((note) => `note: ${note}`)];
        for (const content of said) table.push(['', { colSpan: 2, content }]);
      }
      // Where the rules themselves are the output, what is said of them is not.
      const say = folder === undefined ? io.err : io.out;
      if (rules.length > 0) say(`${trimLines(table.toString())}\n`);
      const failures = [
        ...(kept > 0 ? [`${count(kept, 'file')} left as it was; --force overwrites`] : []),
        ...(problems.length > 0 ? [`${count(problems.length, 'problem')}; a rule with a problem is not written`] : []),
        ...(rules.length + problems.length === 0 ? ['no rule was found'] : []),
      ];
      if (failures.length > 0) throw new CommandError(failures.join('\n'), EXIT.failed);
    });
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

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}
