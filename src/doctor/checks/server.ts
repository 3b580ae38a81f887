import { excerpt } from '../../audit/text.ts';
import { REFUSALS } from '../../http/refusal.ts';
import { span } from '../certificate.ts';
import type { Check } from '../check.ts';
import { CannotCheck, type Finding, failure, ok, warning } from '../finding.ts';
import { readSamples, type Sample, samplesOf, sumOf } from '../prometheus-text.ts';
import { IN_THE_POD, type Subject } from '../subject.ts';

const CALL_LIMIT_MS = 5_000;
/** An API server is never silent this long: controllers and kubelets send requests all the time. */
const SILENT_MS = 5 * 60_000;
const JUST_STARTED_MS = 2 * 60_000;
const LATE_DELIVERY_S = 60;
const MAX_TEXT_BYTES = 300;

/** Asks the running firstseen: readiness, last batch of each cluster, refusals, failures, undelivered alerts. */
export const serverCheck: Check = {
  name: 'server',
  async run(subject) {
    const base = opsUrl(subject);
    let ready: string;
    let metrics: string;
    try {
      ready = await ask(`${base}/readyz?verbose`);
      metrics = await ask(`${base}/metrics`);
    } catch (error) {
      if (error instanceof NoAnswer) return absent(error, base, subject);
      throw error;
    }
    const samples = readSamples(metrics, /^(firstseen_|process_start_time_seconds$)/);
    if (sumOf(samples, 'firstseen_build_info') === 0) {
      throw new CannotCheck(`the server at ${base} is not firstseen`, 'firstseen doctor --ops http://HOST:PORT');
    }
    const now = subject.now();
    const started = sumOf(samples, 'process_start_time_seconds') * 1_000;
    return [
      ...readiness(ready),
      ...version(samples, subject, now - started),
      ...lastBatches(samples, clustersOf(subject, samples), now, now - started),
      ...silentSenders(samples, now),
      ...heartbeats(samples, now, now - started),
      ...problems(samples, base),
    ];
  },
};

function opsUrl(subject: Subject): string {
  if (subject.ops !== undefined) return subject.ops;
  const { host, port } = subject.known('ops')?.listen ?? { host: '127.0.0.1', port: 9444 };
  const reached = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  return `http://${reached.includes(':') ? `[${reached}]` : reached}:${port}`;
}

/** Nothing answers at the address of health and metrics. */
class NoAnswer extends Error {}

async function ask(url: string): Promise<string> {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(CALL_LIMIT_MS), redirect: 'error' });
    return await answer.text();
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    throw new NoAnswer(excerpt(cause instanceof Error ? cause.message : String(cause), MAX_TEXT_BYTES), {
      cause: error,
    });
  }
}

/** A fault if the configuration or a flag gives the address; otherwise firstseen may well run on another machine. */
function absent({ message }: NoAnswer, base: string, subject: Subject): readonly Finding[] {
  const what = `no firstseen answers at ${base}: ${message}`;
  const runs = 'kubectl -n firstseen get pods    # does it run?';
  if (subject.ops === undefined && subject.known('ops') === undefined) {
    throw new CannotCheck(
      what,
      `kubectl -n firstseen port-forward deploy/firstseen 9444 &    # or: ${IN_THE_POD}\n${runs}`,
    );
  }
  return [
    failure(what, {
      why: 'if it does not run, the API server drops each batch after about 90 s',
      mend: `${runs}\nkubectl -n firstseen logs deploy/firstseen --previous --tail=50`,
    }),
  ];
}

