import { Command, Option } from 'commander';
import { sha256Hashes } from '../ingest/hashes.ts';
import { nearest } from '../query/nearest.ts';
import type { CompiledRules } from '../rulefiles/compile-loaded.ts';
import { compileRule } from '../rules/compile-rule.ts';
import { describeValue } from '../rules/document-problem.ts';
import { addConfigFlags, configOf } from './configure.ts';
import { type ExplainedRule, explainRule, formatExplanation } from './explain-rule.ts';
import { CommandError, EXIT, type Io } from './io.ts';
import { loadRules } from './load-rules.ts';

type Flags = { readonly output: 'text' | 'json' } & Record<string, unknown>;

export function explainCommand(io: Io): Command {
  const command = new Command('explain')
    .description('what was understood of a rule: its query in words, when it alerts, what it needs')
    .argument('<rule>', 'the name of the rule, or its id')
    .addOption(new Option('-o, --output <format>', 'how to print it').choices(['text', 'json']).default('text'))
    .addHelpText('after', '\nExample:\n  $ firstseen rules explain anonymous-request-unusual-agent');
  return addConfigFlags(command, ['--rules']).action(async (name: string, flags: Flags) => {
    const found = find(name, await loadRules(configOf(flags, io).rules.paths, io));
    const explained = explainRule(found);
    io.out(flags.output === 'json' ? `${JSON.stringify(explained, null, 2)}\n` : formatExplanation(explained));
    if (explained.verdict === 'can never fire') throw new CommandError('', EXIT.failed);
  });
}

function find(name: string, { ready, disabled, problems, slots }: CompiledRules): ExplainedRule {
  const isIt = ({ document }: { readonly document: { readonly name: string; readonly id?: string } }) =>
    document.name === name || document.id === name;
  const running = ready.find(({ loaded }) => isIt(loaded));
  if (running !== undefined) {
    const { rule, notes, loaded } = running;
    return { rule, notes, file: loaded.file, line: loaded.place(['metadata', 'name']).line };
  }
  const off = disabled.find(isIt);
  const compiled = off && compileRule(off.document, slots, sha256Hashes);
  if (compiled?.kind === 'ok' && off !== undefined) {
    const { rule } = compiled;
    return { rule, notes: off.notes, file: off.file, line: off.place(['metadata', 'name']).line };
  }
  if (problems.some(({ rule }) => rule === name))
    throw new CommandError(`the rule ${name} does not load: see above`, EXIT.failed);
  const names = [...ready.map(({ loaded }) => loaded), ...disabled].map(({ document }) => document.name);
  const near = nearest(name, names);
  const hint = near === undefined ? '`firstseen rules list` prints their names' : `did you mean ${near}?`;
  throw new CommandError(`no rule is named ${describeValue(name)}\n  hint: ${hint}`, EXIT.failed);
}
