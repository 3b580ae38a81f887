import { Command, InvalidArgumentError, Option } from 'commander';
import { rulePaths } from '../config/schema.ts';
import { addConfigFlags, configOf } from './configure.ts';
import { explainEvent } from './explain-event.ts';
import { findRule } from './find-rule.ts';
import { formatEventExplanation } from './format-event-explanation.ts';
import { CommandError, EXIT, type Io } from './io.ts';
import { pickEvent } from './pick-event.ts';

const HELP = `
Each statement of the rule's condition is marked: ✓ or ✗ on a terminal, [holds] or [does not hold] with --words, in a pipe, and
without colours (NO_COLOR). In parentheses stands what the event has there. What decides is told in full; --all tells all.

Exit codes: 0 the event matches; 1 it does not; 2 called wrongly: no such rule, no such event.

Examples:
  $ firstseen explain --event event.json --rule exec-into-pod
  $ firstseen explain --event audit.log --audit-id 3a7c… --rule my-rule --rules my-rules
  $ zcat audit.log.gz | firstseen explain --event - --line 120 --rule exec-into-pod -o json | jq .query`;

interface Flags extends Record<string, unknown> {
  readonly event: string;
  readonly rule: string;
  readonly auditId?: string;
  readonly line?: number;
  readonly all?: true;
  readonly words?: true;
  readonly output: 'text' | 'json';
}

export function explainEventCommand(io: Io): Command {
  const command = new Command('explain')
    .description('why an event does or does not match a rule, statement by statement')
    .requiredOption('--event <file>', 'an event, an EventList or an audit log, plain or gzip; - for standard input')
    .requiredOption('--rule <name>', 'the name of the rule, or its id')
    .option('--audit-id <id>', 'the event with this audit ID, where the file has several')
    .option('--line <n>', 'the event on this line of the file', lineNumber)
    .option('--all', 'tell all statements in full, not only those that decide')
    .option('--words', 'mark with words also on a terminal')
    .addOption(new Option('-o, --output <format>', 'how to print it').choices(['text', 'json']).default('text'))
    .addHelpText('after', HELP);
  return addConfigFlags(command, ['--rules']).action(async (flags: Flags) => {
    const { auditId, line } = flags;
    const { rule, slots } = await findRule(flags.rule, rulePaths(configOf(flags, io)), io, EXIT.usage);
    const choice = { ...(auditId !== undefined && { auditId }), ...(line !== undefined && { line }) };
    const { event, from } = await pickEvent(flags.event, choice, io);
    const explained = explainEvent(rule, event, slots);
    const signs = io.outIsTerminal && (io.env.NO_COLOR ?? '') === '' && flags.words !== true;
    io.out(
      flags.output === 'json'
        ? `${JSON.stringify(explained, null, 2)}\n`
        : formatEventExplanation(explained, from, { signs, all: flags.all === true }),
    );
    if (!explained.matched) throw new CommandError('', EXIT.failed);
  });
}

function lineNumber(text: string): number {
  if (!/^[1-9]\d{0,14}$/.test(text)) throw new InvalidArgumentError('Expected a line number, from 1.');
  return Number(text);
}
