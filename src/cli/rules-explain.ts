import { Command, Option } from 'commander';
import { nearest } from '../query/nearest.ts';
import type { CompiledRules } from '../rulefiles/compile-loaded.ts';
import { formatFileProblem } from '../rulefiles/file-problem.ts';
import { neverFires } from '../rulefiles/rule-verdict.ts';
import { describeValue } from '../rules/document-problem.ts';
import { addConfigFlags, configOf } from './configure.ts';
import { type ExplainedRule, explainRule, formatExplanation } from './explain-rule.ts';
import { CommandError, EXIT, type Io } from './io.ts';
import { loadQuietly } from './load-rules.ts';

const HELP = `
Exit codes: 0 it runs; 1 no rule has the name, or it does not load; 2 called wrongly; 3 it can never fire.

Examples:
  $ firstseen rules explain anonymous-request-unusual-agent
  $ firstseen rules explain my-rule --rules my-rules -o json | jq .record`;

type Flags = { readonly output: 'text' | 'json' } & Record<string, unknown>;

export function explainCommand(io: Io): Command {
  const command = new Command('explain')
    .description('what was understood of a rule: its query in words, when it alerts, what it needs')
    .argument('<rule>', 'the name of the rule, or its id')
    .addOption(new Option('-o, --output <format>', 'how to print it').choices(['text', 'json']).default('text'))
    .addHelpText('after', HELP);
  return addConfigFlags(command, ['--rules']).action(async (name: string, flags: Flags) => {
    const compiled = await loadQuietly(configOf(flags, io).rules.paths);
    sayWhatIsWrong(name, compiled, io);
    const found = find(name, compiled);
    const explained = explainRule(found);
    io.out(flags.output === 'json' ? `${JSON.stringify(explained, null, 2)}\n` : formatExplanation(explained));
    if (neverFires(explained.verdict)) throw new CommandError('', EXIT.incomplete);
  });
}

/** In full only what is wrong with this rule. */
function sayWhatIsWrong(name: string, { problems, verdicts }: CompiledRules, io: Io): void {
  for (const problem of problems) if (problem.rule === name) io.err(`${formatFileProblem(problem)}\n`);
  const others = verdicts.filter((judged) => judged.verdict === 'invalid' && judged.name !== name).length;
  if (others === 0) return;
  io.err(
    `note: ${others} other ${others === 1 ? 'rule is' : 'rules are'} invalid: \`firstseen rules check\` says why\n`,
  );
}

function find(name: string, { ready, disabled, problems }: CompiledRules): ExplainedRule {
  const compiled = [...ready, ...disabled];
  const found = compiled.find(({ loaded: { document } }) => document.name === name || document.id === name);
  if (found !== undefined) return found;
  if (problems.some(({ rule }) => rule === name))
    throw new CommandError(`the rule ${name} does not load: see above`, EXIT.failed);
  const near = nearest(
    name,
    compiled.map(({ loaded }) => loaded.document.name),
  );
  const hint = near === undefined ? '`firstseen rules list` prints their names' : `did you mean ${near}?`;
  throw new CommandError(`no rule is named ${describeValue(name)}\n  hint: ${hint}`, EXIT.failed);
}
