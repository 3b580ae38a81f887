import { existsSync } from 'node:fs';
import { KubeConfig } from '@kubernetes/client-node';

export interface KubeconfigSource {
  /** Path of a kubeconfig file; without it, the pod's service account. */
  readonly kubeconfig?: string | undefined;
  readonly context?: string | undefined;
}

const SERVICE_ACCOUNT_TOKEN = '/var/run/secrets/kubernetes.io/serviceaccount/token';

/** Whether this is a pod with the token of a service account. */
export function inPod(): boolean {
  return existsSync(SERVICE_ACCOUNT_TOKEN);
}

/**
 * Loads a kubeconfig file, or the service account of the pod, whose token is read again every minute.
 *
 * @throws Error that says what is missing: it is found at the start, and not with the first alert
 */
export function loadKubeconfig({ kubeconfig, context }: KubeconfigSource): KubeConfig {
  const config = new KubeConfig();
  if (kubeconfig !== undefined) config.loadFromFile(kubeconfig);
  else if (inPod()) config.loadFromCluster();
  else
    throw new Error(
      'no kubeconfig is given, and this is not a pod with a service account token: set kubernetes.kubeconfig (--kubeconfig FILE)',
    );
  if (context !== undefined) config.setCurrentContext(context);
  const cluster = config.getCurrentCluster();
  if (cluster === null) {
    throw new Error(`the kubeconfig has no cluster for its context ${config.getCurrentContext() ?? '(none)'}`);
  }
  if (cluster.server.startsWith('https:') && !hasCredentials(config)) throw new Error(noCredentials(config));
  return config;
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