/** Lines look like `[+]name ok: detail` and `[-]name failed: detail`. */
function readiness(text: string): readonly Finding[] {
  const lines = text
    .split('\n')
    .map((line) => /^\[([+-])\](\S+) (?:ok|failed)(?: \(not required\))?(?:: (.*))?$/.exec(line));
  return lines.flatMap((line) => {
    const [, sign, name = '', detail = ''] = line ?? [];
    if (sign === undefined || (sign === '+' && name !== 'store')) return [];
    const what = `${excerpt(name, MAX_TEXT_BYTES)}: ${excerpt(detail, MAX_TEXT_BYTES)}`;
    if (sign === '+') return [ok(what)];
    return [
      failure(`not ready: ${what}`, {
        why:
          name === 'store'
            ? 'batches with a match get 503 until the store is back'
            : 'the Service does not route to it, so no event arrives',
        mend: 'kubectl -n firstseen logs deploy/firstseen --tail=50',
      }),
    ];
  });
}

function version(samples: readonly Sample[], subject: Subject, upMs: number): readonly Finding[] {
  const running = samplesOf(samples, 'firstseen_build_info')[0]?.labels.version ?? '?';
  if (running === subject.version) return [ok(`firstseen ${running} has run for ${span(upMs)}`)];
  return [
    warning(`firstseen ${excerpt(running, MAX_TEXT_BYTES)} runs, but this doctor is ${subject.version}`, {
      why: 'rights, resources and flags may differ between the versions',
      mend: IN_THE_POD,
    }),
  ];
}

function clustersOf(subject: Subject, samples: readonly Sample[]): readonly string[] {
  const receiver = subject.known('receiver');
  if (receiver !== undefined) return receiver.clusters.map(({ name }) => name);
  const known = samples.flatMap(({ name, labels }) =>
    name === 'firstseen_matches_total' ? (labels.cluster ?? []) : [],
  );
  return [...new Set(known)];
}

function lastBatches(
  samples: readonly Sample[],
  clusters: readonly string[],
  now: number,
  upMs: number,
): readonly Finding[] {
  const advice = {
    why: 'firstseen detects nothing in this cluster',
    mend: 'firstseen doctor --webhook-kubeconfig webhook.yaml --policy audit-policy.yaml    # with the files of a control-plane node\n# docs/guides/troubleshooting.md#nothing-arrives',
  };
  return clusters.map((cluster) => {
    const at =
      samplesOf(samples, 'firstseen_last_batch_timestamp_seconds').find(({ labels }) => labels.cluster === cluster)
        ?.value ?? 0;
    const name = `the API server of ${excerpt(cluster, MAX_TEXT_BYTES)}`;
    if (at > 0) {
      const age = Math.max(0, now - at * 1_000);
      const told = `${name} sent its last batch ${span(age)} ago`;
      return age < SILENT_MS ? ok(told) : failure(told, advice);
    }
    const told = `${name} has sent no batch since firstseen started ${span(upMs)} ago`;
    return upMs < JUST_STARTED_MS ? warning(`${told}; it may just have started`, advice) : failure(told, advice);
  });
}

/** Each API server has its own kubeconfig and flags, so one can be silent while others send. */
function silentSenders(samples: readonly Sample[], now: number): readonly Finding[] {
  const senders = samplesOf(samples, 'firstseen_sender_last_batch_timestamp_seconds').map(({ labels, value }) => ({
    name: excerpt(labels.sender ?? '', MAX_TEXT_BYTES),
    age: now - value * 1_000,
  }));
  const silent = senders.filter(({ age }) => age >= SILENT_MS);
  if (silent.length === senders.length) return []; // the last batch of the cluster says so
  return silent.map(({ name, age }) =>
    warning(`the API server at ${name} sent its last batch ${span(age)} ago; others still send`, {
      why: 'if that control-plane node still exists, firstseen detects nothing that goes through it',
      mend: 'kubectl get nodes -o wide    # if it is one of these, compare its flags and files with those of another node',
    }),
  );
}

