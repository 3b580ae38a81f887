/** The rules of the pack, on what a real API server records of real requests under the policy that is shipped. */

import { readdirSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { decodeEvent } from '../../src/audit/decode.ts';
import type { DecodedEvent } from '../../src/audit/event.ts';
import { createDetector } from '../../src/detect/detector.ts';
import { sha256Hashes } from '../../src/ingest/hashes.ts';
import { compileLoaded } from '../../src/rulefiles/compile-loaded.ts';
import { loadRuleFiles } from '../../src/rulefiles/load.ts';
import type { RuleDocument } from '../../src/rules/document.ts';
import { CHART, NAMESPACE, REQUIRED } from '../support/chart.ts';
import { type Cluster, startCluster } from '../support/cluster.ts';
import { type Evaluation, evaluation } from '../support/evaluation.ts';
import { fail } from '../support/fail.ts';
import { OUT_OF_REACH, packTriggers } from './support/pack-triggers.ts';
import { type AuditEvent, type Recorder, startRecorder } from './support/recorder.ts';

const DAY_MICROS = 86_400_000_000;

let recorder: Recorder;
let cluster: Cluster;

beforeAll(async () => {
  recorder = await startRecorder();
  cluster = await startCluster({ webhookUrl: recorder.url, auditPolicyFile: 'deploy/audit-policy.yaml' });
});
afterAll(async () => {
  await cluster?.server.stop();
  recorder?.stop();
});

/** All that is recorded while `work` runs, in its order. */
async function recordedDuring(name: string, work: () => Promise<unknown>): Promise<readonly AuditEvent[]> {
  const from = recorder.events().length;
  await work();
  expect((await cluster.server.anonymous('/version', { userAgent: name })).status).toBe(200);
  await recorder.eventsOf(name, 1);
  return recorder.events().slice(from);
}

function decoded(events: readonly AuditEvent[], laterMicros = 0): readonly DecodedEvent[] {
  return events.flatMap((event, ordinal) => {
    const item = decodeEvent(event, ordinal, Date.now() * 1_000);
    return 'event' in item ? [{ ...item, at: item.at + laterMicros }] : fail(JSON.stringify(item));
  });
}

/** The rules of the pack as they are, or as they are when they have learned. */
async function packAtWork(
  change: (document: RuleDocument) => RuleDocument = (document) => document,
): Promise<Evaluation> {
  const { ready, slots } = compileLoaded(await loadRuleFiles(['rules']), sha256Hashes);
  const rules = ready.map(({ rule }) => ({ ...rule, document: change(rule.document) }));
  return evaluation(createDetector(rules, slots, sha256Hashes));
}

function withoutLearning({ newTerms, ...document }: RuleDocument): RuleDocument {
  return newTerms === undefined ? document : { ...document, newTerms: { ...newTerms, learningMicros: 0 } };
}

/** What people and tools do with a cluster on any day. */
async function ordinaryDay(round: number): Promise<void> {
  const { server } = cluster;
  const name = `web-${round}`;
  await server.restart();
  await server.helm('upgrade', '--install', 'firstseen', CHART, '--namespace', NAMESPACE, ...REQUIRED);
  await server.helm('list', '-A');
  await server.kubectl('create', 'deployment', name, '--image=registry.example/web:1');
  await server.apply({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: 'default' },
    spec: { selector: { app: name }, ports: [{ port: 80 }] },
  });
  await server.kubectl('create', 'configmap', name, '--from-literal=a=b');
  await server.kubectl('create', 'secret', 'generic', name, '--from-literal=a=b');
  await server.kubectl('set', 'image', `deployment/${name}`, `web=registry.example/web:${round + 2}`);
  await server.kubectl('scale', `deployment/${name}`, '--replicas=2');
  await server.kubectl('get', 'all', '-A');
  await server.kubectl('describe', `deployment/${name}`);
  await server.kubectl('auth', 'can-i', '--list');
  await server.kubectl('create', 'job', name, '--image=registry.example/job:1', '--dry-run=server');
  await server.kubectl('create', 'role', name, '--verb=get,list', '--resource=configmaps');
  await server.kubectl('create', 'rolebinding', name, `--role=${name}`, '--user=carol');
  await server.kubectl('delete', `deployment/${name}`, `service/${name}`, `configmap/${name}`, `secret/${name}`);
  for (const path of ['/livez', '/readyz', '/version']) await server.anonymous(path, { userAgent: 'kube-probe/1.36' });
}

test('an ordinary day after the first raises nothing: API server, Helm, kubectl', async () => {
  const first = await recordedDuring('first-day/1.0', () => ordinaryDay(1));
  const second = await recordedDuring('second-day/1.0', () => ordinaryDay(2));
  const { send, alerts, store } = await packAtWork();
  const outcomes = await send(...decoded(first));
  expect(outcomes.filter((outcome) => outcome === 'learning').length).toBeGreaterThanOrEqual(5);
  await send(...decoded(second, 1.1 * DAY_MICROS));
  const raised = (await alerts()).map(({ spec }) => `${spec.rule.name}: ${spec.reason}`);
  await store.close();
  expect(raised).toEqual([]);
});

test('each rule fires on what sets it off', async () => {
  const triggers = await packTriggers(cluster);
  const pack = readdirSync('rules').map((file) => file.replace(/\.yaml$/, ''));
  expect([...Object.keys(triggers), ...Object.keys(OUT_OF_REACH)].sort()).toEqual(pack.sort());
  const events = await recordedDuring('triggers/1.0', async () => {
    for (const [rule, trigger] of Object.entries(triggers)) {
      await trigger().catch((error: unknown) => fail(`${rule}: ${String(error)}`));
    }
  });
  const { send, alerts, store } = await packAtWork(withoutLearning);
  await send(...decoded(events));
  const fired = new Set((await alerts()).map(({ spec }) => spec.rule.name));
  await store.close();
  expect(Object.keys(triggers).filter((rule) => !fired.has(rule))).toEqual([]); // rules that stayed silent
});
