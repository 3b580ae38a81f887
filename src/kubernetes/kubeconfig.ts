import type { RequestOptions } from 'node:https';
import { KubeConfig } from '@kubernetes/client-node';
import type { ApiAccess } from './api-access.ts';

/**
 * Reads a kubeconfig file. Contexts, credentials, plugins and proxies are client-node's (`KubeConfig`).
 *
 * @param context the one to use; without it, the file's current one
 * @throws Error that says what is missing
 */
export function readKubeconfig(file: string, context: string | undefined): ApiAccess {
  const config = new KubeConfig();
  config.loadFromFile(file);
  if (context !== undefined) config.setCurrentContext(context);
  const cluster = config.getCurrentCluster();
  if (cluster === null) {
    throw new Error(`the kubeconfig has no cluster for its context ${config.getCurrentContext() ?? '(none)'}`);
  }
  if (cluster.server.startsWith('https:') && !hasCredentials(config)) throw new Error(noCredentials(config));
  return {
    server: cluster.server.replace(/\/$/, ''),
    async credentials() {
      const options: RequestOptions = {};
      await config.applyToHTTPSOptions(options);
      const { agent, ...credentials } = options;
      return cluster.proxyUrl === undefined ? credentials : { ...credentials, agent };
    },
  };
}

function hasCredentials(config: KubeConfig): boolean {
  const user = config.getCurrentUser();
  if (user === null) return false;
  const { token, certFile, certData, exec, authProvider, username } = user;
  return [token, certFile, certData, exec, authProvider, username].some(Boolean);
}

/** client-node 2.0 does not know kubectl's `tokenFile`, and would make anonymous requests. */
function noCredentials(config: KubeConfig): string {
  return (
    `the kubeconfig's user ${config.getCurrentUser()?.name ?? '(none)'} has no credentials that can be used; ` +
    'a tokenFile is written here as auth-provider: {name: tokenFile, config: {tokenFile: PATH}}'
  );
}
