import { readOwnIdentity } from '../kubernetes/own-identity.ts';
import type { Account, Subject } from './subject.ts';

/** The account of the chart under its default names. */
const CHART_ACCOUNT: Account = { namespace: 'firstseen', name: 'firstseen' };

/** The service account of firstseen: the one that was asked about, else the credential's own, else that of the chart. */
export async function serviceAccount(subject: Pick<Subject, 'account' | 'kubeconfig'>): Promise<Account> {
  return subject.account ?? (await ownAccount(subject)) ?? CHART_ACCOUNT;
}

/** The account that the credential is, if it is one. */
export async function ownAccount({ kubeconfig }: Pick<Subject, 'kubeconfig'>): Promise<Account | undefined> {
  // Without a usable kubeconfig there is nobody to be.
  const identity = await readOwnIdentity(kubeconfig).catch(() => undefined);
  const [, namespace, name] = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(identity?.username ?? '') ?? [];
  return namespace === undefined || name === undefined ? undefined : { namespace, name };
}
