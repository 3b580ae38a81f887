import { readAlerts } from '../../src/alerts/records.ts';
import type { AlertRecord } from '../../src/detect/alert.ts';
import { sha256Hashes } from '../../src/ingest/hashes.ts';
import { compileLoaded } from '../../src/rulefiles/compile-loaded.ts';
import { loadRuleFiles } from '../../src/rulefiles/load.ts';
import { stateKeys } from '../../src/rules/state-keys.ts';
import { connectRedisState, type RedisState } from '../../src/state/redis/redis-state.ts';
import { anonymousRequest } from './events.ts';
import type { Firstseen } from './firstseen.ts';
import { entriesOf } from './state-access.ts';

/** What is in Redis about one rule and cluster. */
export interface RuleState {
  readonly alerts: readonly AlertRecord[];
  /** Learned terms. */
  readonly terms: readonly string[];
}

/** The store that replicas share, past all of them. The caller closes it. */
export function connectState(url: string): Promise<RedisState> {
  return connectRedisState({
    kind: 'redis',
    url,
    durability: 'best-effort',
    connectTimeoutMs: 5_000,
    commandTimeoutMs: 5_000,
    keyPrefix: 'fs:',
  });
}

/** Reads what replicas share. */
export async function readRuleState(url: string, ruleFile: string, cluster = 'local'): Promise<RuleState> {
  const [ready] = compileLoaded(await loadRuleFiles([ruleFile]), sha256Hashes).ready;
  if (ready === undefined) throw new Error(`${ruleFile} holds no rule`);
  const { rule } = ready;
  const state = await connectState(url);
  try {
    const alerts = (await readAlerts(state, cluster)).filter(({ spec }) => spec.rule.name === rule.document.name);
    const terms = await entriesOf(state, cluster, stateKeys.terms(rule.memoryKey));
    return { alerts, terms: terms.map(({ member }) => member) };
  } finally {
    await state.close();
  }
}

/** A batch of anonymous requests that were allowed just now, one of each user agent; `id` tells requests apart. */
export function requestBatch(id: string, userAgents: readonly string[], at = Date.now()): string {
  const items = userAgents.map((userAgent, ordinal) => {
    const { event } = anonymousRequest({ at: at * 1_000 + ordinal, id: `${id}-${ordinal}`, userAgent });
    return event;
  });
  return JSON.stringify({ kind: 'EventList', apiVersion: 'audit.k8s.io/v1', metadata: {}, items });
}

/** Sends a batch as the API server does, which comes again after everything but 200. Gives the statuses. */
export async function deliver(replica: Firstseen, batch: string): Promise<readonly number[]> {
  const statuses: number[] = [];
  do statuses.push(await replica.post(batch));
  while (statuses.at(-1) !== 200 && statuses.length < 5);
  return statuses;
}

/** The sum of a metric over replicas. */
export async function sumOver(
  replicas: readonly Firstseen[],
  name: string,
  labels: Readonly<Record<string, string>> = {},
): Promise<number> {
  const values = await Promise.all(replicas.map((replica) => replica.metric(name, labels)));
  return values.reduce((sum, value) => sum + value, 0);
}
