import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import type { Command } from 'commander';
import { type ApiCall, createKubernetesClient, type KubernetesClient } from '../kubernetes/client.ts';
import type { KubeconfigSource } from '../kubernetes/open-api-access.ts';
import { inPod } from '../kubernetes/service-account.ts';
import { OperationalError } from '../telemetry/operational-error.ts';
import { CommandError, type Io } from './io.ts';

/** Flags that choose the cluster, named as in kubectl. */
export interface ClusterFlags {
  readonly kubeconfig?: string;
  readonly context?: string;
}

/** The API server, with the rights of the user who runs the command. */
export interface ClusterClient {
  /** @throws CommandError if the API server refuses, with the role that would allow the request */
  call(call: ApiCall): Promise<unknown>;
  /** As `call`, but undefined if the object does not exist. */
  find(call: ApiCall): Promise<unknown>;
}

/** The chart's role for each kind of work. */
const ROLE_HINTS = {
  view: 'ask for the ClusterRole firstseen-view, or view, edit or admin',
  responder: 'ask for the ClusterRole firstseen-responder',
  author: 'ask for the ClusterRole firstseen-author',
} as const;

export type NeededRole = keyof typeof ROLE_HINTS;

/** Adds `--kubeconfig` and `--context`. */
export function addClusterFlags(command: Command): Command {
  return command
    .option('--kubeconfig <file>', "kubeconfig file (default: kubectl's, else the pod's service account)")
    .option('--context <name>', 'kubeconfig context (default: the current one)');
}

/**
 * Runs `work` on the cluster of `--kubeconfig`, `KUBECONFIG`, `~/.kube/config` or the pod's service account, in that
 * order.
 *
 * @param role the chart's smallest role that allows the work, for the hint after a refusal
 * @throws CommandError if no cluster is configured, or it does not answer
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
    throw new CommandError(`the API server refused: ${answer.message}${hint}`);
  }
  return {
    async call(call) {
      const answer = await ask(call);
      if (answer === undefined)
        throw new CommandError(
          `the API server has no ${call.path.split('?', 1)[0]}\n  hint: install the chart and its resource definitions first`,
        );
      return answer.body;
    },
    find: async (call) => (await ask(call))?.body,
  };
}

async function open({ kubeconfig, context }: ClusterFlags, io: Io): Promise<KubernetesClient> {
  const source = { kubeconfig: kubeconfig ?? usualKubeconfig(io.env), context, env: io.env };
  if (source.kubeconfig === undefined && !inPod()) {
    throw new CommandError(
      'no cluster: ~/.kube/config does not exist and KUBECONFIG is not set\n  hint: pass --kubeconfig FILE',
    );
  }
  try {
    return await createKubernetesClient({ ...source, version: io.version });
  } catch (error) {
    throw new CommandError(`no cluster: ${error instanceof Error ? error.message : error}`);
  }
}

/** kubectl's default files; undefined if none exists. Of several in `KUBECONFIG`, missing files are skipped. */
export function usualKubeconfig(env: Io['env']): KubeconfigSource['kubeconfig'] {
  const named = (env.KUBECONFIG ?? '').split(delimiter).filter((file) => file !== '');
  if (named.length > 0) {
    const there = named.filter((file) => existsSync(file));
    return there.length > 0 ? there : named;
  }
  const usual = join(env.HOME ?? homedir(), '.kube', 'config');
  return existsSync(usual) ? usual : undefined;
}
