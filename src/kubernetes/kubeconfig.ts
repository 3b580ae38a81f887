import type { RequestOptions } from 'node:https';
import { KubeConfig } from '@kubernetes/client-node';
import type { ApiAccess } from './api-access.ts';

/**
 * Reads kubeconfig files. client-node (`KubeConfig`) handles contexts, credentials, plugins and proxies.
 *
 * @param files if several set the same value, the first wins, as for kubectl's `KUBECONFIG`
 * @param context the context to use; by default the files' current one
 * @throws Error that says what is missing
 */
export function readKubeconfig(files: readonly string[], context: string | undefined): ApiAccess {
  const config = merged(files);
  if (context !== undefined) config.setCurrentContext(context);
  const cluster = config.getCurrentCluster();
  if (cluster === null) {
    throw new Error(`the kubeconfig has no cluster for the context ${config.getCurrentContext() ?? '(none)'}`);
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

/** client-node merges only files without common names, and lets the last current context win. */
function merged([first = '', ...others]: readonly string[]): KubeConfig {
  const config = new KubeConfig();
  config.loadFromFile(first);
  for (const file of others) {
    const other = new KubeConfig();
    other.loadFromFile(file);
    for (const cluster of other.getClusters()) if (config.getCluster(cluster.name) === null) config.addCluster(cluster);
    for (const user of other.getUsers()) if (config.getUser(user.name) === null) config.addUser(user);
    for (const context of other.getContexts()) {
      if (config.getContextObject(context.name) === null) config.addContext(context);
    }
    if (!config.getCurrentContext()) config.setCurrentContext(other.getCurrentContext());
  }
  return config;
}

function hasCredentials(config: KubeConfig): boolean {
  const user = config.getCurrentUser();
  if (user === null) return false;
  const { token, certFile, certData, exec, authProvider, username } = user;
  return [token, certFile, certData, exec, authProvider, username].some(Boolean);
}

/** client-node 2.0 ignores kubectl's `tokenFile`, and would send anonymous requests. */
function noCredentials(config: KubeConfig): string {
  return (
    `the kubeconfig's user ${config.getCurrentUser()?.name ?? '(none)'} has no usable credentials; ` +
    'write a tokenFile as auth-provider: {name: tokenFile, config: {tokenFile: PATH}}'
  );
}
