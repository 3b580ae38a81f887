import Table from 'cli-table3';
import { Command, Option } from 'commander';
import { stringify } from 'yaml';
import { sanitise } from '../../audit/text.ts';
import { formatFileProblem } from '../../rulefiles/file-problem.ts';
import type { LoadedRule } from '../../rulefiles/loaded-rule.ts';
import type { JudgedRule } from '../../rulefiles/rule-verdict.ts';
import { addConfigFlags } from '../configure.ts';
import type { Io } from '../io.ts';
import { loadQuietly, pathsOf, requireSome } from '../load-rules.ts';
import { PLAIN_TABLE, trimLines } from '../plain-table.ts';
import { explainCommand } from './rules-explain.ts';
import { importCommand } from './rules-import.ts';
import { testCommand } from './rules-test.ts';
import { requireThatAllRun, totalsLine, verdictDetails, verdictsForPrograms, verdictTable } from './verdict-table.ts';

type Output = { readonly output: 'table' | 'json' | 'yaml' } & Record<string, unknown>;

export function rulesCommand(io: Io): Command {
  return new Command('rules')
    .description('list, check, explain, test and import rules')
    .addCommand(listCommand(io))
    .addCommand(checkCommand(io))
    .addCommand(testCommand(io))
    .addCommand(explainCommand(io))
    .addCommand(importCommand(io));
}

const CHECK_HELP = `
Prints a table with a verdict on each rule, then the details: problems with their place, differences from the original
format, and notes.

  runs                            the rule runs as its format defines
  runs with a stated difference   the rule runs, except for the listed differences
  needs other data                the rule reads fields that audit events do not have, and never fires
  can never fire                  no event can match the query
  not supported                   the rule uses a feature that this version lacks, and does not run
  invalid                         the rule has an error, and does not run

Exit codes: 0 all rules run; 1 a rule is invalid, or none was found; 2 usage error; 3 some rules cannot run here.`;

function listCommand(io: Io): Command {
  const command = new Command('list')
    .description('list the rules')
    .argument('[path...]', 'rule files and folders (default: those of the configuration)')
    .addOption(new Option('-o, --output <format>', 'output format').choices(['table', 'json', 'yaml']).default('table'))
    .addHelpText(
      'after',
      '\nExit codes: 0 all rules run; 1 a rule is invalid; 2 usage error; 3 some rules cannot run here.',
    );
  return addConfigFlags(command, ['--rules']).action(async (paths: string[], flags: Output) => {
    const { ready, disabled, verdicts, problems } = await loadQuietly(pathsOf(paths, flags, io));
    const rows = [
      ...ready.map(({ loaded, judged }) => ({ loaded, judged, state: 'ready' })),
      ...disabled.map(({ loaded, judged }) => ({ loaded, judged, state: 'disabled' })),
      ...verdicts.filter(({ problems: own }) => own.length > 0).map((judged) => ({ judged, state: 'left out' })),
    ].sort((a, b) => a.judged.name.localeCompare(b.judged.name));
    print(rows, flags.output, io);
    for (const problem of problems) io.err(`${formatFileProblem(problem)}\n`);
    requireThatAllRun(verdicts);
  });
}

function checkCommand(io: Io): Command {
  const command = new Command('check')
    .description('load and compile the rules, with a verdict on each and all problems with file, line, column and hint')
    .argument('[path...]', 'rule files and folders (default: those of the configuration)')
    .addOption(new Option('-o, --output <format>', 'output format').choices(['table', 'json']).default('table'))
    .addHelpText('after', CHECK_HELP);
  return addConfigFlags(command, ['--rules']).action(async (paths: string[], flags: Output) => {
    const { verdicts } = await loadQuietly(pathsOf(paths, flags, io));
    requireSome(verdicts.length);
    const rules = verdicts.toSorted((a, b) => a.name.localeCompare(b.name));
    if (flags.output === 'json') io.out(`${JSON.stringify(verdictsForPrograms(rules), null, 2)}\n`);
    else {
      io.out(`${verdictTable(rules)}\n${totalsLine(rules)}`);
      io.err(verdictDetails(rules));
    }
    requireThatAllRun(rules);
  });
}

interface Row {
  /** Absent if the rule did not load. */
  readonly loaded?: LoadedRule;
  readonly judged: JudgedRule;
  readonly state: string;
}

function print(rows: readonly Row[], output: Output['output'], io: Io): void {
  if (output === 'table') {
    if (rows.length === 0) io.err('no rules\n');
    else io.out(listTable(rows));
    return;
  }
  const items = rows.map(({ loaded, judged, state }) => {
    const { name, type, file, verdict, why } = judged;
    if (loaded === undefined) return { name, type, state, verdict, why, file };
    const { title, severity, riskScore, tests, tags } = loaded.document;
    return { name, title, type, severity, riskScore, state, verdict, why, tests: tests.length, tags, file };
  });
  io.out(output === 'json' ? `${JSON.stringify(items, null, 2)}\n` : stringify(items));
}

function listTable(rows: readonly Row[]): string {
  const head = ['NAME', 'STATE', 'TYPE', 'SEVERITY', 'TESTS', 'VERDICT', 'TITLE'];
  const table = new Table({ ...PLAIN_TABLE, head });
  for (const { loaded, judged, state } of rows) {
    const { severity = '', tests, title = '' } = loaded?.document ?? {};
    table.push([judged.name, state, judged.type ?? '', severity, tests?.length ?? '', judged.verdict, sanitise(title)]);
  }
  return `${trimLines(table.toString())}\n`;
}
