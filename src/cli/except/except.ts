import { Command, InvalidArgumentError, Option } from 'commander';
import { parseDuration } from '../../rules/duration.ts';
import { EXCEPTION_BOUNDS } from '../../rules/exception-schema.ts';
import { isRuleName } from '../../rules/rule-name.ts';
import { RULE_BOUNDS } from '../../rules/rule-schema.ts';
import { parseTime } from '../../rules/schema-parts.ts';
import { formatSeconds } from '../../ruleset/condition.ts';
import { type AlertObject, findAlert, listAlerts } from '../alerts/alert-object.ts';
import { changePhase, DRY_RUNS, type DryRun, noSuchAlert } from '../alerts/change-phase.ts';
import { printAlerts, qualifiedName } from '../alerts/print-alerts.ts';
import { addClusterFlags, type ClusterClient, type ClusterFlags, withCluster } from '../cluster-client.ts';
import { count } from '../count.ts';
import type { Io } from '../io.ts';
import { safeJson, safeYaml } from '../safe-output.ts';
import { createException, type ExceptionObject, exceptionObject, whoAmI } from './exception-object.ts';
import { covers, narrowestException, type Proposal } from './narrowest.ts';
import { explainProposal } from './proposal-text.ts';

const HELP = `
Creates a RuleException for the rule and cluster of the alert. It matches requests with the same user, verb, object and
outcome; values that change every time, such as client versions, are left out. The command prints each condition with
its reason, and the existing alerts that the exception covers.

\`kubectl get ruleexceptions\` shows whether the exception is in force, how many matches it silenced and when it ends.
Existing alerts stay; --close closes the alerts that it covers.

Exit codes: 0 done; 1 the alert was not found; 2 usage error, or the API server refused.

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

/** End of the exception, in µs. */
type Ending = { readonly after: number } | { readonly at: number } | 'never';

export function exceptCommand(io: Io): Command {
  const command = new Command('except')
    .description('create the narrowest exception that covers an alert, and explain its conditions')
    .argument('<alert>', 'name of the alert')
    .addOption(
      new Option('--reason <text>', 'why these events are harmless; kept in the exception')
        .argParser(bounded(RULE_BOUNDS.reason))
        .makeOptionMandatory(),
    )
    .addOption(
      new Option('--expires <when>', 'end of the exception: a duration such as 12h or 30d, a date, or never')
        .argParser(ending)
        .default({ after: parseDuration(DEFAULT_EXPIRES) ?? 0 }, DEFAULT_EXPIRES),
    )
    .addOption(
      new Option('--author <name>', 'who is responsible (default: your user name in the cluster)').argParser(
        bounded(EXCEPTION_BOUNDS.author),
      ),
    )
    .addOption(new Option('--name <name>', 'name of the exception (default: derived from the rule)').argParser(named))
    .addOption(
      new Option('--with <field>', 'add a condition on this field; repeatable').argParser(list).default([], 'none'),
    )
    .addOption(
      new Option('--without <field>', 'remove the condition on this field; repeatable')
        .argParser(list)
        .default([], 'none'),
    )
    .option('--close', 'close the alerts that the exception covers')
    .addOption(
      new Option('--dry-run <strategy>', 'client: only print the exception; server: send it without saving')
        .choices(DRY_RUNS)
        .default('none'),
    )
    .addOption(
      new Option('-o, --output <format>', 'output format; text explains the exception, the others print only it')
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

/** @returns the existing alerts that the exception covers */
async function except(name: string, flags: Flags, cluster: ClusterClient, io: Io): Promise<readonly AlertObject[]> {
  const { dryRun, output } = flags;
  const now = Date.now() * 1_000;
  const alert = await findAlert(cluster, name.replace(/^(alerts?|fsa)(\.firstseen\.dev)?\//, ''));
  if (alert === undefined) throw noSuchAlert([name]);

  const proposal = narrowestException(alert, flags);
  const expires = endOf(flags.expires, now);
  const author = flags.author ?? (await whoAmI(cluster));
  const exception = exceptionObject(proposal, { ...flags, expires, author });
  if (dryRun !== 'client') await createException(cluster, exception, dryRun === 'server');
  if (output !== 'text') io.out(printException(exception, output));

  // Keeps standard output to the exception itself.
  const say = output === 'text' ? io.out : io.err;
  if (output === 'text') say(`${nameOf(exception)} created${SUFFIXES[dryRun]}\n`);
  say(explainProposal(proposal, expires));
  return coveredAlerts(proposal, cluster, say, now);
}

const SUFFIXES: Readonly<Record<DryRun, string>> = { none: '', client: ' (dry run)', server: ' (server dry run)' };

/** The existing alerts that the exception covers; prints them. */
async function coveredAlerts(
  proposal: Proposal,
  cluster: ClusterClient,
  say: (text: string) => void,
  now: number,
): Promise<readonly AlertObject[]> {
  const ofRule = await listAlerts(cluster, { fields: `spec.rule.name=${proposal.rule}` });
  const covered = ofRule.filter((alert) => covers(proposal, alert));
  say(`It covers ${covered.length} of ${count(ofRule.length, 'alert')} of this rule:\n`);
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
      io.err('The exception was created, but its alerts were not closed: `firstseen alerts close` closes them.\n');
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
    throw new InvalidArgumentError('Expected a duration such as 12h or 30d, a date such as 2027-01-31, or never.');
  if (at <= Date.now() * 1_000) throw new InvalidArgumentError('Expected a time in the future.');
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
  throw new InvalidArgumentError('Expected at most 200 lower-case letters, digits, "-" and ".".');
}

function list(text: string, before: readonly string[]): readonly string[] {
  return [...before, ...text.split(',')];
}
