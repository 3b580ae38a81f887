import { existsSync, readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { Command, Option } from 'commander';
import { flagName, loadConfig } from '../../config/load-config.ts';
import type { Config } from '../../config/schema.ts';
import { SETTINGS } from '../../config/settings.ts';
import { CHECKS } from '../../doctor/registry.ts';
import { runChecks } from '../../doctor/run-checks.ts';
import { type Account, type Configuration, createSubject, type GivenFile } from '../../doctor/subject.ts';
import { type Address, parseAddress } from '../../http/options.ts';
import type { KubeconfigSource } from '../../kubernetes/open-api-access.ts';
import { inPod } from '../../kubernetes/service-account.ts';
import { readFailure } from '../../rulefiles/find-rule-files.ts';
import { usualKubeconfig } from '../cluster-client.ts';
import { addConfigFlags } from '../configure.ts';
import { CommandError, EXIT, type Io } from '../io.ts';
import { countFindings, doctorReport } from './doctor-report.ts';

/** The default of the chart and the image. */
const CONFIG_FILE = '/etc/firstseen/firstseen.yaml';

/** For one check. Each call within it has a shorter limit. */
const CHECK_LIMIT_MS = 30_000;

const HELP = `
Doctor changes nothing. Checks without input or rights are reported as not checked.

Examples:
  $ kubectl -n firstseen exec deploy/firstseen -- firstseen doctor        in the pod: configuration, rules, store, rights
  $ kubectl -n firstseen exec -i deploy/firstseen -- firstseen doctor --webhook-kubeconfig - < webhook.yaml
  $ kubectl -n firstseen port-forward deploy/firstseen 9443 9444 &        from your machine, with your rights
  $ firstseen doctor --kubeconfig ~/.kube/config --ops http://127.0.0.1:9444 --connect 127.0.0.1:9443 \\
      --webhook-kubeconfig webhook.yaml --policy audit-policy.yaml --rules rules
  $ firstseen doctor --apiserver-flags /etc/rancher/k3s/config.yaml      if kube-apiserver is not a static pod
  $ firstseen doctor -o json | jq '.findings[] | select(.severity == "error")'

Exit codes: 0 all checks passed; 1 at least one error; 2 usage error; 3 no errors, but warnings or skipped checks.`;

interface Flags extends Record<string, unknown> {
  readonly context?: string;
  readonly serviceAccount?: Account;
  readonly apiserverFlags?: string;
  readonly webhookKubeconfig?: string;
  readonly policy?: string;
  readonly connect?: Address;
  readonly ops?: string;
  readonly output: 'text' | 'json';
}

export function doctorCommand(io: Io): Command {
  const command = new Command('doctor')
    .description('check an installation from the API server to the alerts, and say how to fix what is wrong')
    .addHelpText('after', HELP);
  addConfigFlags(command, ['--state', '--rules', '--kubeconfig'])
    .option('--context <name>', 'kubeconfig context (default: the current one)')
    .option('--service-account <namespace:name>', 'service account of firstseen, to check its rights', account)
    .option('--apiserver-flags <file>', "kube-apiserver's flags: its pod manifest, or one flag per line")
    .option('--webhook-kubeconfig <file>', "the API server's kubeconfig for the audit webhook; - reads standard input")
    .option('--policy <file>', "the API server's audit policy")
    .option(
      '--connect <host:port>',
      "connect here instead of to the webhook's address, for example to a port-forward",
      address,
    )
    .option('--ops <url>', 'health and metrics URL of the running firstseen')
    .addOption(new Option('-o, --output <format>', 'output format').choices(['text', 'json']).default('text'));
  return command.action(async (flags: Flags) => {
    // A missing file from a flag is a usage error; a missing file from the configuration or kubectl is a finding.
    if (typeof flags.kubeconfig === 'string') await given(flags.kubeconfig, '--kubeconfig', io);
    const configuration = configurationOf(flags, io);
    const subject = createSubject({
      configuration,
      version: io.version,
      kubeconfig: kubeconfigOf(configuration, flags, io),
      account: flags.serviceAccount,
      apiServerFlags: await given(flags.apiserverFlags, '--apiserver-flags', io),
      webhookKubeconfig: await given(flags.webhookKubeconfig, '--webhook-kubeconfig', io),
      policy: await given(flags.policy, '--policy', io),
      connect: flags.connect,
      ops: flags.ops === undefined ? undefined : opsUrl(flags.ops),
    });
    const findings = await runChecks(CHECKS, subject, CHECK_LIMIT_MS);
    const counts = countFindings(findings);
    if (flags.output === 'json') io.out(`${JSON.stringify({ counts, findings }, null, 2)}\n`);
    else io.out(doctorReport(findings, io.outIsTerminal && (io.env.NO_COLOR ?? '') === ''));
    if (counts.error > 0) throw new CommandError('', EXIT.failed);
    if (counts.warning + counts.unchecked > 0) throw new CommandError('', EXIT.incomplete);
  });
}

function configurationOf(flags: Flags, io: Io): Configuration {
  const named = typeof flags.config === 'string' ? flags.config : io.env.FIRSTSEEN_CONFIG || undefined;
  const file = named ?? (existsSync(CONFIG_FILE) ? CONFIG_FILE : undefined);
  const loaded = loadConfig({ file, env: io.env, flags });
  if (loaded.kind === 'invalid') return loaded;
  const { config } = loaded;
  if (file !== undefined) return { kind: 'ok', config, from: file };
  const given = SETTINGS.flatMap(({ path: [section = '', ...below], env, flag }) => {
    // A kubeconfig only locates the cluster.
    if (section === 'kubernetes' && below[0] === 'kubeconfig') return [];
    const isSet = (env !== undefined && io.env[env]) || (flag !== undefined && flags[flagName(flag)] !== undefined);
    return isSet ? [section] : [];
  });
  return { kind: 'none', config, given: new Set(given as (keyof Config)[]) };
}

/** The cluster of the configuration, else the pod's own, else kubectl's. */
function kubeconfigOf(configuration: Configuration, flags: Flags, io: Io): KubeconfigSource {
  const configured = configuration.kind === 'invalid' ? undefined : configuration.config.kubernetes;
  const named = typeof flags.kubeconfig === 'string' ? flags.kubeconfig : io.env.FIRSTSEEN_KUBECONFIG || undefined;
  const kubeconfig = named ?? configured?.kubeconfig ?? (inPod() ? undefined : usualKubeconfig(io.env));
  return { kubeconfig, context: flags.context ?? configured?.context, env: io.env };
}

async function given(name: string | undefined, flag: string, io: Io): Promise<GivenFile | undefined> {
  if (name === undefined) return undefined;
  if (name === '-') return { name: 'standard input', text: await text(io.stdin) };
  try {
    return { name, text: readFileSync(name, 'utf8') };
  } catch (error) {
    throw new CommandError(`${flag}: ${name}: ${readFailure(error)}`);
  }
}

function account(given: string): Account {
  const [, namespace, name] = /^([a-z0-9.-]+):([a-z0-9.-]+)$/.exec(given) ?? [];
  if (namespace !== undefined && name !== undefined) return { namespace, name };
  throw new CommandError('--service-account: expected NAMESPACE:NAME, such as firstseen:firstseen');
}

function address(given: string): Address {
  const parsed = parseAddress(given);
  if (parsed !== undefined) return parsed;
  throw new CommandError('--connect: expected HOST:PORT, such as 127.0.0.1:9443');
}

function opsUrl(given: string): string {
  const url = URL.parse(given);
  if (url !== null && (url.protocol === 'http:' || url.protocol === 'https:')) return url.href.replace(/\/$/, '');
  throw new CommandError('--ops: expected a URL such as http://127.0.0.1:9444');
}
