import { existsSync, readFileSync } from 'node:fs';
import { isIPv6 } from 'node:net';
import { join } from 'node:path';
import type { ApiAccess } from './api-access.ts';

/** Where a kubelet puts it: https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/#directly-accessing-the-rest-api */
const FOLDER = '/var/run/secrets/kubernetes.io/serviceaccount';
/** A kubelet replaces the token well before it expires; the API server accepts the old one until then. */
const READ_AGAIN_MS = 60_000;

export interface ServiceAccountDeps {
  readonly folder?: string;
  /** The environment of the process. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Milliseconds since any fixed time. */
  readonly now?: () => number;
}

/** Whether this is a pod with a service account token. */
export function inPod(): boolean {
  return existsSync(join(FOLDER, 'token'));
}

/**
 * The API server in a pod's environment, with the mounted service account.
 * @throws Error that says what is missing
 */
export function readServiceAccount({
  folder = FOLDER,
  env,
  now = () => performance.now(),
}: ServiceAccountDeps): ApiAccess {
  const { KUBERNETES_SERVICE_HOST: host = '', KUBERNETES_SERVICE_PORT: port = '' } = env;
  if (host === '' || port === '') {
    throw new Error(
      'a service account is mounted, but KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set: ' +
        'set them to the address of the API server, or set kubernetes.kubeconfig (--kubeconfig FILE)',
    );
  }

  function read(): { readonly at: number; readonly ca: string; readonly token: string } {
    const token = readFileSync(join(folder, 'token'), 'utf8').trim();
    if (token === '') throw new Error(`${join(folder, 'token')} is empty: expected the token of a service account`);
    return { at: now(), ca: readFileSync(join(folder, 'ca.crt'), 'utf8'), token };
  }

  let last = read();
  return {
    server: `https://${isIPv6(host) ? `[${host}]` : host}:${port}`,
    async credentials() {
      if (now() - last.at > READ_AGAIN_MS) last = read();
      return { ca: last.ca, headers: { Authorization: `Bearer ${last.token}` } };
    },
  };
}
