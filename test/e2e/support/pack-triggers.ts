import { type Cluster, OPEN_PATH } from '../../support/cluster.ts';
import { waitFor } from '../../support/wait.ts';

const V1 = '/api/v1/namespaces/default';
const SYSTEM = '/api/v1/namespaces/kube-system';
const RBAC = '/apis/rbac.authorization.k8s.io/v1';
const GROUP = 'rbac.authorization.k8s.io';
const ADMISSION = '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations';
const CSRS = '/apis/certificates.k8s.io/v1/certificatesigningrequests';
const POLICIES = '/apis/networking.k8s.io/v1/namespaces/default/networkpolicies';

/** A signing request of `CN=eve` in PEM, in Base64; its key is nobody's. */
const SIGNING_REQUEST =
  'LS0tLS1CRUdJTiBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0KTUlISk1IQUNBUUF3RGpFTU1Bb0dBMVVFQXd3RFpYWmxNRmt3RXdZSEtvWkl6ajBDQVFZSUtvWkl6ajBEQVFjRApRZ0FFbmhZczJuemhDUjNBYzhQK0hhWnRpUEtheWc5S2FReFZtMWFMN0tnYVhmdXcxQ3RRMTg5UXE1b0VzcUttCmRjMzJmVzJoYkw1M2hCVmRRRVN4SWk3R3NhQUFNQW9HQ0NxR1NNNDlCQU1DQTBrQU1FWUNJUUNlV3BGT3dmdGUKdjFUWWxaVFR5cFNZbDQ3SkNSSXJWUTBJOFhjeGdyTzlIQUloQUtoQ1N4eDlCbEx6cnVFbXlPNFdQdXBiTm10UwpyWHNrSUJIVWZwNzBYaDdHCi0tLS0tRU5EIENFUlRJRklDQVRFIFJFUVVFU1QtLS0tLQo=';

/** The rules that no request to an API server without nodes, controllers and a network can set off, and why. */
export const OUT_OF_REACH: Readonly<Record<string, string>> = {
  'account-wrote-then-deleted': 'no node runs pods, so no exec succeeds',
  'admin-new-network': 'all requests come from this machine',
  'legacy-token-used': 'no controller puts tokens into Secrets',
  'service-account-from-public-address': 'all requests come from this machine',
};

interface Call {
  readonly token?: string;
  readonly userAgent?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Of a body that is not plain JSON. */
  readonly type?: string;
}

