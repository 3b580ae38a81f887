/** A busy control plane's traffic, always the same: batches of 100 events of about 1.6 KB, of which one in 200 is worth an alert. */

export const EVENTS_PER_BATCH = 100;

/** A batch as it goes over the wire. */
export interface Batch {
  readonly body: Buffer;
  /** Writes the time, and what makes requests new, into the body: else every round after the first would be duplicates. */
  stamp(now: Date, serial: number): void;
}

/** Which batches: every other one with one match, as traffic is; or only those without, or with one. */
export type Traffic = 'mixed' | 'without' | 'with';

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
/** As many agents as may open alerts within an hour's budget, so that most matches are repeats, as they are in life. */
const AGENTS = 10;

const TIME_LENGTH = '2026-01-01T00:00:00.000000Z'.length;
const AUDIT_ID = '00000000-0000-4000-8000-000000000000';
const SERIAL_DIGITS = 12;

export function benchBatches(traffic: Traffic = 'mixed'): readonly Batch[] {
  return Array.from({ length: BATCHES }, (_, index) => {
    const hasMatch = traffic === 'mixed' ? index % 2 === 0 : traffic === 'with';
    return createBatch(
      Array.from({ length: EVENTS_PER_BATCH }, (_, n) =>
        hasMatch && n === 7 ? anonymousEvent(index) : controllerEvent(index * EVENTS_PER_BATCH + n),
      ),
    );
  });
}

function createBatch(items: readonly object[]): Batch {
  const body = Buffer.from(
    JSON.stringify({ kind: 'EventList', apiVersion: 'audit.k8s.io/v1', metadata: {}, items }),
    'latin1',
  );
  const times = [...placesOf(body, 'Timestamp":"')];
  const serials = [...placesOf(body, '"auditID":"')].map((place) => place + AUDIT_ID.length - SERIAL_DIGITS);
  return {
    body,
    stamp(now, serial) {
      const time = timeText(now);
      for (const place of times) body.write(time, place, TIME_LENGTH, 'latin1');
      let next = serial * serials.length;
      for (const place of serials) body.write(String(next++).padStart(SERIAL_DIGITS, '0'), place, 'latin1');
    },
  };
}

/** Where each value begins that follows the text. */
function* placesOf(body: Buffer, before: string): Iterable<number> {
  for (let at = body.indexOf(before); at >= 0; at = body.indexOf(before, at + 1)) yield at + before.length;
}

function timeText(time: Date): string {
  return time.toISOString().replace('Z', '000Z');
}

const NEVER = timeText(new Date(0));

function controllerEvent(n: number): object {
  const pick = <T>(from: readonly T[], step: number) => from[Math.floor(n / step) % from.length];
  const namespace = pick(NAMESPACES, 3);
  const resource = pick(RESOURCES, 1);
  return {
    level: 'Request',
    auditID: AUDIT_ID,
    stage: 'ResponseComplete',
    requestURI: `/api/v1/namespaces/${namespace}/${resource}/object-${n % 500}`,
    verb: pick(VERBS, 2),
    user: {
      username: `system:serviceaccount:${namespace}:controller-${n % 40}`,
      uid: `uid-${n % 40}`,
      groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'],
      extra: { 'authentication.kubernetes.io/pod-name': [`controller-${n % 40}-0`] },
    },
    sourceIPs: [`10.0.${n % 16}.${n % 250}`],
    userAgent: `controller-${n % 40}/v1.36.3 (linux/amd64) kubernetes/abcdef${n % 10}`,
    objectRef: { resource, namespace, name: `object-${n % 500}`, apiVersion: 'v1' },
    responseStatus: { metadata: {}, code: 200 },
    requestObject: n % 3 === 0 ? podBody(n) : undefined,
    requestReceivedTimestamp: NEVER,
    stageTimestamp: NEVER,
    annotations: {
      'authorization.k8s.io/decision': 'allow',
      'authorization.k8s.io/reason': 'RBAC: allowed by ClusterRoleBinding',
    },
  };
}

function anonymousEvent(n: number): object {
  return {
    level: 'Request',
    auditID: AUDIT_ID,
    stage: 'ResponseComplete',
    requestURI: '/version/',
    verb: 'get',
    user: { username: 'system:anonymous', groups: ['system:unauthenticated'] },
    sourceIPs: ['203.0.113.7'],
    userAgent: `scanner/${n % AGENTS}`,
    responseStatus: { metadata: {}, code: 200 },
    requestReceivedTimestamp: NEVER,
    stageTimestamp: NEVER,
    annotations: {
      'authorization.k8s.io/decision': 'allow',
      'authorization.k8s.io/reason': 'RBAC: allowed by ClusterRoleBinding',
    },
  };
}

function podBody(n: number): object {
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
        env: Array.from({ length: 5 }, (_, e) => ({
          name: `SETTING_${e}`,
          value: `a value that is long enough to count ${n + e}`,
        })),
        resources: { requests: { cpu: '100m', memory: '128Mi' }, limits: { memory: '256Mi' } },
        securityContext: { privileged: false, allowPrivilegeEscalation: false, runAsNonRoot: true },
      })),
    },
  };
}
