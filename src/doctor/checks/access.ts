import { z } from 'zod';
import { parseJson } from '../../audit/parse-json.ts';
import { excerpt } from '../../audit/text.ts';
import { kubernetesOptionsSchema } from '../../kubernetes/options.ts';
import { type Permission, permissionName, requiredPermissions, resourceName } from '../../kubernetes/permissions.ts';
import { onFault } from '../../telemetry/operational-error.ts';
import { ownAccount, serviceAccount } from '../account.ts';
import type { Check } from '../check.ts';
import { CannotCheck, type Finding, failure, ok } from '../finding.ts';
import { shellWord } from '../shell-word.ts';
import type { Account, Subject } from '../subject.ts';

const PREFIX = 'system:serviceaccount:';
const MAX_NAME_BYTES = 200;

const userSchema = z.object({ status: z.object({ userInfo: z.object({ username: z.string().default('') }) }) });
const reviewSchema = z.object({ status: z.object({ allowed: z.boolean() }) });

/**
 * Whether the API server answers, which user it takes the credential for, and whether firstseen has its rights. The API
 * server stores no review: https://kubernetes.io/docs/reference/access-authn-authz/authorization/#checking-api-access
 */
export const accessCheck: Check = {
  name: 'access',
  async run(subject) {
    const api = await subject.api();
    const unanswered = onFault((fault) =>
      failure(excerpt(fault.message, 400), {
        why: 'no alert is delivered until it answers, and doctor cannot check anything in the cluster',
        mend: `kubectl get --raw /readyz    # then --kubeconfig, and the network between here and ${api.server}`,
      }),
    );
    const who = await whoAmI(subject).catch(unanswered);
    if (typeof who !== 'string') return [who];
    const options = subject.known('kubernetes');
    const known = ok(`${api.server} answers, and identifies us as ${excerpt(who, MAX_NAME_BYTES)}`);
    if (options?.enabled === false) {
      return [known, ok('kubernetes.enabled is false: firstseen writes no alerts to Kubernetes and needs no rights')];
    }
    return [known, ...(await rights(subject, requiredPermissions(options ?? kubernetesOptionsSchema.parse({}))))];
  },
};

/** The credential's user name, or what is wrong with the credential. Kubernetes before 1.28 does not tell the name. */
async function whoAmI(subject: Subject): Promise<string | Finding> {
  const { status, text } = await (await subject.api()).ask({
    path: '/apis/authentication.k8s.io/v1/selfsubjectreviews',
    body: { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' },
  });
  if (status === 401) {
    return failure('the credential for the Kubernetes API is not valid (401)', {
      why: 'no alert is delivered until the credential is valid',
      mend:
        'kubectl -n firstseen rollout restart deploy/firstseen    # in a pod: gets a new token\n' +
        '--kubeconfig FILE    # elsewhere: a kubeconfig whose token or certificate has not expired',
    });
  }
  const parsed = userSchema.safeParse(parseJson(text));
  return parsed.success ? parsed.data.status.userInfo.username : 'a user that it does not name';
}

async function rights(subject: Subject, needed: readonly Permission[]): Promise<readonly Finding[]> {
  const [account, own] = [await serviceAccount(subject), await ownAccount(subject)];
  const self = own !== undefined && own.namespace === account.namespace && own.name === account.name;
  const allowed = await Promise.all(needed.map((permission) => isAllowed(subject, permission, account, self)));
  const missing = needed.filter((_, index) => allowed[index] === false);
  const name = `${account.namespace}/${account.name}`;
  if (missing.length === 0) return [ok(`the service account ${name} has all ${needed.length} rights it needs`)];
  return missing.map((permission) =>
    failure(`the service account ${name} may not ${permissionName(permission)}`, {
      why: permission.need,
      mend: grant(permission, account),
    }),
  );
}

function grant(permission: Permission, { namespace, name }: Account): string {
  const { verb } = permission;
  const [kind, where] =
    permission.ownNamespace === true ? ['role', ` -n ${shellWord(namespace)}`] : ['clusterrole', ''];
  const role = `firstseen-${verb}-${permission.resource}${permission.subresource === undefined ? '' : `-${permission.subresource}`}`;
  return [
    `kubectl${where} create ${kind} ${role} --verb=${verb} --resource=${resourceName(permission)}`,
    `kubectl${where} create ${kind}binding ${role} --${kind}=${role} --serviceaccount=${shellWord(`${namespace}:${name}`)}`,
    '# or let the chart do it: rbac.create=true, and eventTargets.lookup=true for get on other objects',
  ].join('\n');
}

/** @param self whether the credential is this account's own */
async function isAllowed(subject: Subject, permission: Permission, account: Account, self: boolean): Promise<boolean> {
  const { verb, group, resource, subresource, ownNamespace } = permission;
  const resourceAttributes = {
    verb,
    group,
    resource,
    ...(subresource === undefined ? {} : { subresource }),
    ...(ownNamespace === true ? { namespace: account.namespace } : {}),
  };
  const kind = self ? 'SelfSubjectAccessReview' : 'SubjectAccessReview';
  const as = self
    ? {}
    : {
        user: `${PREFIX}${account.namespace}:${account.name}`,
        groups: ['system:serviceaccounts', `system:serviceaccounts:${account.namespace}`, 'system:authenticated'],
      };
  const { status, text } = await (await subject.api()).ask({
    path: `/apis/authorization.k8s.io/v1/${kind.toLowerCase()}s`,
    body: { apiVersion: 'authorization.k8s.io/v1', kind, spec: { resourceAttributes, ...as } },
  });
  const parsed = reviewSchema.safeParse(parseJson(text));
  if (parsed.success) return parsed.data.status.allowed;
  throw new CannotCheck(
    self
      ? `the API server did not answer the access review (${status})`
      : `this credential may not review the access of ${account.namespace}/${account.name} (${status})`,
    `firstseen doctor --kubeconfig ADMIN-KUBECONFIG    # or in the pod: kubectl -n firstseen exec deploy/firstseen -- firstseen doctor`,
  );
}
