import Table from 'cli-table3';
import { Command, Option } from 'commander';
import { stringify } from 'yaml';
import { sha256Hashes } from '../ingest/hashes.ts';
import { runRuleTest } from '../ingest/rule-test.ts';
import { RULE_FILE_EXTENSIONS } from '../rulefiles/find-rule-files.ts';
import type { LoadedRule } from '../rulefiles/loaded-rule.ts';
import { openSqliteState } from '../state/sqlite/sqlite-state.ts';
import { addConfigFlags, configOf } from './configure.ts';
import { CommandError, EXIT, type Io } from './io.ts';
import { loadRules } from './load-rules.ts';
import { PLAIN_TABLE, trimLines } from './plain-table.ts';
import { explainCommand } from './rules-explain.ts';
import { importCommand } from './rules-import.ts';

type Output = { readonly output: 'table' | 'json' | 'yaml' } & Record<string, unknown>;

export function rulesCommand(io: Io): Command {
  return new Command('rules')
    .description('look at rules, check and explain them, run their tests, and write them as DetectionRules')
    .addCommand(listCommand(io))
    .addCommand(checkCommand(io))
    .addCommand(testCommand(io))
    .addCommand(explainCommand(io))
    .addCommand(importCommand(io));
}

function listCommand(io: Io): Command {
  const command = new Command('list')
    .description('print the rules')
    .argument('[path...]', 'files and folders of rules; those of the configuration unless given')
    .addOption(
      new Option('-o, --output <format>', 'how to print them').choices(['table', 'json', 'yaml']).default('table'),
    );
  return addConfigFlags(command, ['--rules']).action(async (paths: string[], flags: Output) => {
    const { ready, disabled, problems } = await loadRules(pathsOf(paths, flags, io), io);
    const rows = [
      ...ready.map(({ loaded }) => ({ loaded, state: 'ready' })),
      ...disabled.map((loaded) => ({ loaded, state: 'disabled' })),
    ].sort((a, b) => a.loaded.document.name.localeCompare(b.loaded.document.name));
    print(rows, flags.output, io);
    if (problems.length > 0) throw brokenRules(problems.length);
  });
}

function checkCommand(io: Io): Command {
  const command = new Command('check')
    .description('load and compile the rules; every problem with its file, line, column and a hint')
    .argument('[path...]', 'files and folders of rules; those of the configuration unless given');
  return addConfigFlags(command, ['--rules']).action(async (paths: string[], flags: Output) => {
    const { ready, disabled, problems } = await loadRules(pathsOf(paths, flags, io), io);
    requireSome(ready.length + disabled.length + problems.length);
    const noted = [...ready, ...disabled.map((loaded) => ({ loaded, notes: loaded.notes }))];
    for (const { loaded, notes } of noted) {
      for (const note of notes) io.err(`${loaded.file}: ${loaded.document.name}: note: ${note}\n`);
    }
    if (problems.length > 0) throw brokenRules(problems.length);
    const count = ready.length + disabled.length;
    io.out(`${count} ${count === 1 ? 'rule' : 'rules'}, no problem\n`);
  });
}

function testCommand(io: Io): Command {
  const command = new Command('test')
    .description('run the inline tests of the rules')
    .argument('[path...]', 'files and folders of rules; those of the configuration unless given')
    .addHelpText('after', '\nA test is a list of events and what the last of them does: match, fire or be silent.');
  return addConfigFlags(command, ['--rules']).action(async (paths: string[], flags: Output) => {
    const { ready, disabled, problems, slots } = await loadRules(pathsOf(paths, flags, io), io);
    requireSome(ready.length + disabled.length + problems.length);
    const counts = { passed: 0, failed: 0 };
    for (const { rule, loaded } of ready) {
      for (const [index, ruleTest] of rule.document.tests.entries()) {
        const store = openSqliteState({ kind: 'sqlite', path: ':memory:' });
        const failure = await runRuleTest(rule, ruleTest, { slots, store, hashes: sha256Hashes }).finally(() =>
          store.close(),
        );
        if (failure === undefined) {
          counts.passed += 1;
          continue;
        }
        counts.failed += 1;
        const { line } = loaded.place(['spec', 'tests', index]);
        io.out(`FAIL ${loaded.file}:${line} ${rule.document.name}: ${ruleTest.name}\n  ${failure}\n`);
      }
      if (rule.document.tests.length === 0)
        io.err(`${loaded.file}: ${rule.document.name}: note: the rule has no tests\n`);
    }
    io.out(`${counts.passed} passed, ${counts.failed} failed\n`);
    if (problems.length > 0) throw brokenRules(problems.length);
    if (counts.failed > 0) throw new CommandError('rule tests failed', EXIT.failed);
  });
}

function pathsOf(paths: readonly string[], flags: Output, io: Io): readonly string[] {
  return paths.length > 0 ? paths : configOf(flags, io).rules.paths;
}

/** To look for problems where no rule is would find none, and be trusted. */
function requireSome(found: number): void {
  const ends = RULE_FILE_EXTENSIONS.join(', ');
  if (found === 0) throw new CommandError(`no rule was found; rule files end in ${ends}`, EXIT.failed);
}

function brokenRules(count: number): CommandError {
  return new CommandError(
    `${count} ${count === 1 ? 'problem' : 'problems'}; a rule with a problem does not run`,
    EXIT.failed,
  );
}

function print(
  rows: readonly { readonly loaded: LoadedRule; readonly state: string }[],
  output: Output['output'],
  io: Io,
): void {
  const items = rows.map(({ loaded: { document, file }, state }) => {
    const { name, title, type, severity, riskScore, tests, tags } = document;
    return { name, title, type, severity, riskScore, state, tests: tests.length, tags, file };
  });
  if (output === 'json') io.out(`${JSON.stringify(items, null, 2)}\n`);
  else if (output === 'yaml') io.out(stringify(items));
  else if (items.length === 0) io.err('no rules\n');
  else {
    const table = new Table({ ...PLAIN_TABLE, head: ['NAME', 'STATE', 'TYPE', 'SEVERITY', 'TESTS', 'TITLE'] });
    for (const item of items) table.push([item.name, item.state, item.type, item.severity, item.tests, item.title]);
    io.out(`${trimLines(table.toString())}\n`);
  }
}
