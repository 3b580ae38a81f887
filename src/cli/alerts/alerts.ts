import { Command, Option } from 'commander';
import { addClusterFlags, type ClusterFlags, withCluster } from '../cluster-client.ts';
import type { Io } from '../io.ts';
import { changePhaseCommand, type PhaseVerb, requireFound } from './change-phase.ts';
import { describeAlertObject } from './describe-alert.ts';
import { ALERT_OUTPUTS, type AlertOutput, printAlerts } from './print-alerts.ts';
import { addSelectionFlags, type SelectionFlags, selectAlerts } from './select-alerts.ts';

const HELP = `
Alerts are resources in the cluster, so kubectl works as well:
  kubectl get alerts
  kubectl patch alert NAME --subresource=status --type=merge -p '{"status":{"phase":"Closed"}}'`;

const LIST_HELP = `
Examples:
  $ firstseen alerts list --phase open --severity high,critical
  $ firstseen alerts list --rule 'exec-*' --since 24h -o wide
  $ firstseen alerts list --user 'system:serviceaccount:ci:*' -o name`;

const CHANGE_HELP = (verb: string) => `
firstseen reads from the audit log who made the change and records it in a condition of the alert.

Exit codes: 0 done; 1 an alert was not found; 2 usage error, or the API server refused.

Examples:
  $ firstseen alerts ${verb} exec-into-pod-5kq2m8vz
  $ firstseen alerts ${verb} --rule exec-into-pod --user alice --dry-run client
  $ firstseen alerts ${verb} --since 1h --severity low`;

const VERBS: readonly PhaseVerb[] = [
  {
    name: 'ack',
    alias: 'acknowledge',
    description: 'acknowledge alerts; repeats still raise their count',
    to: 'Acknowledged',
    from: ['Open'],
    done: 'acknowledged',
    help: CHANGE_HELP('ack'),
  },
  {
    name: 'close',
    description: 'close alerts; the setting alerts.onClose says what a later match does',
    to: 'Closed',
    from: ['Open', 'Acknowledged'],
    done: 'closed',
    help: CHANGE_HELP('close'),
  },
  {
    name: 'reopen',
    description: 'open acknowledged or closed alerts again',
    to: 'Open',
    from: ['Acknowledged', 'Closed'],
    done: 'reopened',
    help: CHANGE_HELP('reopen'),
  },
];

export function alertsCommand(io: Io): Command {
  const command = new Command('alerts')
    .description('list, show, acknowledge and close alerts')
    .addHelpText('after', HELP)
    .addCommand(listCommand(io))
    .addCommand(showCommand(io));
  for (const verb of VERBS) command.addCommand(changePhaseCommand(verb, io));
  return command;
}

interface ListFlags extends SelectionFlags, ClusterFlags {
  readonly output: AlertOutput;
}

function listCommand(io: Io): Command {
  const command = new Command('list')
    .alias('ls')
    .description('list alerts, most recently seen first')
    .argument('[name...]', 'names of alerts (default: all that the flags select)');
  addClusterFlags(addSelectionFlags(command))
    .addOption(new Option('-o, --output <format>', 'output format').choices(ALERT_OUTPUTS).default('table'))
    .addHelpText('after', LIST_HELP);
  return command.action(async (names: string[], flags: ListFlags) => {
    const now = Date.now() * 1_000;
    await withCluster(flags, 'view', io, async (cluster) => {
      const { alerts, missing } = await selectAlerts(names, flags, cluster, now);
      const isTable = flags.output === 'table' || flags.output === 'wide';
      if (alerts.length > 0 || !isTable) io.out(printAlerts(alerts, flags.output, now));
      else if (missing.length === 0) io.err('no alerts\n');
      requireFound(missing);
    });
  });
}

function showCommand(io: Io): Command {
  const command = new Command('show').description('show alerts in detail').argument('<name...>', 'names of alerts');
  addClusterFlags(command)
    .addOption(new Option('-o, --output <format>', 'output format').choices(['text', 'json', 'yaml']).default('text'))
    .addHelpText('after', '\n`firstseen explain NAME` says why an alert was raised and what to do next.');
  return command.action(
    async (names: string[], flags: ClusterFlags & { readonly output: 'text' | 'json' | 'yaml' }) => {
      await withCluster(flags, 'view', io, async (cluster) => {
        const now = Date.now() * 1_000;
        const { alerts, missing } = await selectAlerts(names, {}, cluster, now);
        io.out(
          flags.output === 'text' ? alerts.map(describeAlertObject).join('\n') : printAlerts(alerts, flags.output, now),
        );
        requireFound(missing);
      });
    },
  );
}
