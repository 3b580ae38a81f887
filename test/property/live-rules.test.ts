/** Whatever people do to rules, what is in force is what a naive reading of the promise says. */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { sha256Hashes } from '../../src/ingest/hashes.ts';
import { readRules } from '../../src/rulefiles/load.ts';
import { createKnownRules, loadKnownRules } from '../../src/ruleset/known-rules.ts';
import { createLiveRules, type LiveRules } from '../../src/ruleset/live-rules.ts';
import { type RuleResource, toRuleResource } from '../../src/ruleset/rule-resource.ts';
import { openSqliteState, type SqliteState } from '../../src/state/sqlite/sqlite-state.ts';
import { fail } from '../support/fail.ts';

const NAMES = ['only-cluster', 'also-file'] as const;
const FILES = readRules('also-file.yaml', '.yaml', JSON.stringify(manifest('also-file', 'event.action: *', true)));
const CLUSTER = 'local';

type Name = (typeof NAMES)[number];
type Act =
  | { readonly kind: 'write'; readonly name: Name; readonly sound: boolean; readonly enabled: boolean }
  | { readonly kind: 'touch'; readonly name: Name }
  | { readonly kind: 'delete'; readonly name: Name }
  | { readonly kind: 'restart' };

const name = fc.constantFrom(...NAMES);
const act: fc.Arbitrary<Act> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('write'), name, sound: fc.boolean(), enabled: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('touch'), name }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('delete'), name }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('restart') }) },
);

/** Meets all that the test is about; random acts meet some of it seldom. */
const broken: readonly Act[] = [
  { kind: 'write', name: 'only-cluster', sound: true, enabled: true },
  { kind: 'write', name: 'only-cluster', sound: false, enabled: true },
  { kind: 'restart' },
];

/** A resource as a person thinks of it: what it is now, and what it was when it was last right. */
interface Known {
  readonly uid: string;
  readonly generation: number;
  readonly sound: boolean;
  readonly enabled: boolean;
  readonly lastSound?: { readonly generation: number; readonly enabled: boolean };
}

test('the resource, else its last sound version, else the file of its name is in force, also after a restart', async () => {
  const reached = { fallsBack: 0, file: 0, restarted: 0 };
  await fc.assert(
    fc.asyncProperty(fc.array(act, { maxLength: 25 }), async (acts) => {
      const store = openSqliteState({ kind: 'sqlite', path: ':memory:' });
      try {
        const model = new Map<Name, Known>();
        let live = await start(store);
        let made = 0;
        for (const done of acts) {
          if (done.kind === 'restart') live = await start(store);
          else change(model, done, () => `uid-${made++}`);
          const resources = [...model].map(([each, known]) => resourceOf(each, known));
          live.setResources(resources);
          await live.settled();
          await createKnownRules(store, CLUSTER).save(live.entries(), resources);
          const expected = NAMES.map((each) => expectedOf(each, model.get(each)));
          expect(NAMES.map((each) => inForce(live, each))).toEqual(expected);
          expect(live.detector().rules).toHaveLength(expected.filter((what) => what !== 'nothing').length);
          for (const known of model.values()) if (!known.sound && known.lastSound?.enabled) reached.fallsBack += 1;
          if (expected.includes('file')) reached.file += 1;
          if (done.kind === 'restart' && expected.some((what) => what !== 'file')) reached.restarted += 1;
        }
      } finally {
        await store.close();
      }
    }),
    { numRuns: 150, examples: [[broken]] },
  );
  expect(Object.values(reached).every((times) => times > 0)).toBe(true);
});

async function start(store: SqliteState): Promise<LiveRules> {
  const live = createLiveRules({ hashes: sha256Hashes });
  live.setFiles(FILES);
  live.setEarlier(await loadKnownRules(store, CLUSTER));
  return live;
}

function change(model: Map<Name, Known>, done: Exclude<Act, { kind: 'restart' }>, newUid: () => string): void {
  const before = model.get(done.name);
  if (done.kind === 'delete') model.delete(done.name);
  if (done.kind !== 'write') return; // to touch is to set a label: no new generation
  const { sound, enabled } = done;
  const uid = before?.uid ?? newUid();
  const generation = (before?.generation ?? 0) + 1;
  const last = sound ? { generation, enabled } : before?.lastSound;
  model.set(done.name, { uid, generation, sound, enabled, ...(last !== undefined && { lastSound: last }) });
}

function expectedOf(each: Name, known: Known | undefined): string {
  const file = each === 'also-file' ? 'file' : 'nothing';
  if (known === undefined) return file;
  if (!known.enabled) return 'nothing';
  if (known.sound) return `${known.uid} ${known.generation}`;
  if (known.lastSound === undefined) return file;
  return known.lastSound.enabled ? `${known.uid} ${known.lastSound.generation}` : 'nothing';
}

function inForce(live: LiveRules, each: Name): string {
  const source = live.entries().find((entry) => entry.name === each)?.inForce?.source;
  if (source === undefined) return 'nothing';
  return source.kind === 'file' ? 'file' : `${source.uid} ${source.generation}`;
}

function resourceOf(each: Name, { uid, generation, sound, enabled }: Known): RuleResource {
  const { metadata, ...rest } = manifest(each, sound ? 'event.action: *' : 'event.action: (', enabled);
  return toRuleResource({ ...rest, metadata: { ...metadata, uid, generation } }) ?? fail(each);
}

function manifest(each: string, query: string, enabled: boolean) {
  return {
    apiVersion: 'firstseen.dev/v1alpha1',
    kind: 'DetectionRule',
    metadata: { name: each },
    spec: { title: each, type: 'query', query, severity: 'low', enabled },
  };
}
