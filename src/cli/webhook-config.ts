import { readFileSync } from 'node:fs';
import { Command, Option } from 'commander';
import { stringify } from 'yaml';
import { API_SERVER_FLAGS } from '../http/api-server-flags.ts';
import { isLoopback } from '../http/options.ts';
import { readFailure } from '../rulefiles/find-rule-files.ts';
import { CommandError, type Io } from './io.ts';

const NO_CREDENTIAL = 'It holds no credential, so firstseen must accept events from anyone.';

const HELP = `
Examples:
  $ firstseen webhook-config --server https://10.96.0.20:9443 --ca-file ca.crt \\
      --client-cert-file apiserver.crt --client-key-file apiserver.key > webhook.yaml
  $ firstseen webhook-config --server https://firstseen.example:9443 --ca-file ca.crt --token-file token > webhook.yaml
  $ firstseen webhook-config --server http://127.0.0.1:9443 -o flags

The API server cannot resolve Service names: pass the cluster IP, and --tls-server-name if the certificate has a name.`;

interface Flags {
  readonly server: string;
  readonly caFile?: string;
  readonly clientCertFile?: string;
  readonly clientKeyFile?: string;
  readonly tokenFile?: string;
  readonly tlsServerName?: string;
  readonly directory: string;
  readonly output: 'kubeconfig' | 'flags';
}

export function webhookConfigCommand(io: Io): Command {
  return new Command('webhook-config')
    .description("print the API server's kubeconfig for the audit webhook, and the kube-apiserver flags")
    .requiredOption('--server <url>', 'URL of firstseen for the API server, such as https://10.96.0.20:9443/audit')
    .option('--ca-file <file>', 'CA of the firstseen certificate')
    .option('--client-cert-file <file>', 'client certificate of the API server')
    .option('--client-key-file <file>', 'key of the client certificate')
    .option('--token-file <file>', 'bearer token of the API server, instead of a client certificate')
    .option('--tls-server-name <name>', 'name in the firstseen certificate, if the URL has an address')
    .option('--directory <path>', 'folder of the files on the control plane', '/etc/kubernetes/firstseen')
    .addOption(
      new Option('-o, --output <what>', 'output format').choices(['kubeconfig', 'flags']).default('kubeconfig'),
    )
    .addHelpText('after', HELP)
    .action((flags: Flags) => {
      const lines = apiServerFlags(flags.directory);
      const config = stringify(kubeconfig(flags), { lineWidth: 0 });
      if (flags.output === 'flags') io.out(`${lines.map(({ flag }) => flag).join('\n')}\n`);
      else io.out(`${header(flags, lines)}${config}`);
    });
}

function apiServerFlags(directory: string) {
  return [
    {
      flag: `--audit-policy-file=${directory}/audit-policy.yaml`,
      why: 'which events are recorded; start with deploy/audit-policy.yaml',
    },
    { flag: `--audit-webhook-config-file=${directory}/webhook.yaml`, why: 'this file' },
    ...API_SERVER_FLAGS.map(({ name, value, why }) => ({ flag: `--${name}=${value}`, why })),
  ];
}

function header(given: Flags, flags: readonly { readonly flag: string; readonly why: string }[]): string {
  const width = Math.max(...flags.map(({ flag }) => flag.length));
  const isSecret = given.tokenFile !== undefined || given.clientKeyFile !== undefined;
  return [
    `# The kubeconfig of the audit webhook. ${isSecret ? 'It holds a credential: keep it readable by root only.' : NO_CREDENTIAL}`,
    `# Save it as ${given.directory}/webhook.yaml on every control-plane node, mount the folder into kube-apiserver,`,
    '# and start kube-apiserver with:',
    '#',
    ...flags.map(({ flag, why }) => `#   ${flag.padEnd(width)}  ${why}`),
    '#',
    '# kube-apiserver reads the file once at its start, and does not start without it.',
    '',
  ].join('\n');
}

function kubeconfig({ server, tlsServerName, ...files }: Flags): object {
  const url = URL.parse(server);
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    throw new CommandError(
      `--server: expected a URL such as https://10.96.0.20:9443/audit, found ${JSON.stringify(server)}`,
    );
  }
  if (url.protocol === 'http:' && !isLoopback({ host: url.hostname.replace(/^\[|\]$/g, ''), port: 0 })) {
    throw new CommandError('--server: expected https: audit events must not cross the network unencrypted');
  }
  if (url.pathname === '/') url.pathname = '/audit';
  if ((files.clientCertFile === undefined) !== (files.clientKeyFile === undefined)) {
    throw new CommandError('pass --client-cert-file and --client-key-file together');
  }
  if (files.clientCertFile !== undefined && files.tokenFile !== undefined) {
    throw new CommandError('pass either a client certificate or --token-file, not both');
  }
  const ca = files.caFile === undefined ? {} : { 'certificate-authority-data': base64(files.caFile, '--ca-file') };
  const name = tlsServerName === undefined ? {} : { 'tls-server-name': tlsServerName };
  return {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'firstseen', cluster: { server: url.href, ...name, ...ca } }],
    users: [{ name: 'kube-apiserver', user: credential(files) }],
    contexts: [{ name: 'audit', context: { cluster: 'firstseen', user: 'kube-apiserver' } }],
    'current-context': 'audit',
  };
}

function credential({ clientCertFile, clientKeyFile, tokenFile }: Partial<Flags>): object {
  if (tokenFile !== undefined) return { token: read(tokenFile, '--token-file').toString('utf8').trim() };
  if (clientCertFile === undefined || clientKeyFile === undefined) return {};
  return {
    'client-certificate-data': base64(clientCertFile, '--client-cert-file'),
    'client-key-data': base64(clientKeyFile, '--client-key-file'),
  };
}

function base64(file: string, flag: string): string {
  return read(file, flag).toString('base64');
}

function read(file: string, flag: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new CommandError(`${flag}: ${file}: ${readFailure(error)}`);
  }
}
