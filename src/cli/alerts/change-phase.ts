import { Command, Option } from 'commander';
import { sanitise } from '../../audit/text.ts';
import type { AlertPhase } from '../../detect/alert.ts';
import { alertPath } from '../../kubernetes/alert-resource.ts';
import { addClusterFlags, type ClusterClient, type ClusterFlags, withCluster } from '../cluster-client.ts';
import { CommandError, EXIT, type Io } from '../io.ts';
import { type AlertObject, readAlert } from './alert-object.ts';
import { ALERT_OUTPUTS, type AlertOutput, printAlerts, qualifiedName } from './print-alerts.ts';
import { addSelectionFlags, isSelective, type SelectionFlags, selectAlerts } from './select-alerts.ts';

/** A subcommand that changes the phase of alerts. */
export interface PhaseVerb {
  readonly name: string;
  readonly alias?: string;
  readonly description: string;
  readonly to: AlertPhase;
  /** The phases that it changes. An alert in any other phase stays as it is. */
  readonly from: readonly AlertPhase[];
  /** The word after the name in the output, as in kubectl's: `alert.firstseen.dev/NAME closed`. */
  readonly done: string;
  readonly help: string;
}

export const DRY_RUNS = ['none', 'client', 'server'] as const;
export type DryRun = (typeof DRY_RUNS)[number];

interface Flags extends SelectionFlags, ClusterFlags {
  readonly dryRun: DryRun;
  readonly output?: AlertOutput;
}

export function changePhaseCommand({ name, alias, description, help, ...verb }: PhaseVerb, io: Io): Command {
  const command = new Command(name).description(description).argument('[name...]', 'names of alerts');
  if (alias !== undefined) command.alias(alias);
  addClusterFlags(addSelectionFlags(command).option('--all', 'every alert'))
    .addOption(
      new Option('--dry-run <strategy>', 'client: only print the changes; server: send them without saving')
        .choices(DRY_RUNS)
        .default('none'),
    )
    .addOption(new Option('-o, --output <format>', 'print the alerts in this format').choices(ALERT_OUTPUTS))
    .addHelpText('after', help);
  return command.action(async (names: string[], flags: Flags) => {
    if (names.length === 0 && !isSelective(flags)) {
      throw new CommandError(`no alerts given: pass names, selectors or --all (see firstseen alerts ${name} --help)`);
    }
    const now = Date.now() * 1_000;
    await withCluster(flags, 'responder', io, async (cluster) => {
      const { alerts, missing } = await selectAlerts(names, flags, cluster, now);
      const result: AlertObject[] = [];
      for (const alert of alerts) {
        const { done, text } = await changePhase(alert, verb, flags.dryRun, cluster);
        if (done === undefined) missing.push(alert.metadata.name);
        else result.push(done);
        if (flags.output === undefined && text !== undefined) io.out(`${qualifiedName(alert)} ${text}\n`);
      }
      if (flags.output !== undefined) io.out(printAlerts(result, flags.output, now));
      else if (alerts.length + missing.length === 0) io.err('no alert matches the flags\n');
      requireFound(missing);
    });
  });
}

/** @throws CommandError with the missing names, if there are any */
export function requireFound(missing: readonly string[]): void {
  if (missing.length > 0) throw noSuchAlert(missing);
}

export function noSuchAlert(missing: readonly string[]): CommandError {
  const names = missing.map((name) => sanitise(name)).join(', ');
  return new CommandError(`alert not found: ${names}\n  hint: \`firstseen alerts list\` prints the names`, EXIT.failed);
}

interface Changed {
  /** Undefined if the alert no longer exists. */
  readonly done: AlertObject | undefined;
  readonly text?: string;
}

/** Changes the phase of an alert if its phase is in `from`. */
export async function changePhase(
  alert: AlertObject,
  { to, from, done }: Pick<PhaseVerb, 'to' | 'from' | 'done'>,
  dryRun: DryRun,
  cluster: ClusterClient,
): Promise<Changed> {
  const { phase } = alert.status;
  if (!from.some((each) => each === phase)) return { done: alert, text: `unchanged (${sanitise(phase)})` };
  if (dryRun === 'client') {
    return { done: { ...alert, status: { ...alert.status, phase: to } }, text: `${done} (dry run)` };
  }
  const body = await cluster.find({
    method: 'PATCH',
    path: `${alertPath(alert.metadata.name)}/status${dryRun === 'server' ? '?dryRun=All' : ''}`,
    contentType: 'application/merge-patch+json',
    body: { status: { phase: to } },
  });
  if (body === undefined) return { done: undefined };
  return { done: readAlert(body), text: dryRun === 'server' ? `${done} (server dry run)` : done };
}
