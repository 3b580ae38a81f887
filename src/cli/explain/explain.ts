import { Command, InvalidArgumentError, Option } from 'commander';
import { rulePaths } from '../../config/schema.ts';
import { parseDuration } from '../../rules/duration.ts';
import { MINUTE } from '../../rules/limits.ts';
import { addClusterFlags, withCluster } from '../cluster-client.ts';
import { addConfigFlags, configOf } from '../configure.ts';
import { findRule } from '../find-rule.ts';
import { CommandError, EXIT, type Io } from '../io.ts';
import { safeJson } from '../safe-output.ts';
import { explainAlert } from './explain-alert.ts';
import { explainEvent } from './explain-event.ts';
import { formatAlertExplanation } from './format-alert-explanation.ts';
import { type ClauseStyle, formatEventExplanation } from './format-event-explanation.ts';
import { pickEvent } from './pick-event.ts';

const HELP = `
Of an alert: what matched with its values, what was known before and what of that is nearest, what happened around it, what to do, and
the next commands to paste. It takes what it is given: the Alert and its rule from the cluster that kubectl would use, what is known
from the state of --config or --state, the rest from --log. Of an event: whether a rule matches it.

Each statement of the rule's condition is marked: ✓ or ✗ on a terminal, [holds] or [does not hold] with --words, in a pipe, and
without colours (NO_COLOR). In parentheses stands what the event has there. What decides is told in full; --all tells all.

Exit codes: 0 the alert is explained, or the event matches; 1 it does not, or there is no such alert; 2 called wrongly: no such rule, no
such event, no cluster.

Examples:
  $ firstseen explain exec-into-pod-5kq2m8vz
  $ firstseen explain exec-into-pod-5kq2m8vz --log /var/log/kubernetes/audit.log --around 10m
  $ firstseen explain anonymous-5kq2m8vz --config firstseen.yaml -o json | jq .terms.nearest
  $ firstseen explain --event event.json --rule exec-into-pod
  $ firstseen explain --event audit.log --audit-id 3a7c… --rule my-rule --rules my-rules
  $ zcat audit.log.gz | firstseen explain --event - --line 120 --rule exec-into-pod -o json | jq .query`;

interface Flags extends Record<string, unknown> {
  readonly event?: string;
  readonly rule?: string;
  readonly auditId?: string;
  readonly line?: number;
  readonly all?: true;
  readonly words?: true;
  readonly log?: readonly string[];
  readonly around: number;
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly output: 'text' | 'json';
}

export function explainCommand(io: Io): Command {
  const command = new Command('explain')
    .description('why there is an alert, and what comes next; or why an event does or does not match a rule')
    .argument('[alert]', 'the alert, by name')
    .option(
      '--log <file>',
      'an audit log, plain or gzip, that may have the events of the alert; again for more',
      several,
    )
    .addOption(
      new Option('--around <duration>', 'how long before and after the alert they are of interest')
        .argParser(span)
        .default(5 * MINUTE, '5m'),
    )
    .option('--event <file>', 'an event, an EventList or an audit log, plain or gzip; - for standard input')
    .option('--rule <name>', 'with --event: the name of the rule, or its id')
    .option('--audit-id <id>', 'the event with this audit ID, where the file has several')
    .option('--line <n>', 'the event on this line of the file', lineNumber)
    .option('--all', 'tell all statements in full, not only those that decide')
    .option('--words', 'mark with words also on a terminal')
    .addOption(new Option('-o, --output <format>', 'how to print it').choices(['text', 'json']).default('text'))
    .addHelpText('after', HELP);
  addConfigFlags(command, ['--rules', '--state']);
  return addClusterFlags(command).action(async (alert: string | undefined, flags: Flags) => {
    const signs = io.outIsTerminal && (io.env.NO_COLOR ?? '') === '' && flags.words !== true;
    const style = { signs, all: flags.all === true };
    if (alert !== undefined) {
      if (flags.event !== undefined) throw new CommandError('explain an alert, or an event with --event: not both');
      await aboutAlert(alert, flags, style, io);
    } else if (flags.event === undefined) {
      throw new CommandError('explain what? Name an alert, or give an event with --event FILE and --rule NAME');
    } else if (flags.rule === undefined) {
      throw new CommandError('--event: expected --rule NAME as well: the rule that the event is held against');
    } else {
      await aboutEvent({ ...flags, event: flags.event, rule: flags.rule }, style, io);
    }
  });
}

async function aboutAlert(name: string, flags: Flags, style: ClauseStyle, io: Io): Promise<void> {
  const { kubeconfig, context, ...others } = flags;
  const config = configOf(others, io);
  // The default of the configuration is a file in the working directory: not the state of the cluster.
  const isNamed = [flags.config, flags.state, io.env.FIRSTSEEN_CONFIG, io.env.FIRSTSEEN_STATE].some(Boolean);
  const cluster = { ...(kubeconfig !== undefined && { kubeconfig }), ...(context !== undefined && { context }) };
  const explained = await withCluster(cluster, 'view', io, (client) =>
    explainAlert(
      name.replace(/^(alerts?|fsa)(\.firstseen\.dev)?\//, ''),
      {
        cluster: client,
        rulePaths: rulePaths(config),
        state: isNamed ? config.state : undefined,
        logs: flags.log ?? [],
        spanMicros: flags.around,
      },
      io,
    ),
  );
  io.out(flags.output === 'json' ? safeJson(explained) : formatAlertExplanation(explained, style));
}

async function aboutEvent(
  flags: Flags & { readonly event: string; readonly rule: string },
  style: ClauseStyle,
  io: Io,
): Promise<void> {
  const { auditId, line } = flags;
  const { rule, slots } = await findRule(flags.rule, rulePaths(configOf(flags, io)), io, EXIT.usage);
  const choice = { ...(auditId !== undefined && { auditId }), ...(line !== undefined && { line }) };
  const { event, from } = await pickEvent(flags.event, choice, io);
  const explained = explainEvent(rule, event, slots);
  io.out(flags.output === 'json' ? safeJson(explained) : formatEventExplanation(explained, from, style));
  if (!explained.matched) throw new CommandError('', EXIT.failed);
}

function several(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, text];
}

function span(text: string): number {
  const micros = parseDuration(text);
  if (micros === undefined) throw new InvalidArgumentError('Expected a duration such as 30s, 5m or 1h.');
  return micros;
}

function lineNumber(text: string): number {
  if (!/^[1-9]\d{0,14}$/.test(text)) throw new InvalidArgumentError('Expected a line number, from 1.');
  return Number(text);
}