/** For each other rule of the pack, what sets it off. */
export async function packTriggers({ server }: Cluster): Promise<Readonly<Record<string, () => Promise<unknown>>>> {
  const metadata = (name: string) => ({ metadata: { name } });
  const { alice, bob } = server.userTokens;
  await server.kubectl('create', 'serviceaccount', 'robot');
  await server.kubectl(
    'create',
    'clusterrolebinding',
    'robot',
    '--clusterrole=cluster-admin',
    '--serviceaccount=default:robot',
  );
  await server.apply({
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: 'default', namespace: 'kube-system' },
  });
  const robot = (await server.kubectl('create', 'token', 'robot')).trim();

  async function call(method: string, path: string, body?: object, options: Call = {}): Promise<number> {
    const { token = server.adminToken, userAgent = 'trigger/1.0', headers, type = 'application/json' } = options;
    const content = body === undefined ? {} : { body: JSON.stringify(body) };
    const { status } = await server.request(path, {
      method,
      token,
      userAgent,
      headers: { 'content-type': type, ...headers },
      ...content,
    });
    return status;
  }
  /** What has to succeed, or the trigger is none. */
  async function write(method: string, path: string, body?: object, options?: Call): Promise<void> {
    const status = await call(method, path, body, options);
    if (status >= 300) throw new Error(`${method} ${path}: ${status}`);
  }
  const container = (more: object = {}) => ({ name: 'main', image: 'main:1', ...more });
  const pod = (name: string, spec: object, path = OPEN_PATH) =>
    write('POST', path, { ...metadata(name), spec: { containers: [container()], ...spec } });
  const secured = (name: string, securityContext: object) =>
    pod(name, { containers: [container({ securityContext })] });
  const role = (name: string, verb: string, resource: string) =>
    write('POST', `${RBAC}/clusterroles`, {
      ...metadata(name),
      rules: [{ apiGroups: [''], resources: [resource], verbs: [verb] }],
    });
  const bind = (name: string, target: string, subject: object, path = 'namespaces/default/rolebindings') =>
    write('POST', `${RBAC}/${path}`, {
      ...metadata(name),
      roleRef: { apiGroup: GROUP, kind: 'ClusterRole', name: target },
      subjects: [subject],
    });
  const user = (name: string) => ({ apiGroup: GROUP, kind: 'User', name });
  const exec = (command: string, path = OPEN_PATH, token = alice) =>
    call('POST', `${path}/cart/exec?${command}&stdout=true`, undefined, { token });
  const template = (name: string) => ({
    metadata: { labels: { app: name } },
    spec: { containers: [container()], restartPolicy: 'Never' },
  });
  const times = async (count: number, step: (n: number) => Promise<unknown>) => {
    for (let n = 0; n < count; n++) await step(n);
  };
  const service = (name: string, spec: object) =>
    write('POST', `${V1}/services`, { ...metadata(name), spec: { ports: [{ port: 80 }], ...spec } });

  return {
    'access-for-everyone': () =>
      bind('everyone', 'view', { apiGroup: GROUP, kind: 'Group', name: 'system:authenticated' }),
    'account-asks-what-it-may': () =>
      write(
        'POST',
        '/apis/authorization.k8s.io/v1/selfsubjectrulesreviews',
        { spec: { namespace: 'default' } },
        { token: robot },
      ),
    'admission-webhook-created': () => write('POST', ADMISSION, { ...metadata('check'), webhooks: [] }),
    'admission-first-write': () => write('DELETE', `${ADMISSION}/check`),
    'anonymous-request-unusual-agent': () => server.anonymous(OPEN_PATH, { userAgent: 'trigger/1.0' }),
    'anonymous-scan': () => times(20, (n) => server.anonymous(`/apis/batch/v1/namespaces/n${n}/jobs`)),
    'attack-tool-agent': () => call('GET', OPEN_PATH, undefined, { userAgent: 'kube-hunter/0.6' }),
    'body-too-large-to-see': () =>
      write('POST', OPEN_PATH, {
        metadata: { name: 'large', annotations: { padding: 'x'.repeat(200_000) } },
        spec: { containers: [container()] },
      }),
    'bootstrap-token-written': () => write('POST', `${SYSTEM}/secrets`, metadata('bootstrap-token-abcdef')),
    'client-certificate-requested': () =>
      write('POST', CSRS, {
        ...metadata('eve'),
        spec: {
          request: SIGNING_REQUEST,
          signerName: 'kubernetes.io/kube-apiserver-client',
          usages: ['client auth'],
        },
      }),
    'cluster-admin-binding-created': () => bind('too-much', 'cluster-admin', user('carol'), 'clusterrolebindings'),
    'cluster-admin-first-use': () => call('GET', `${V1}/configmaps`),
    'cluster-config-map-changed': () => write('POST', `${SYSTEM}/configmaps`, metadata('coredns')),
    'collection-deleted-first-use': () => call('DELETE', `${V1}/configmaps?labelSelector=none%3Done`),
    'cronjob-new-author': () =>
      write('POST', '/apis/batch/v1/namespaces/default/cronjobs', {
        ...metadata('nightly'),
        spec: { schedule: '@daily', jobTemplate: { spec: { template: template('nightly') } } },
      }),
    'daemonset-new-author': () =>
      write('POST', '/apis/apps/v1/namespaces/default/daemonsets', {
        ...metadata('agent'),
        spec: {
          selector: { matchLabels: { app: 'agent' } },
          template: { ...template('agent'), spec: { containers: [container()] } },
        },
      }),
    'dangerous-capability-pod': () => secured('capable', { capabilities: { add: ['SYS_ADMIN'] } }),
    'ephemeral-container-added': () =>
      write(
        'PATCH',
        `${OPEN_PATH}/cart/ephemeralcontainers`,
        { spec: { ephemeralContainers: [{ name: 'debug', image: 'busybox' }] } },
        { type: 'application/strategic-merge-patch+json' },
      ),
    'events-deleted': () => call('DELETE', `${V1}/events`),
    'exec-first-use': () => exec('command=id'),
    'exec-for-credentials': () =>
      exec('command=c%61t&command=%2Frun%2Fsecrets%2Fkubernetes.io%2Fserviceaccount%2F%74oken'),
    'exec-in-system-namespace': () => exec('command=id', `${SYSTEM}/pods`, server.adminToken),
    'exec-into-pod': () => exec('command=id'),
    'exec-with-attack-tools': () => exec('command=nsenter&command=-t&command=1'),
    'first-image-registry': () => pod('foreign', { containers: [container({ image: 'elsewhere.example/x:1' })] }),
    'host-network-pod': () => pod('network', { hostNetwork: true }),
    'host-path-pod': () => pod('path', { volumes: [{ name: 'root', hostPath: { path: '/' } }] }),
    'host-pid-or-ipc-pod': () => pod('pid', { hostPID: true }),
    'impersonation-first-use': () =>
      call('GET', `${V1}/configmaps`, undefined, {
        headers: { 'impersonate-user': 'system:serviceaccount:default:robot' },
      }),
    'impersonation-of-masters': () =>
      call('GET', `${V1}/configmaps`, undefined, {
        headers: { 'impersonate-user': 'anybody', 'impersonate-group': 'system:masters' },
      }),
    'kube-system-image': () => pod('helper', {}, `${SYSTEM}/pods`),
    'many-secrets-read': async () => {
      await times(10, (n) => write('POST', `${V1}/secrets`, metadata(`s${n}`)));
      await times(10, (n) => write('GET', `${V1}/secrets/s${n}`));
    },
    'many-things-deleted': async () => {
      await times(30, (n) => write('POST', `${V1}/configmaps`, metadata(`c${n}`)));
      await times(30, (n) => write('DELETE', `${V1}/configmaps/c${n}`));
    },
    'miner-workload': () => pod('miner', { containers: [container({ image: 'docker.io/x/xmrig:6' })] }),
    'namespace-deleted-first-use': async () => {
      await write('POST', '/api/v1/namespaces', metadata('gone'));
      await write('DELETE', '/api/v1/namespaces/gone');
    },
    'network-policy-first-removal': async () => {
      await write('POST', POLICIES, { ...metadata('deny'), spec: { podSelector: {} } });
      await write('DELETE', `${POLICIES}/deny`);
    },
    'node-credentials-with-a-tool': () =>
      call('GET', `${V1}/secrets/s1`, undefined, { token: server.nodeToken, userAgent: 'curl/8.9.1' }),
    'node-port-new-author': () => service('open', { type: 'NodePort' }),
    'node-proxy-used': () => call('GET', '/api/v1/nodes/n1/proxy/pods'),
    'pod-put-on-node': () => pod('pinned', { nodeName: 'n1' }),
    'port-forward-first-use': () => call('POST', `${OPEN_PATH}/cart/portforward?ports=80`),
    'privileged-pod-created': () => secured('privileged', { privileged: true }),
    'rbac-first-write': () => role('plain', 'get', 'pods'),
    'refused-many-kinds': () =>
      times(10, (n) =>
        call('GET', `${V1}/${['services', 'endpoints', 'configmaps', 'secrets', 'pods'][n % 5]}/x${n}`, undefined, {
          token: bob,
        }),
      ),
    'refused-then-read-secret': async () => {
      const read = () => call('GET', `${V1}/secrets/s1`, undefined, { token: bob });
      await write('POST', `${V1}/secrets`, metadata('s1-for-bob'));
      await times(3, read);
      await role('secret-reader', 'get', 'secrets');
      await bind('bob-reads', 'secret-reader', user('bob'));
      await waitFor(async () => (await call('GET', `${V1}/secrets/s1-for-bob`, undefined, { token: bob })) === 200, {
        what: 'the binding to be in force',
      });
    },
    'rights-for-default-account': () =>
      bind('default-view', 'view', { kind: 'ServiceAccount', name: 'default', namespace: 'default' }),
    'role-grants-escalation': () => role('impersonator', 'impersonate', 'users'),
    'role-grants-exec': () => role('execer', 'create', 'pods/exec'),
    'role-grants-node-proxy': () => role('proxier', 'get', 'nodes/proxy'),
    'role-grants-secrets-new-author': () => role('reader', 'list', 'secrets'),
    'role-with-wildcards': () => role('wild', '*', 'configmaps'),
    'secret-first-read-by-account': () => call('GET', `${V1}/secrets`, undefined, { token: robot }),
    'secret-read-refused': () => call('GET', `${V1}/secrets/db`, undefined, { token: alice }),
    'secrets-listed-first-time': () => call('GET', `${V1}/secrets`),
    'secrets-listed-everywhere': () => call('GET', '/api/v1/secrets'),
    'service-account-grants-then-execs': async () => {
      const body = {
        ...metadata('given'),
        roleRef: { apiGroup: GROUP, kind: 'ClusterRole', name: 'view' },
        subjects: [user('bob')],
      };
      await write('POST', `${RBAC}/namespaces/default/rolebindings`, body, { token: robot });
      await exec('command=id', OPEN_PATH, robot);
    },
    'service-account-with-a-tool': () => call('GET', OPEN_PATH, undefined, { token: robot, userAgent: 'curl/8.9.1' }),
    'service-with-external-ips': () => service('taken', { externalIPs: ['203.0.113.53'] }),
    'static-pod-image': () =>
      write(
        'POST',
        `${SYSTEM}/pods`,
        {
          metadata: { name: 'etcd-n1', annotations: { 'kubernetes.io/config.mirror': 'x' } },
          spec: { nodeName: 'n1', containers: [container()] },
        },
        { token: server.nodeToken },
      ),
    'system-namespace-first-write': () => write('POST', `${SYSTEM}/configmaps`, metadata('anything')),
    'system-role-changed': () => role('system:helper', 'get', 'pods'),
    'token-requested': () =>
      write('POST', `${V1}/serviceaccounts/default/token`, { spec: { audiences: ['https://kubernetes.default.svc'] } }),
    'unconfined-pod': () => secured('unconfined', { seccompProfile: { type: 'Unconfined' } }),
  };
}
