import { readOwnIdentity } from '../kubernetes/own-identity.ts';
import type { Account, Subject } from './subject.ts';

/** The chart's service account under its default names. */
const CHART_ACCOUNT: Account = { namespace: 'firstseen', name: 'firstseen' };

/** firstseen's service account: the one given by flag, else the credential's own, else the chart's. */
export async function serviceAccount(subject: Pick<Subject, 'account' | 'kubeconfig'>): Promise<Account> {
  return subject.account ?? (await ownAccount(subject)) ?? CHART_ACCOUNT;
}

/** The credential's service account, if it has one. */
export async function ownAccount({ kubeconfig }: Pick<Subject, 'kubeconfig'>): Promise<Account | undefined> {
  const identity = await readOwnIdentity(kubeconfig).catch(() => undefined);
  const [, namespace, name] = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(identity?.username ?? '') ?? [];
  return namespace === undefined || name === undefined ? undefined : { namespace, name };
}
