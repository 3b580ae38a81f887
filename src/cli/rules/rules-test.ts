import { Command, Option } from 'commander';
import type { CompiledRules } from '../../rulefiles/compile-loaded.ts';
import { type FileProblem, formatFileProblem } from '../../rulefiles/file-problem.ts';
import { addConfigFlags } from '../configure.ts';
import { CommandError, EXIT, type Io } from '../io.ts';
import { hasFailures, type JunitCase, type JunitSuite, junitXml } from '../junit.ts';
import { brokenOnly, brokenRules, loadRules, pathsOf, requireSome } from '../load-rules.ts';
import { ruleTestCases } from './rule-test-cases.ts';

const HELP = `
A test is a list of events and the expected outcome of the last one: match, fire or silent. For a failed test, the output
explains that event as \`firstseen explain\` does.

Exit codes: 0 all tests pass; 1 a test fails or a rule is invalid; 2 usage error.

Examples:
  $ firstseen rules test my-rules
  $ firstseen rules test my-rules -o junit > rules.xml`;

type Flags = { readonly output: 'text' | 'json' | 'junit' } & Record<string, unknown>;

export function testCommand(io: Io): Command {
  const command = new Command('test')
    .description('run the inline tests of the rules')
    .argument('[path...]', 'rule files and folders (default: those of the configuration)')
    .addOption(
      new Option('-o, --output <format>', 'output format; junit is for CI')
        .choices(['text', 'json', 'junit'])
        .default('text'),
    )
    .addHelpText('after', HELP);
  return addConfigFlags(command, ['--rules']).action(async (paths: string[], flags: Flags) => {
    const rules = await loadRules(pathsOf(paths, flags, io), io);
    requireSome(rules.ready.length + rules.disabled.length + rules.problems.length);
    const suites: JunitSuite[] = [];
    for (const ready of rules.ready) {
      const { rule, loaded } = ready;
      const cases = await ruleTestCases(ready, rules);
      suites.push({ name: rule.document.name, file: loaded.file, cases });
      if (flags.output === 'text') for (const each of cases) io.out(failureText(rule.document.name, each));
      if (cases.length === 0) io.err(`${loaded.file}: ${rule.document.name}: note: the rule has no tests\n`);
    }
    print(suites, rules, flags.output, io);
    const broken = brokenOnly(rules.problems).length;
    if (broken > 0) throw brokenRules(broken);
    if (hasFailures(suites)) throw new CommandError('rule tests failed', EXIT.failed);
  });
}

function failureText(rule: string, { name, file, line, problem }: JunitCase): string {
  if (problem === undefined) return '';
  const detail = (problem.detail ?? problem.message).replaceAll('\n', '\n  ');
  return `FAIL ${file}:${line} ${rule}: ${name}\n  ${detail}\n`;
}

function print(suites: readonly JunitSuite[], { problems }: CompiledRules, output: Flags['output'], io: Io): void {
  const all = suites.flatMap(({ name, cases }) => cases.map((each) => ({ rule: name, ...each })));
  const failed = all.filter(({ problem }) => problem !== undefined).length;
  switch (output) {
    case 'text':
      io.out(`${all.length - failed} passed, ${failed} failed\n`);
      return;
    case 'json':
      io.out(
        `${JSON.stringify(
          all.map(({ rule, name, file, line, problem }) => ({
            rule,
            test: name,
            file,
            line,
            passed: problem === undefined,
            ...(problem !== undefined && { message: problem.message, detail: problem.detail ?? problem.message }),
          })),
          null,
          2,
        )}\n`,
      );
      return;
    case 'junit':
      io.out(junitXml([...suites, ...brokenOnly(problems).map(brokenSuite)]));
      return;
  }
}

/** A file without valid rules must not look as if its tests passed. */
function brokenSuite(broken: FileProblem): JunitSuite {
  const { file, rule = file, place, message } = broken;
  const problem = { kind: 'error' as const, message, detail: formatFileProblem(broken) };
  return { name: rule, file, cases: [{ name: 'load', file, ...(place && { line: place.line }), problem }] };
}
