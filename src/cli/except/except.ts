import { Command, InvalidArgumentError, Option } from 'commander';
import { sanitise } from '../../audit/text.ts';
import { parseDuration } from '../../rules/duration.ts';
import { EXCEPTION_BOUNDS } from '../../rules/exception-schema.ts';
import { isRuleName } from '../../rules/rule-name.ts';
import { RULE_BOUNDS } from '../../rules/rule-schema.ts';
import { parseTime } from '../../rules/schema-parts.ts';
import { formatSeconds } from '../../ruleset/condition.ts';
import { type AlertObject, findAlert, listAlerts } from '../alerts/alert-object.ts';
import { changePhase, DRY_RUNS, type DryRun } from '../alerts/change-phase.ts';
import { printAlerts, qualifiedName } from '../alerts/print-alerts.ts';
import { addClusterFlags, type ClusterClient, type ClusterFlags, withCluster } from '../cluster-client.ts';
import { CommandError, EXIT, type Io } from '../io.ts';
import { safeJson, safeYaml } from '../safe-output.ts';
import { createException, type ExceptionObject, exceptionObject, whoAmI } from './exception-object.ts';
import { covers, narrowestException, type Proposal } from './narrowest.ts';
import { explainProposal } from './proposal-text.ts';

const HELP = `
The exception is for the rule and the cluster of the alert, and for requests like this one: by the same user, of the same verb,
on the same object, with the same outcome. What is another each time is left out, such as the version of a client. It says what
it asks for and why, and which of the alerts at hand it would have kept from being.

It is a RuleException: kubectl get ruleexceptions shows whether it is at work, what it has silenced, and when it ends. Nothing
is deleted: alerts that are there stay, and --close closes those that it covers.

Exit codes: 0 done; 1 there is no such alert; 2 called wrongly, or refused.

Examples:
  $ firstseen except exec-into-pod-5kq2m8vz --reason 'on-call debugging, INC-42' --expires 24h
  $ firstseen except exec-into-pod-5kq2m8vz --reason 'backup job' --without kubernetes.audit.objectRef.name --close
  $ firstseen except exec-into-pod-5kq2m8vz --reason 'backup job' --dry-run=client -o yaml > exception.yaml`;

const DEFAULT_EXPIRES = '90d';
const OUTPUTS = ['text', 'yaml', 'json', 'name'] as const;

interface Flags extends ClusterFlags {
  readonly reason: string;
  readonly expires: Ending;
  readonly author?: string;
  readonly name?: string;
  readonly with: readonly string[];
  readonly without: readonly string[];
  readonly close?: true;
  readonly dryRun: DryRun;
  readonly output: (typeof OUTPUTS)[number];
}

/** When the exception ends: in so long, at a time, or not (µs). */
type Ending = { readonly after: number } | { readonly at: number } | 'never';

export function exceptCommand(io: Io): Command {
  const command = new Command('except')
    .description('write the narrowest exception that would have kept an alert from being, and say why it is that one')
    .argument('<alert>', 'an alert by name')
    .addOption(
      new Option('--reason <text>', 'why such events are harmless; it stands in the exception')
        .argParser(bounded(RULE_BOUNDS.reason))
        .makeOptionMandatory(),
    )
    .addOption(
      new Option('--expires <when>', 'when it ends: after a time such as 12h or 30d, on a date, or never')
        .argParser(ending)
        .default({ after: parseDuration(DEFAULT_EXPIRES) ?? 0 }, DEFAULT_EXPIRES),
    )
    .addOption(
      new Option('--author <name>', 'who answers for it; who you are to the cluster, unless given').argParser(
        bounded(EXCEPTION_BOUNDS.author),
      ),
    )
    .addOption(new Option('--name <name>', 'the name of the exception; made of the rule unless given').argParser(named))
    .addOption(
      new Option('--with <field>', 'ask for this field as well; may be repeated').argParser(list).default([], 'none'),
    )
    .addOption(
      new Option('--without <field>', 'do not ask for this field; may be repeated').argParser(list).default([], 'none'),
    )
    .option('--close', 'close the alerts that it covers')
    .addOption(
      new Option(
        '--dry-run <strategy>',
        'none; client: write nothing; server: let the API server judge it, and write nothing',
      )
        .choices(DRY_RUNS)
        .default('none'),
    )
    .addOption(
      new Option('-o, --output <format>', 'text: what it is and why; the others print the exception alone')
        .choices(OUTPUTS)
        .default('text'),
    );
  return addClusterFlags(command)
    .addHelpText('after', HELP)
    .action(async (name: string, flags: Flags) => {
      const covered = await withCluster(flags, 'author', io, (cluster) => except(name, flags, cluster, io));
      if (flags.close === true)
        await withCluster(flags, 'responder', io, (cluster) => close(covered, flags, cluster, io));
    });
}

