import { excerpt } from '../../audit/text.ts';
import { API_SERVER_FLAGS } from '../../http/api-server-flags.ts';
import { receiverOptionsSchema } from '../../http/options.ts';
import { type ApiServer, apiServers } from '../api-server-flags.ts';
import type { Check } from '../check.ts';
import { type Finding, failure, ok, warning } from '../finding.ts';
import type { Subject } from '../subject.ts';

/** What kube-apiserver does without the flag: `kube-apiserver --help`. */
const DEFAULTS: Readonly<Record<string, string>> = {
  'audit-webhook-mode': 'batch',
  'audit-webhook-batch-max-size': '400',
  'audit-webhook-batch-max-wait': '30s',
  'audit-webhook-batch-buffer-size': '10000',
  'audit-webhook-batch-throttle-enable': 'true',
  'audit-webhook-batch-throttle-qps': '10',
  'audit-webhook-initial-backoff': '10s',
  'audit-webhook-truncate-enabled': 'false',
  'audit-webhook-truncate-max-event-size': '102400',
};

const LONGEST_WAIT_S = 5;
const SMALLEST_BUFFER = 10_000;
const LEAST_EVENTS_A_SECOND = 1_000;
const SHORTEST_BACKOFF_S = 10;
/** Five tries, with waits that grow by half: 1 + 1.5 + 2.25 + 3.375 times the first one. */
const BACKOFFS = 8.125;
const MIB = 1024 * 1024;
const MAX_VALUE_BYTES = 100;

/** Whether each API server sends audit events, and in batches that firstseen takes. */
export const apiServerFlagsCheck: Check = {
  name: 'api-server-flags',
  async run(subject) {
    const servers = await apiServers(subject);
    return servers.flatMap((server) => findingsOf(server, mostBytes(subject)));
  },
};

function findingsOf(server: ApiServer, maxBodyBytes: number): readonly Finding[] {
  const problems = [...files(server), ...mode(server), ...batches(server, maxBodyBytes), ...losses(server)];
  if (problems.length > 0) return problems;
  const size = number(server, 'audit-webhook-batch-max-size');
  return [
    ok(
      `${nameOf(server)} sends batches of at most ${size} events, ${value(server, 'audit-webhook-batch-max-wait')} after the first`,
    ),
  ];
}

function files(server: ApiServer): readonly Finding[] {
  const missing = (name: string, file: string, why: string, make: string) =>
    server.flags.has(name)
      ? []
      : [
          failure(`${nameOf(server)} has no --${name}`, {
            why,
            mend: `${make}\n${set(`--${name}=/etc/kubernetes/firstseen/${file}`)}`,
          }),
        ];
  return [
    ...missing(
      'audit-webhook-config-file',
      'webhook.yaml',
      'it sends audit events nowhere',
      'firstseen webhook-config --help    # makes webhook.yaml',
    ),
    ...missing(
      'audit-policy-file',
      'audit-policy.yaml',
      'without a policy there are no audit events',
      'begin with deploy/audit-policy.yaml',
    ),
  ];
}

function mode(server: ApiServer): readonly Finding[] {
  const found = value(server, 'audit-webhook-mode');
  if (found === 'batch') return [];
  return [
    failure(`${nameOf(server)} has --audit-webhook-mode=${excerpt(found, MAX_VALUE_BYTES)}`, {
      why: 'every request to the API server waits for firstseen, and at a boot the cluster waits for a pod that it has to start',
      mend: set('--audit-webhook-mode=batch'),
    }),
  ];
}

