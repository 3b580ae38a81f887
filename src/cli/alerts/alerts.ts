import { Command, Option } from 'commander';
import { addClusterFlags, type ClusterFlags, withCluster } from '../cluster-client.ts';
import type { Io } from '../io.ts';
import { changePhaseCommand, type PhaseVerb, requireFound } from './change-phase.ts';
import { describeAlertObject } from './describe-alert.ts';
import { ALERT_OUTPUTS, type AlertOutput, printAlerts } from './print-alerts.ts';
import { addSelectionFlags, type SelectionFlags, selectAlerts } from './select-alerts.ts';

const HELP = `
They are kept in the cluster as Alerts: what these commands do, kubectl can do as well.
  kubectl get alerts
  kubectl patch alert NAME --subresource=status --type=merge -p '{"status":{"phase":"Closed"}}'`;

const LIST_HELP = `
Examples:
  $ firstseen alerts list --phase open --severity high,critical
  $ firstseen alerts list --rule 'exec-*' --since 24h -o wide
  $ firstseen alerts list --user 'system:serviceaccount:ci:*' -o name`;

const CHANGE_HELP = (verb: string) => `
Who did it is told by the audit log, and stands in a condition of the alert.

Exit codes: 0 done; 1 an alert is not there; 2 called wrongly, or refused.

Examples:
  $ firstseen alerts ${verb} exec-into-pod-5kq2m8vz
  $ firstseen alerts ${verb} --rule exec-into-pod --user alice --dry-run client
  $ firstseen alerts ${verb} --since 1h --severity low`;

const VERBS: readonly PhaseVerb[] = [
  {
    name: 'ack',
    alias: 'acknowledge',
    description: 'say that somebody looks at them; repeats go on counting',
    to: 'Acknowledged',
    from: ['Open'],
    done: 'acknowledged',
    help: CHANGE_HELP('ack'),
  },
  {
    name: 'close',
    description: 'say that they are dealt with; what a later match does is alerts.onClose of the configuration',
    to: 'Closed',
    from: ['Open', 'Acknowledged'],
    done: 'closed',
    help: CHANGE_HELP('close'),
  },
  {
    name: 'reopen',
    description: 'say that they are not dealt with after all',
    to: 'Open',
    from: ['Acknowledged', 'Closed'],
    done: 'reopened',
    help: CHANGE_HELP('reopen'),
  },
];

export function alertsCommand(io: Io): Command {
  const command = new Command('alerts')
    .description('look at the alerts of a cluster, acknowledge and close them')
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
    .description('print them, those seen last first')
    .argument('[name...]', 'alerts by name; those that are selected unless given');
  addClusterFlags(addSelectionFlags(command))
    .addOption(new Option('-o, --output <format>', 'how to print them').choices(ALERT_OUTPUTS).default('table'))
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
  const command = new Command('show')
    .description('print all that is known of them')
    .argument('<name...>', 'alerts by name');
  addClusterFlags(command)
    .addOption(
      new Option('-o, --output <format>', 'how to print them').choices(['text', 'json', 'yaml']).default('text'),
    )
    .addHelpText('after', '\nWhy it was raised, and what to do next: firstseen explain NAME');
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