/** An enabled heartbeat travels the whole path: through the API server, and back as an audit event. */
function heartbeats(samples: readonly Sample[], now: number, upMs: number): readonly Finding[] {
  return samplesOf(samples, 'firstseen_heartbeat_last_seen_timestamp_seconds').flatMap(({ labels, value }) => {
    const age = value > 0 ? Math.max(0, now - value * 1_000) : upMs;
    const of = `heartbeat of ${excerpt(labels.cluster ?? '', MAX_TEXT_BYTES)}`;
    if (value > 0 && age < SILENT_MS) return [ok(`the ${of} came back ${span(age)} ago`)];
    if (value === 0 && upMs < JUST_STARTED_MS) return [];
    return [
      failure(value > 0 ? `the last ${of} came back ${span(age)} ago` : `no ${of} has come back`, {
        why: 'firstseen does not see every request: events do not arrive, or the policy does not record the heartbeat',
        mend: 'firstseen doctor --policy audit-policy.yaml    # create it with: firstseen audit-policy --heartbeat',
      }),
    ];
  });
}

function problems(samples: readonly Sample[], base: string): readonly Finding[] {
  const findings: Finding[] = [];
  for (const { labels, value } of samplesOf(samples, 'firstseen_requests_refused_total')) {
    if (value === 0) continue;
    const { reason = '' } = labels;
    const hint = Object.entries(REFUSALS).find(([name]) => name === reason)?.[1].hint;
    findings.push(
      warning(`${value} requests were refused: ${excerpt(reason, MAX_TEXT_BYTES)}`, {
        why: 'rules saw none of their events; the sender is an API server with a wrong kubeconfig, or an intruder',
        mend: `${hint === undefined ? '' : `${hint}\n`}kubectl -n firstseen logs deploy/firstseen | grep 'request refused'    # shows the address`,
      }),
    );
  }
  const count = (metric: string, what: (count: number) => string, why: string, mend: string, severity = warning) => {
    const total = sumOf(samples, `firstseen_${metric}`);
    if (total > 0) findings.push(severity(what(total), { why, mend }));
  };
  const logs = 'kubectl -n firstseen logs deploy/firstseen --tail=200';
  const ofRules = Object.fromEntries(
    samplesOf(samples, 'firstseen_rules').map(({ labels, value }) => [labels.state ?? '', value]),
  );
  if ((ofRules.broken ?? 0) > 0) {
    findings.push(
      warning(`${ofRules.broken} problems in its rules; those rules do not run`, {
        why: 'these rules detect nothing',
        mend: `${logs} | grep 'rule is broken'`,
      }),
    );
  }
  count(
    'rule_errors_total',
    (n) => `rules failed on ${n} events`,
    'these rules did not see these events',
    `${logs} | grep 'rule failed'    # and report it`,
  );
  count(
    'quarantined_total',
    (n) => `${n} events could not be read and are in quarantine`,
    'no rule saw them',
    `${logs} | grep -e 'events quarantined' -e 'rule failed'    # which events; the latest: curl -s ${base}/quarantine`,
  );
  count(
    'skewed_events_total',
    (n) => `${n} events had a time more than 10 minutes ahead`,
    'the clock of a control-plane node is ahead of this one',
    'chronyc tracking    # on both nodes',
  );
  count(
    'store_errors_total',
    (n) => `${n} updates of the store failed`,
    'their batches got 503, and the API server sent them again',
    `${logs} | grep 'batch not committed'`,
  );
  count(
    'dead',
    (n) => `${n} alerts were rejected by a sink for good`,
    'firstseen does not try them again',
    `${logs} | grep 'given up'`,
    failure,
  );
  const oldest = Math.max(0, ...samplesOf(samples, 'firstseen_due_oldest_seconds').map(({ value }) => value));
  if (oldest > LATE_DELIVERY_S) {
    const due = sumOf(samples, 'firstseen_due');
    const codes = samplesOf(samples, 'firstseen_delivery_failures_total').flatMap(({ labels, value }) =>
      value > 0 ? `${labels.sink}: ${labels.code}` : [],
    );
    findings.push(
      failure(
        `${due} alerts are not delivered, the oldest for ${span(oldest * 1_000)}${codes.length === 0 ? '' : ` (${excerpt(codes.join(', '), MAX_TEXT_BYTES)})`}`,
        {
          why: 'nobody has been notified of them',
          mend: `see the findings of access and resources; ${logs}`,
        },
      ),
    );
  }
  return findings;
}
