import type { ApiAccess } from './api-access.ts';
import { inPod, readServiceAccount } from './service-account.ts';

export interface KubeconfigSource {
  /** Path of a kubeconfig file, or of several that are merged; without it, the pod's service account. */
  readonly kubeconfig?: string | readonly string[] | undefined;
  readonly context?: string | undefined;
  /** The environment of the process, in which a pod finds the API server's address. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/**
 * Opens a kubeconfig file, or the service account of the pod.
 *
 * @throws Error that says what is missing, at the start instead of at the first alert
 */
export async function openApiAccess({ kubeconfig, context, env = {} }: KubeconfigSource): Promise<ApiAccess> {
  if (kubeconfig !== undefined) {
    // Imported only here, because the library for kubeconfig files takes more memory than everything else (decision
    // 0018).
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
      `the context ${context} needs a kubeconfig: set kubernetes.kubeconfig (--kubeconfig FILE) too, or remove kubernetes.context`,
    );
  }
  return readServiceAccount({ env });
}
