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
For an alert: prints the matched values, the terms known before and the nearest of them, the requests around the alert,
what to do, and commands to run next. The alert and its rule come from the cluster, known terms from the state (--config
or --state), and the requests from --log. For an event: prints whether a rule matches it and why.

Each condition is marked ✓ or ✗ on a terminal, and [holds] or [does not hold] with --words, in a pipe or with NO_COLOR.
The event's value follows in parentheses. Conditions that do not decide are shortened; --all prints them in full.

Exit codes: 0 the alert is explained, or the event matches; 1 the event does not match, or the alert was not found;
2 usage error, or the rule, the event or the cluster was not found.

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
    .description('explain why an alert was raised and what to do next, or why a rule matches an event or not')
    .argument('[alert]', 'name of the alert')
    .option('--log <file>', 'audit log with the events of the alert, plain or gzip; repeatable', several)
    .addOption(
      new Option('--around <duration>', 'time before and after the alert to read from the logs')
        .argParser(span)
        .default(5 * MINUTE, '5m'),
    )
    .option('--event <file>', 'event, EventList or audit log, plain or gzip; - reads standard input')
    .option('--rule <name>', 'with --event: name or id of the rule')
    .option('--audit-id <id>', 'with --event: pick the event with this audit ID')
    .option('--line <n>', 'with --event: pick the event on this line', lineNumber)
    .option('--all', 'print all conditions in full, not only the deciding ones')
    .option('--words', 'mark conditions with words on a terminal, too')
    .addOption(new Option('-o, --output <format>', 'output format').choices(['text', 'json']).default('text'))
    .addHelpText('after', HELP);
  addConfigFlags(command, ['--rules', '--state']);
  return addClusterFlags(command).action(async (alert: string | undefined, flags: Flags) => {
    const signs = io.outIsTerminal && (io.env.NO_COLOR ?? '') === '' && flags.words !== true;
    const style = { signs, all: flags.all === true };
    if (alert !== undefined) {
      if (flags.event !== undefined) throw new CommandError('pass either an alert or --event, not both');
      await aboutAlert(alert, flags, style, io);
    } else if (flags.event === undefined) {
      throw new CommandError('nothing to explain: pass the name of an alert, or --event FILE and --rule NAME');
    } else if (flags.rule === undefined) {
      throw new CommandError('--event needs --rule NAME');
    } else {
      await aboutEvent({ ...flags, event: flags.event, rule: flags.rule }, style, io);
    }
  });
}

async function aboutAlert(name: string, flags: Flags, style: ClauseStyle, io: Io): Promise<void> {
  const { kubeconfig, context, ...others } = flags;
  const config = configOf(others, io);
  // The default state is a file in the working directory, not the state of the cluster.
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
  if (!/^[1-9]\d{0,14}$/.test(text)) throw new InvalidArgumentError('Expected a line number, 1 or more.');
  return Number(text);
}