function batches(server: ApiServer, maxBodyBytes: number): readonly Finding[] {
  const findings: Finding[] = [];
  const size = number(server, 'audit-webhook-batch-max-size');
  const truncates = value(server, 'audit-webhook-truncate-enabled') === 'true';
  if (!truncates) {
    findings.push(
      failure(`${nameOf(server)} does not truncate events: --audit-webhook-truncate-enabled is not true`, {
        why: 'one event that is too large, or (up to Kubernetes 1.36) cannot be encoded, loses the whole batch around it: anyone who may patch an object can do that',
        mend: set('--audit-webhook-truncate-enabled=true'),
      }),
    );
  }
  const body = size * number(server, 'audit-webhook-truncate-max-event-size');
  if (truncates && body > maxBodyBytes) {
    findings.push(
      failure(
        `${nameOf(server)} may send bodies of ${mib(body)} MiB; firstseen takes ${mib(maxBodyBytes)} (receiver.maxBodyBytes)`,
        {
          why: 'a batch above that is refused with 413, and lost after five tries',
          mend: set(recommended('audit-webhook-batch-max-size')),
        },
      ),
    );
  }
  const wait = seconds(value(server, 'audit-webhook-batch-max-wait'));
  if (wait > LONGEST_WAIT_S) {
    findings.push(
      warning(`${nameOf(server)} waits ${wait} s until it sends a batch (--audit-webhook-batch-max-wait)`, {
        why: 'an alert comes that much later',
        mend: set(recommended('audit-webhook-batch-max-wait')),
      }),
    );
  }
  return findings;
}

function losses(server: ApiServer): readonly Finding[] {
  const findings: Finding[] = [];
  const buffer = number(server, 'audit-webhook-batch-buffer-size');
  if (buffer < SMALLEST_BUFFER) {
    findings.push(
      warning(`${nameOf(server)} buffers ${buffer} events (--audit-webhook-batch-buffer-size)`, {
        why: 'a full buffer drops events',
        mend: set(recommended('audit-webhook-batch-buffer-size')),
      }),
    );
  }
  const rate = number(server, 'audit-webhook-batch-throttle-qps') * number(server, 'audit-webhook-batch-max-size');
  if (value(server, 'audit-webhook-batch-throttle-enable') === 'true' && rate < LEAST_EVENTS_A_SECOND) {
    findings.push(
      warning(`${nameOf(server)} sends at most ${rate} events a second (throttle-qps times batch-max-size)`, {
        why: 'a busy minute fills the buffer, and a full buffer drops events',
        mend: set(recommended('audit-webhook-batch-throttle-qps')),
      }),
    );
  }
  const first =
    server.flags.get('audit-webhook-initial-backoff') ?? server.flags.get('audit-webhook-batch-initial-backoff');
  const backoff = seconds(first ?? DEFAULTS['audit-webhook-initial-backoff'] ?? '');
  if (backoff < SHORTEST_BACKOFF_S) {
    findings.push(
      warning(
        `${nameOf(server)} gives a batch up after about ${Math.round(backoff * BACKOFFS)} s (--audit-webhook-initial-backoff=${backoff}s)`,
        {
          why: 'a restart of firstseen that takes longer loses events for ever',
          mend: set('--audit-webhook-initial-backoff=10s'),
        },
      ),
    );
  }
  return findings;
}

/** The largest body that the receiver reads; without a configuration, the default. */
function mostBytes(subject: Subject): number {
  return (subject.known('receiver') ?? receiverOptionsSchema.parse({})).maxBodyBytes;
}

function set(flag: string): string {
  return `${flag}    # in /etc/kubernetes/manifests/kube-apiserver.yaml of each control-plane node; k3s, RKE2: kube-apiserver-arg`;
}

function recommended(name: (typeof API_SERVER_FLAGS)[number]['name']): string {
  return `--${name}=${API_SERVER_FLAGS.find((flag) => flag.name === name)?.value}`;
}

function nameOf({ name }: ApiServer): string {
  return excerpt(name, MAX_VALUE_BYTES);
}

function value({ flags }: ApiServer, name: string): string {
  return flags.get(name) ?? DEFAULTS[name] ?? '';
}

/** kube-apiserver does not start with what is no number, so the default stands in for that. */
function number(server: ApiServer, name: string): number {
  return Number(value(server, name)) || Number(DEFAULTS[name]);
}

/** A duration of Go, such as 1m30s or 500ms: https://pkg.go.dev/time#ParseDuration */
function seconds(duration: string): number {
  const units: Readonly<Record<string, number>> = { h: 3_600, m: 60, s: 1, ms: 1e-3, us: 1e-6, ns: 1e-9 };
  const parts = [...duration.matchAll(/([\d.]+)(ms|us|ns|h|m|s)/g)];
  return parts.reduce((sum, [, count, unit = '']) => sum + Number(count) * (units[unit] ?? 0), 0);
}

function mib(bytes: number): number {
  return Math.ceil(bytes / MIB);
}