/** @returns the alerts at hand that it covers */
async function except(name: string, flags: Flags, cluster: ClusterClient, io: Io): Promise<readonly AlertObject[]> {
  const { dryRun, output } = flags;
  const now = Date.now() * 1_000;
  const alert = await findAlert(cluster, name.replace(/^(alerts?|fsa)(\.firstseen\.dev)?\//, ''));
  if (alert === undefined) throw new CommandError(`there is no alert ${sanitise(name)}`, EXIT.failed);

  const proposal = narrowestException(alert, flags);
  const expires = endOf(flags.expires, now);
  const author = flags.author ?? (await whoAmI(cluster));
  const exception = exceptionObject(proposal, { ...flags, expires, author });
  if (dryRun !== 'client') await createException(cluster, exception, dryRun === 'server');
  if (output !== 'text') io.out(printException(exception, output));

  // Where the exception itself is the output, what is said of it is not.
  const say = output === 'text' ? io.out : io.err;
  if (output === 'text') say(`${nameOf(exception)} created${SUFFIXES[dryRun]}\n`);
  say(explainProposal(proposal, expires));
  return coveredAlerts(proposal, cluster, say, now);
}

const SUFFIXES: Readonly<Record<DryRun, string>> = { none: '', client: ' (dry run)', server: ' (server dry run)' };

/** The alerts at hand that the exception would have kept from being; says which they are. */
async function coveredAlerts(
  proposal: Proposal,
  cluster: ClusterClient,
  say: (text: string) => void,
  now: number,
): Promise<readonly AlertObject[]> {
  const ofRule = await listAlerts(cluster, { fields: `spec.rule.name=${proposal.rule}` });
  const covered = ofRule.filter((alert) => covers(proposal, alert));
  const all = ofRule.length === 1 ? 'the one alert' : `the ${ofRule.length} alerts`;
  say(`Of ${all} of this rule at hand it covers ${covered.length === ofRule.length ? 'all' : covered.length}:\n`);
  say(printAlerts(covered, 'table', now));
  return covered;
}

async function close(
  alerts: readonly AlertObject[],
  { dryRun, output }: Flags,
  cluster: ClusterClient,
  io: Io,
): Promise<void> {
  const say = output === 'text' ? io.out : io.err;
  const verb = { to: 'Closed', from: ['Open', 'Acknowledged'], done: 'closed' } as const;
  for (const alert of alerts) {
    const { done, text } = await changePhase(alert, verb, dryRun, cluster).catch((error: unknown) => {
      io.err('The exception is written; the alerts that it covers are not closed.\n');
      throw error;
    });
    if (done !== undefined && text !== undefined) say(`${qualifiedName(alert)} ${text}\n`);
  }
}

function printException(exception: ExceptionObject, output: 'yaml' | 'json' | 'name'): string {
  if (output === 'name') return `${nameOf(exception)}\n`;
  return output === 'yaml' ? safeYaml(exception) : safeJson(exception);
}

function nameOf({ metadata }: ExceptionObject): string {
  return `ruleexception.firstseen.dev/${metadata.name}`;
}

function endOf(ending: Ending, now: number): string | undefined {
  if (ending === 'never') return undefined;
  return formatSeconds('at' in ending ? ending.at : now + ending.after);
}

function ending(text: string): Ending {
  if (text === 'never') return 'never';
  const after = parseDuration(text);
  if (after !== undefined && after > 0) return { after };
  const at = parseTime(text);
  if (at === undefined)
    throw new InvalidArgumentError('Expected a time such as 12h or 30d, a date such as 2027-01-31, or never.');
  if (at <= Date.now() * 1_000) throw new InvalidArgumentError('Expected a time that is still to come.');
  return { at };
}

function bounded(most: number): (text: string) => string {
  return (text) => {
    if (text.trim() === '') throw new InvalidArgumentError('Expected some text.');
    if (text.length > most)
      throw new InvalidArgumentError(`Expected at most ${most} characters, found ${text.length}.`);
    return text;
  };
}

function named(text: string): string {
  if (isRuleName(text)) return text;
  throw new InvalidArgumentError('Expected a name of lower-case letters, digits, "-" and ".", at most 200 characters.');
}

function list(text: string, before: readonly string[]): readonly string[] {
  return [...before, ...text.split(',')];
}
