import type { ApiAccess } from './api-access.ts';
import { inPod, readServiceAccount } from './service-account.ts';

export interface KubeconfigSource {
  /** Path of a kubeconfig file, or of several that add to each other; without it, the pod's service account. */
  readonly kubeconfig?: string | readonly string[] | undefined;
  readonly context?: string | undefined;
  /** The environment of the process, in which a pod finds where the API server is. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/**
 * Opens a kubeconfig file, or the service account of the pod.
 *
 * @throws Error that says what is missing: it is found at the start, and not with the first alert
 */
export async function openApiAccess({ kubeconfig, context, env = {} }: KubeconfigSource): Promise<ApiAccess> {
  if (kubeconfig !== undefined) {
    // Here alone, because the library that reads such files takes more memory than all the rest (decision 0018).
    const { readKubeconfig } = await import('./kubeconfig.ts');
    return readKubeconfig(typeof kubeconfig === 'string' ? [kubeconfig] : kubeconfig, context);
  }
  if (!inPod()) {
    throw new Error(
      'no kubeconfig is given, and this is not a pod with a service account token: set kubernetes.kubeconfig (--kubeconfig FILE)',
    );
  }
  if (context !== undefined) {
    throw new Error(
      `the context ${context} is one of a kubeconfig, and none is given: set kubernetes.kubeconfig (--kubeconfig FILE) as well, or leave the context out`,
    );
  }
  return readServiceAccount({ env });
}
