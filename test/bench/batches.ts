/** A busy control plane's traffic, always the same: batches of 100 events of about 1.6 KB, of which one in 200 is worth an alert. */

const NAMESPACES = ['kube-system', 'default', 'team-1', 'team-2', 'team-3', 'monitoring', 'ingress', 'ci'];
const RESOURCES = [
  'pods',
  'configmaps',
  'secrets',
  'endpointslices',
  'leases',
  'nodes',
  'services',
  'deployments',
  'events',
];
const VERBS = ['get', 'list', 'watch', 'update', 'patch', 'create', 'delete'];
const BATCHES = 40;

export function benchBatches(): readonly object[] {
  return Array.from({ length: BATCHES }, (_, batch) => ({
    kind: 'EventList',
    apiVersion: 'audit.k8s.io/v1',
    metadata: {},
    items: Array.from({ length: 100 }, (_, index) => benchEvent(batch * 100 + index)),
  }));
}

function benchEvent(n: number): object {
  const pick = <T>(from: readonly T[], step: number) => from[Math.floor(n / step) % from.length];
  const anonymous = n % 200 === 7;
  const namespace = pick(NAMESPACES, 3);
  const resource = pick(RESOURCES, 1);
  const verb = anonymous ? 'get' : pick(VERBS, 2);
  const at = new Date(Date.UTC(2025, 11, 31) + n * 10).toISOString().replace('Z', '000Z');
  return {
    level: 'Request',
    auditID: `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`,
    stage: 'ResponseComplete',
    requestURI: anonymous ? '/version/' : `/api/v1/namespaces/${namespace}/${resource}/object-${n % 500}`,
    verb,
    user: anonymous
      ? { username: 'system:anonymous', groups: ['system:unauthenticated'] }
      : {
          username: `system:serviceaccount:${namespace}:controller-${n % 40}`,
          uid: `uid-${n % 40}`,
          groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'],
          extra: { 'authentication.kubernetes.io/pod-name': [`controller-${n % 40}-0`] },
        },
    sourceIPs: [`10.0.${n % 16}.${n % 250}`],
    userAgent: anonymous ? `scanner/${n}` : `controller-${n % 40}/v1.36.3 (linux/amd64) kubernetes/abcdef${n % 10}`,
    objectRef: anonymous ? undefined : { resource, namespace, name: `object-${n % 500}`, apiVersion: 'v1' },
    responseStatus: { metadata: {}, code: 200 },
    requestObject: anonymous || n % 3 !== 0 ? undefined : benchBody(n),
    requestReceivedTimestamp: at,
    stageTimestamp: at,
    annotations: {
      'authorization.k8s.io/decision': 'allow',
      'authorization.k8s.io/reason': 'RBAC: allowed by ClusterRoleBinding',
    },
  };
}

function benchBody(n: number): object {
  return {
    kind: 'Pod',
    apiVersion: 'v1',
    metadata: { name: `object-${n}`, labels: { app: `app-${n % 20}`, tier: 'backend' } },
    spec: {
      serviceAccountName: 'default',
      containers: Array.from({ length: 3 }, (_, i) => ({
        name: `container-${i}`,
        image: `registry.example/app-${n % 20}/image-${i}:1.${n % 9}`,
        args: ['--listen=0.0.0.0:8080', '--log-level=info', `--shard=${n % 7}`],
        env: Array.from({ length: 8 }, (_, e) => ({
          name: `SETTING_${e}`,
          value: `a value that is long enough to count ${n + e}`,
        })),
        resources: { requests: { cpu: '100m', memory: '128Mi' }, limits: { memory: '256Mi' } },
        securityContext: { privileged: false, allowPrivilegeEscalation: false, runAsNonRoot: true },
      })),
    },
  };
}
