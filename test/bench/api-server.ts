import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiServer } from '../support/api-server.ts';
import { type Alert, OPEN_PATH, sqliteState, startCluster } from '../support/cluster.ts';
import { startFirstseen } from '../support/firstseen.ts';
import { createTemporaryFolder } from '../support/temporary-folder.ts';
import { waitFor } from '../support/wait.ts';
import { percentile } from './cpu.ts';
import { type BenchPart, printRow } from './part.ts';

const REQUESTS = 60;
const RULE = 'bench-anonymous';
/** How long the API server gathers events before it sends them: short here, so that what is measured is the rest of the way. */
const BATCH_WAIT_MS = 100;
/** Prime to the wait, so that requests fall anywhere in it. */
const PAUSE_MS = 137;
const DELIVERY_TIMEOUT_MS = 20_000;

/** Every new agent is an alert, however many there are in an hour: the severity is exempt from the cluster's budget. */
const EVERY_NEW_AGENT = {
  apiVersion: 'firstseen.dev/v1alpha1',
  kind: 'DetectionRule',
  metadata: { name: RULE },
  spec: {
    title: 'An anonymous request of the benchmark',
    type: 'new_terms',
    language: 'kuery',
    query: 'user_agent.original: bench-* and kubernetes.audit.stage: ResponseComplete',
    newTerms: { fields: ['user_agent.original'], window: '7d' },
    severity: 'high',
    riskScore: 73,
    budget: { alertsPerHour: 10 * REQUESTS },
  },
};

/** From sending an anonymous request to a real API server to the moment a watch shows its Alert. */
export const benchApiServer: BenchPart = async () => {
  const cluster = await startCluster();
  try {
    await cluster.server.restart({
      extraFlags: [`--audit-webhook-batch-max-wait=${BATCH_WAIT_MS}ms`, '--audit-webhook-batch-throttle-enable=false'],
    });
    const rule = join(createTemporaryFolder('bench-rule'), `${RULE}.yaml`);
    writeFileSync(rule, JSON.stringify(EVERY_NEW_AGENT));
    const { kubeconfig, certificates, webhookPort: port } = cluster;
    const firstseen = await startFirstseen({ state: sqliteState(), kubeconfig, certificates, port, rules: [rule] });
    try {
      print(await measure(cluster.server));
    } finally {
      await firstseen.stop();
    }
  } finally {
    await cluster.server.stop();
  }
  return [];
};

/** Milliseconds from request to Alert, one for each request. */
async function measure(server: ApiServer): Promise<readonly number[]> {
  const sent = new Map<string, number>();
  const shown = new Map<string, number>();
  const stopWatching = await watchAlerts(server, ({ spec }) => {
    const agent = spec.actor.userAgent;
    if (spec.rule.name === RULE && agent !== undefined && !shown.has(agent)) shown.set(agent, performance.now());
  });
  try {
    for (let i = 0; i < REQUESTS; i++) {
      const userAgent = `bench-${i}/1.0`;
      sent.set(userAgent, performance.now());
      const { status } = await server.anonymous(OPEN_PATH, { userAgent });
      if (status !== 200) throw new Error(`an anonymous request was answered ${status}`);
      await sleep(PAUSE_MS);
    }
    await waitFor(() => shown.size === REQUESTS, {
      what: `the alerts of ${REQUESTS} requests`,
      timeoutMs: DELIVERY_TIMEOUT_MS,
    });
  } finally {
    stopWatching();
  }
  return [...sent].map(([agent, at]) => (shown.get(agent) ?? Number.NaN) - at);
}

/** Follows the Alerts as `kubectl get alerts -w` does. Gives how to stop. */
async function watchAlerts(server: ApiServer, seen: (alert: Alert) => void): Promise<() => void> {
  const call = httpsRequest(`${server.url}/apis/firstseen.dev/v1alpha1/alerts?watch=true`, {
    ca: readFileSync(server.caFile),
    agent: false,
    headers: { authorization: `Bearer ${server.adminToken}` },
  });
  call.end();
  const [response]: IncomingMessage[] = await once(call, 'response');
  if (response?.statusCode !== 200) throw new Error(`a watch of alerts was answered ${response?.statusCode}`);
  const lines = createInterface({ input: response });
  lines.on('line', (line) => seen((JSON.parse(line) as { readonly object: Alert }).object));
  return () => {
    lines.close();
    call.destroy();
  };
}

function print(latencies: readonly number[]): void {
  console.log(`\nFrom a request to its Alert in a watch, ${latencies.length} requests at a real API server`);
  printRow('', 'ms p50', 'p99');
  const [p50, p99] = [percentile(latencies, 50), percentile(latencies, 99)];
  printRow(`with a batch wait of ${BATCH_WAIT_MS} ms`, p50.toFixed(0), p99.toFixed(0));
  // On average a request falls into the middle of the wait; at worst at its beginning.
  printRow('beyond the wait', (p50 - BATCH_WAIT_MS / 2).toFixed(0), (p99 - BATCH_WAIT_MS).toFixed(0));
}
