import { excerpt } from '../../audit/text.ts';
import { API_SERVER_FLAGS } from '../../http/api-server-flags.ts';
import { receiverOptionsSchema } from '../../http/options.ts';
import { type ApiServer, apiServers } from '../api-server-flags.ts';
import type { Check } from '../check.ts';
import { type Finding, failure, ok, warning } from '../finding.ts';
import type { Subject } from '../subject.ts';

/** Defaults of kube-apiserver, from `kube-apiserver --help`. */
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
/** Five tries; each wait is 1.5 times the one before: 1 + 1.5 + 2.25 + 3.375 times the first. */
const BACKOFFS = 8.125;
const MIB = 1024 * 1024;
const MAX_VALUE_BYTES = 100;

/** Whether each API server sends audit events, in batches that firstseen accepts. */
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
      'it does not send audit events',
      'firstseen webhook-config --help    # creates webhook.yaml',
    ),
    ...missing(
      'audit-policy-file',
      'audit-policy.yaml',
      'without an audit policy it makes no audit events',
      'begin with deploy/audit-policy.yaml',
    ),
  ];
}

function mode(server: ApiServer): readonly Finding[] {
  const found = value(server, 'audit-webhook-mode');
  if (found === 'batch') return [];
  return [
    failure(`${nameOf(server)} has --audit-webhook-mode=${excerpt(found, MAX_VALUE_BYTES)}`, {
      why: 'every request to the API server waits for firstseen, and a booting cluster waits for a pod that it cannot start yet',
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
        why: 'one event that is too large, or (up to Kubernetes 1.36) cannot be encoded, loses its whole batch: anyone who may patch an object can cause this',
        mend: set('--audit-webhook-truncate-enabled=true'),
      }),
    );
  }
  const body = size * number(server, 'audit-webhook-truncate-max-event-size');
  if (truncates && body > maxBodyBytes) {
    findings.push(
      failure(
        `${nameOf(server)} may send bodies of ${mib(body)} MiB; firstseen accepts ${mib(maxBodyBytes)} (receiver.maxBodyBytes)`,
        {
          why: 'the receiver refuses a larger batch with 413, and the API server drops it after five tries',
          mend: set(recommended('audit-webhook-batch-max-size')),
        },
      ),
    );
  }
  const wait = seconds(value(server, 'audit-webhook-batch-max-wait'));
  if (wait > LONGEST_WAIT_S) {
    findings.push(
      warning(`${nameOf(server)} waits up to ${wait} s before it sends a batch (--audit-webhook-batch-max-wait)`, {
        why: 'alerts are up to that much later',
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
        why: 'the API server drops events when the buffer is full',
        mend: set(recommended('audit-webhook-batch-buffer-size')),
      }),
    );
  }
  const rate = number(server, 'audit-webhook-batch-throttle-qps') * number(server, 'audit-webhook-batch-max-size');
  if (value(server, 'audit-webhook-batch-throttle-enable') === 'true' && rate < LEAST_EVENTS_A_SECOND) {
    findings.push(
      warning(`${nameOf(server)} sends at most ${rate} events a second (throttle-qps times batch-max-size)`, {
        why: 'a busy minute fills the buffer, and the API server drops events when it is full',
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
        `${nameOf(server)} drops a batch after about ${Math.round(backoff * BACKOFFS)} s (--audit-webhook-initial-backoff=${backoff}s)`,
        {
          why: 'if a restart of firstseen takes longer, events are lost',
          mend: set('--audit-webhook-initial-backoff=10s'),
        },
      ),
    );
  }
  return findings;
}

/** The largest body that the receiver accepts; the default if no configuration is known. */
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

/** kube-apiserver does not start if the value is not a number, so a wrong one is ignored in favour of the default. */
function number(server: ApiServer, name: string): number {
  return Number(value(server, name)) || Number(DEFAULTS[name]);
}

/** Parses a Go duration such as 1m30s or 500ms: https://pkg.go.dev/time#ParseDuration */
function seconds(duration: string): number {
  const units: Readonly<Record<string, number>> = { h: 3_600, m: 60, s: 1, ms: 1e-3, us: 1e-6, ns: 1e-9 };
  const parts = [...duration.matchAll(/([\d.]+)(ms|us|ns|h|m|s)/g)];
  return parts.reduce((sum, [, count, unit = '']) => sum + Number(count) * (units[unit] ?? 0), 0);
}

function mib(bytes: number): number {
  return Math.ceil(bytes / MIB);
}
