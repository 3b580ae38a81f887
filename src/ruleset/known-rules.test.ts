import { expect, test } from '@jest/globals';
import { CLUSTER } from '../../test/support/evaluation.ts';
import { fail } from '../../test/support/fail.ts';
import type { Store } from '../alerts/store.ts';
import { sha256Hashes } from '../ingest/hashes.ts';
import { openSqliteState } from '../state/sqlite/sqlite-state.ts';
import { createKnownRules, loadKnownRules } from './known-rules.ts';
import { createLiveRules } from './live-rules.ts';
import { type RuleResource, toRuleResource } from './rule-resource.ts';

test('the last sound version of a rule survives a restart and a broken edit', async () => {
  const store = openSqliteState({ kind: 'sqlite', path: ':memory:' });
  await put(store, [resource('a', 1), resource('gone', 1)]);
  await put(store, [resource('a', 2), resource('off', 1, { enabled: false })]);
  await put(store, [resource('a', 3, { query: '(' }), resource('off', 1, { enabled: false })]);
  const known = await loadKnownRules(store, CLUSTER);
  expect(known.map(({ name, generation }) => `${name} ${generation}`).sort()).toEqual(['a 2', 'off 1']);
  expect(JSON.stringify(known)).not.toContain('a test'); // tests are not kept

  const live = createLiveRules({ hashes: sha256Hashes });
  live.setEarlier(known);
  await live.settled();
  expect(running(live)).toEqual(['a 2']); // in force while the API server is away
  live.setResources([resource('a', 3, { query: '(' })]);
  await live.settled();
  expect(running(live)).toEqual(['a 2']);
  expect(live.entries()[0]?.verdict).toBe('broken');
  live.setResources([{ ...resource('a', 1, { query: '(' }), uid: 'another' }]);
  await live.settled();
  expect(running(live)).toEqual([]); // a rule that was made anew is another one
  await store.close();
});

test('does not write unchanged rules again, even after a restart', async () => {
  const store = openSqliteState({ kind: 'sqlite', path: ':memory:' });
  let writes = 0;
  const counting: Pick<Store, 'update'> = {
    update: (cluster, reads, step) => {
      if (reads.length === 0) writes += 1;
      return store.update(cluster, reads, step);
    },
  };
  await put(counting, [resource('a', 1)]);
  await put(counting, [resource('a', 1)]);
  expect(writes).toBe(1);
  await put(counting, []);
  expect(writes).toBe(2);
  expect(await loadKnownRules(store, CLUSTER)).toEqual([]);
  await store.close();
});

async function put(store: Pick<Store, 'update'>, resources: readonly RuleResource[]): Promise<void> {
  const live = createLiveRules({ hashes: sha256Hashes });
  live.setResources(resources);
  await live.settled();
  await createKnownRules(store, CLUSTER).save(live.entries(), resources);
}

function running(live: ReturnType<typeof createLiveRules>): readonly string[] {
  return live
    .entries()
    .flatMap(({ name, inForce }) =>
      inForce?.source.kind === 'resource' ? [`${name} ${inForce.source.generation}`] : [],
    );
}

function resource(name: string, generation: number, spec: Readonly<Record<string, unknown>> = {}): RuleResource {
  const tests = [{ name: 'a test', event: {}, expect: 'silent' }];
  const value = {
    apiVersion: 'firstseen.dev/v1alpha1',
    kind: 'DetectionRule',
    metadata: { name, uid: `uid-of-${name}`, generation },
    spec: { title: name, type: 'query', query: 'event.action: *', severity: 'low', tests, ...spec },
  };
  return toRuleResource(value) ?? fail(name);
}
