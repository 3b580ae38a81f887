/**
 * Prints how many bytes an event takes that a threshold, a sequence or a query with STATS holds, in Redis and in a file of SQLite:
 *
 *   node test/bench/held-rows.ts
 *
 * Rules as they are in life run over events; none fires. Measured is the difference that the events make to used_memory of INFO memory on a
 * Redis of its own, and to the size of a closed file.
 */
import { statSync } from 'node:fs';
import { Redis } from 'ioredis';
import type { Store } from '../../src/alerts/store.ts';
import { decodeBatch } from '../../src/audit/decode.ts';
import { createDetector } from '../../src/detect/detector.ts';
import { createEvaluator } from '../../src/ingest/create-evaluator.ts';
import { sha256Hashes } from '../../src/ingest/hashes.ts';
import { compileLoaded } from '../../src/rulefiles/compile-loaded.ts';
import { readYamlRules } from '../../src/rulefiles/yaml-rules.ts';
import { redisStateOptions } from '../../src/state/options.ts';
import { connectRedisState } from '../../src/state/redis/redis-state.ts';
import { openSqliteState } from '../../src/state/sqlite/sqlite-state.ts';
import { startRedis } from '../support/redis-server.ts';
import { EVENTS_PER_BATCH } from './batches.ts';
import { sqliteFile } from './servers.ts';

/** Fewer than a rule holds groups. */
const EVENTS = 9_000;
/** Before those that count: what the first commits make once is not a row's. */
const WARM_UP = 200;
/** Events of a group. */
const OF_A_GROUP = [1, 100];

const SECRET = 'kubernetes.audit.objectRef.resource';
const KINDS = {
  threshold: {
    type: 'threshold',
    query: `${SECRET}: secrets`,
    threshold: {
      field: ['user.name', 'source.ip'],
      value: 100,
      cardinality: [{ field: 'kubernetes.audit.objectRef.name', value: 1_000 }],
      window: '1h',
    },
  },
  sequence: {
    type: 'eql',
    query: `sequence by user.name with maxspan=1h [any where ${SECRET} == "secrets"] [any where ${SECRET} == "pods"]`,
  },
  STATS: {
    type: 'esql',
    query: `FROM logs-* | WHERE ${SECRET} == "secrets"
| STATS names = COUNT_DISTINCT(kubernetes.audit.objectRef.name), seen = VALUES(kubernetes.audit.objectRef.name), last = MAX(@timestamp) BY user.name, source.ip
| WHERE names > 1000`,
  },
};

function batch(from: number, ofAGroup: number): string {
  const items = Array.from({ length: EVENTS_PER_BATCH }, (_, i) => {
    const n = from + i;
    const group = Math.floor(n / ofAGroup);
    const time = new Date(Date.now() - 60_000 + n).toISOString().replace('Z', '000Z');
    return {
      level: 'Metadata',
      auditID: `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`,
      stage: 'ResponseComplete',
      requestURI: `/api/v1/namespaces/team-${group % 50}/secrets/credentials-of-app-${n}`,
      verb: 'get',
      user: { username: `system:serviceaccount:team-${group % 50}:controller-${group}` },
      sourceIPs: [`10.0.${(group >> 8) & 0xff}.${group & 0xff}`],
      userAgent: 'controller/v1.36.3 (linux/amd64) kubernetes/abcdef0',
      objectRef: {
        resource: 'secrets',
        namespace: `team-${group % 50}`,
        name: `credentials-of-app-${n}`,
        apiVersion: 'v1',
      },
      responseStatus: { metadata: {}, code: 200 },
      requestReceivedTimestamp: time,
      stageTimestamp: time,
    };
  });
  return JSON.stringify({ kind: 'EventList', apiVersion: 'audit.k8s.io/v1', metadata: {}, items });
}

async function hold(store: Store, spec: object, ofAGroup: number, from: number, to: number): Promise<void> {
  const rule = { apiVersion: 'firstseen.dev/v1alpha1', kind: 'DetectionRule', metadata: { name: 'held' } };
  const text = JSON.stringify({ ...rule, spec: { title: 'Held', severity: 'medium', ...spec } });
  const { ready, slots, problems } = compileLoaded(readYamlRules('bench.yaml', text), sha256Hashes);
  if (ready.length !== 1) throw new Error(JSON.stringify(problems));
  const rules = ready.map((one) => one.rule);
  const detector = createDetector(rules, slots, sha256Hashes);
  let selected = 0;
  const evaluate = createEvaluator({
    store,
    detector: () => detector,
    hashes: sha256Hashes,
    sinks: [],
    own: undefined,
  });
  for (let at = from; at < to; at += EVENTS_PER_BATCH) {
    const decoded = decodeBatch(batch(at, ofAGroup), Date.now() * 1_000);
    if (decoded.kind === 'rejected') throw new Error(decoded.message);
    for (const count of detector.detect('bench', decoded.events).matches.values()) selected += count;
    await evaluate('bench', decoded.events);
  }
  if (selected !== to - from) throw new Error(`of ${to - from} events ${selected} were selected`);
}

async function inRedis(spec: object, ofAGroup: number): Promise<number> {
  const server = await startRedis();
  const state = await connectRedisState(redisStateOptions.parse({ kind: 'redis', url: server.url }));
  const redis = new Redis(server.url);
  const usedMemory = async () => Number(/^used_memory:(\d+)/m.exec(await redis.info('memory'))?.[1]);
  await hold(state, spec, ofAGroup, 0, WARM_UP);
  const before = await usedMemory();
  await hold(state, spec, ofAGroup, WARM_UP, WARM_UP + EVENTS);
  const bytes = (await usedMemory()) - before;
  redis.disconnect();
  await state.close();
  await server.stop();
  return bytes / EVENTS;
}

async function inSqlite(spec: object, ofAGroup: number): Promise<number> {
  const sizeWith = async (events: number) => {
    const options = sqliteFile();
    if (options.kind !== 'sqlite') throw new Error('expected a file');
    const state = openSqliteState({ kind: 'sqlite', path: options.path });
    await hold(state, spec, ofAGroup, 0, events);
    await state.close();
    return statSync(options.path).size;
  };
  return ((await sizeWith(WARM_UP + EVENTS)) - (await sizeWith(WARM_UP))) / EVENTS;
}

for (const [kind, spec] of Object.entries(KINDS)) {
  for (const ofAGroup of OF_A_GROUP) {
    const [redis, sqlite] = [await inRedis(spec, ofAGroup), await inSqlite(spec, ofAGroup)];
    const what = ofAGroup === 1 ? 'each in a group of its own' : `${ofAGroup} in a group`;
    console.log(
      `${kind}, ${EVENTS} events, ${what}: ${redis.toFixed(0)} bytes each in Redis, ${sqlite.toFixed(0)} in SQLite`,
    );
  }
}
