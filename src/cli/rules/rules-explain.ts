import { Command, Option } from 'commander';
import { rulePaths } from '../../config/schema.ts';
import { neverFires } from '../../rulefiles/rule-verdict.ts';
import { addConfigFlags, configOf } from '../configure.ts';
import { explainRule, formatExplanation } from '../explain/explain-rule.ts';
import { findRule } from '../find-rule.ts';
import { CommandError, EXIT, type Io } from '../io.ts';

const HELP = `
Exit codes: 0 the rule runs; 1 the rule was not found or is invalid; 2 usage error; 3 the rule can never fire.

Examples:
  $ firstseen rules explain anonymous-request-unusual-agent
  $ firstseen rules explain my-rule --rules my-rules -o json | jq .record`;

type Flags = { readonly output: 'text' | 'json' } & Record<string, unknown>;

export function explainCommand(io: Io): Command {
  const command = new Command('explain')
    .description('explain a rule: its query in words, when it alerts and what it needs')
    .argument('<rule>', 'name or id of the rule')
    .addOption(new Option('-o, --output <format>', 'output format').choices(['text', 'json']).default('text'))
    .addHelpText('after', HELP);
  return addConfigFlags(command, ['--rules']).action(async (name: string, flags: Flags) => {
    const found = await findRule(name, rulePaths(configOf(flags, io)), io, EXIT.failed);
    const explained = explainRule(found);
    io.out(flags.output === 'json' ? `${JSON.stringify(explained, null, 2)}\n` : formatExplanation(explained));
    if (neverFires(explained.verdict)) throw new CommandError('', EXIT.incomplete);
  });
}
