import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import type { Command } from 'commander';
import { type ApiCall, createKubernetesClient, type KubernetesClient } from '../kubernetes/client.ts';
import type { KubeconfigSource } from '../kubernetes/open-api-access.ts';
import { inPod } from '../kubernetes/service-account.ts';
import { OperationalError } from '../telemetry/operational-error.ts';
import { CommandError, type Io } from './io.ts';

/** How a command is told which cluster, in kubectl's own flags. */
export interface ClusterFlags {
  readonly kubeconfig?: string;
  readonly context?: string;
}

/** The cluster as the person who runs the command may see it. */
export interface ClusterClient {
  /** @throws CommandError if the API server refuses: what, and which role would allow it */
  call(call: ApiCall): Promise<unknown>;
  /** The same; undefined where there is no such object. */
  find(call: ApiCall): Promise<unknown>;
}

/** What is allowed to whom, by the roles of the chart. */
const ROLE_HINTS = {
  view: 'the ClusterRole firstseen-view allows it, as view, edit and admin do',
  responder: 'the ClusterRole firstseen-responder allows it',
  author: 'the ClusterRole firstseen-author allows it',
} as const;

export type NeededRole = keyof typeof ROLE_HINTS;

/** Adds `--kubeconfig` and `--context`. */
export function addClusterFlags(command: Command): Command {
  return command
    .option('--kubeconfig <file>', "a kubeconfig file; else what kubectl takes, or the pod's service account")
    .option('--context <name>', 'a context of the kubeconfig other than its current one');
}

/**
 * Does work on the cluster that kubectl would use: `--kubeconfig`, the files of `KUBECONFIG`, `~/.kube/config`, the pod's service account.
 *
 * @param role the least role of the chart that allows what the work does, for the hint of a refusal
 * @throws CommandError if there is no cluster, or it does not answer
 */
export async function withCluster<T>(
  flags: ClusterFlags,
  role: NeededRole,
  io: Io,
  work: (cluster: ClusterClient) => Promise<T>,
): Promise<T> {
  const client = await open(flags, io);
  try {
    return await work(asPerson(client, role));
  } catch (error) {
    if (!(error instanceof OperationalError)) throw error;
    throw new CommandError(error.message);
  } finally {
    client.close();
  }
}

function asPerson(client: KubernetesClient, role: NeededRole): ClusterClient {
  async function ask(call: ApiCall): Promise<{ readonly body: unknown } | undefined> {
    const answer = await client.call({ ...call, expect: [...(call.expect ?? []), 'Forbidden', 'NotFound', 'Invalid'] });
    if (answer.kind === 'ok') return answer;
    if (answer.reason === 'NotFound') return undefined;
    const hint = answer.reason === 'Forbidden' ? `\n  hint: ${ROLE_HINTS[role]}` : '';
    throw new CommandError(`the API server refuses: ${answer.message}${hint}`);
  }
  return {
    async call(call) {
      const answer = await ask(call);
      if (answer === undefined) throw new CommandError(`the API server knows no ${call.path.split('?', 1)[0]}`);
      return answer.body;
    },
    find: async (call) => (await ask(call))?.body,
  };
}

async function open({ kubeconfig, context }: ClusterFlags, io: Io): Promise<KubernetesClient> {
  const source = { kubeconfig: kubeconfig ?? usualKubeconfig(io.env), context, env: io.env };
  if (source.kubeconfig === undefined && !inPod()) {
    throw new CommandError(
      'no cluster: found no ~/.kube/config, and KUBECONFIG is not set\n  hint: name one with --kubeconfig FILE',
    );
  }
  try {
    return await createKubernetesClient({ ...source, version: io.version });
  } catch (error) {
    throw new CommandError(`no cluster: ${error instanceof Error ? error.message : error}`);
  }
}

/** The files that kubectl takes when it is told none; undefined if there are none. A missing file of several is left out. */
export function usualKubeconfig(env: Io['env']): KubeconfigSource['kubeconfig'] {
  const named = (env.KUBECONFIG ?? '').split(delimiter).filter((file) => file !== '');
  if (named.length > 0) {
    const there = named.filter((file) => existsSync(file));
    return there.length > 0 ? there : named;
  }
  const usual = join(env.HOME ?? homedir(), '.kube', 'config');
  return existsSync(usual) ? usual : undefined;
}
