import assert from 'node:assert/strict';
import { test } from 'node:test';
import { anonymousRequest } from '../../test/support/events.ts';
import { ruleDocument } from '../../test/support/rules.ts';
import { sha256Hashes } from '../ingest/hashes.ts';
import { readRules } from '../rulefiles/load.ts';
import { createLiveRules, type LiveRules } from './live-rules.ts';
import { type RuleResource, toRuleResource } from './rule-resource.ts';

const NONE: readonly RuleResource[] = [];

test('a resource wins over a file of its name, and the file comes back when it goes', async () => {
  const live = createLiveRules({ hashes: sha256Hashes });
  live.setFiles(fileOf('shared', 'user.name: "nobody"'));
  live.setResources([resource('shared', 1, { query: 'user.name: "system:anonymous"' })]);
  await live.settled();
  assert.deepEqual(matching(live), ['shared']);
  live.setResources(NONE);
  await live.settled();
  assert.deepEqual(matching(live), []);
  assert.deepEqual(sources(live), ['shared file']);
});

test('nothing stands in for a rule that is built in, switches it off or leaves anything out of it', async () => {
  const builtIn = [ruleDocument({ name: 'built-in', tags: ['tamper'] })];
  const live = createLiveRules({ hashes: sha256Hashes, builtIn });
  assert.deepEqual(matching(live), ['built-in']);
  live.setFiles(fileOf('built-in', 'user.name: "nobody"'));
  live.setResources([resource('built-in', 1, { enabled: false }), resource('mine', 1, {})]);
  const exception = { name: 'x', query: 'event.action: *', language: 'kuery', reason: 'known' } as const;
  live.setExceptions([{ ...exception, rules: ['built-in', 'mine'], tags: ['tamper'] }]);
  await live.settled();
  assert.deepEqual(matching(live), ['built-in']);
  assert.deepEqual(sources(live), ['mine resource']);
});

test('a broken edit leaves the version before running and says where it is broken', async () => {
  const live = createLiveRules({ hashes: sha256Hashes });
  live.setResources([resource('mine', 1, {})]);
  await live.settled();
  const before = live.detector();
  live.setResources([resource('mine', 2, { query: 'user.name: (' })]);
  await live.settled();
  const [entry] = live.entries();
  assert.equal(entry?.verdict, 'broken');
  assert.match(entry?.problems.join() ?? '', /spec\.query: line 1, column 12[\s\S]*\n {2}user\.name: \(\n {13}\^/);
  assert.deepEqual(entry?.inForce?.source, { kind: 'resource', uid: 'uid-of-mine', generation: 1 });
  assert.equal(live.detector(), before, 'the set is the same, so it is not made anew');

  live.setResources([resource('mine', 3, { query: 'user.name: "nobody"' })]);
  await live.settled();
  assert.deepEqual(matching(live), []);
  assert.equal(live.entries()[0]?.verdict, 'runs');
});

test('a rule that was made anew under a name does not fall back on the one that was deleted', async () => {
  const live = createLiveRules({ hashes: sha256Hashes });
  live.setResources([resource('mine', 1, {})]);
  await live.settled();
  live.setResources([{ ...resource('mine', 1, { type: 'qeury' }), uid: 'another' }]);
  await live.settled();
  assert.deepEqual(matching(live), []);
  assert.match(live.entries()[0]?.problems.join() ?? '', /spec\.type: .*\n {2}hint: did you mean query\?/);
});

test('a broken resource lets a file of its name run in its place, unless it is switched off', async () => {
  const live = createLiveRules({ hashes: sha256Hashes });
  live.setFiles(fileOf('mine', 'event.action: *'));
  live.setResources([resource('mine', 1, { query: 'a:b:c' })]);
  await live.settled();
  assert.deepEqual(matching(live), ['mine']);
  live.setResources([resource('mine', 2, { query: 'a:b:c', enabled: false })]);
  await live.settled();
  assert.deepEqual(matching(live), []);
  assert.equal(live.entries()[0]?.verdict, 'disabled');
});

test('an edit says whether what was learned is kept, until the next edit', async () => {
  const live = createLiveRules({ hashes: sha256Hashes });
  const newTerms = { fields: ['user_agent.original'], window: '7d' };
  const edits: unknown[] = [];
  for (const [index, spec] of [
    { type: 'new_terms', newTerms },
    { type: 'new_terms', newTerms, severity: 'high' },
    { type: 'new_terms', newTerms: { ...newTerms, window: '14d' } },
    { type: 'new_terms', newTerms: { ...newTerms, window: '14d', normalize: { 'user_agent.original': 'product' } } },
    { type: 'query' },
  ].entries()) {
    live.setResources([resource('mine', index + 1, spec)]);
    await live.settled();
    live.setExceptions([]);
    await live.settled();
    edits.push(live.entries()[0]?.edit);
  }
  assert.deepEqual(edits, [
    undefined,
    { keepsState: true, changed: [] },
    { keepsState: false, changed: ['newTerms.window'] },
    { keepsState: false, changed: ['newTerms.normalize'] },
    { keepsState: false, changed: ['type', 'newTerms.fields', 'newTerms.normalize', 'newTerms.window'] },
  ]);
});

test('exceptions that stand by themselves are those of the rules they name; one that is broken leaves the rule alone', async () => {
  const live = createLiveRules({ hashes: sha256Hashes });
  live.setResources([resource('a', 1, {}), resource('b', 1, { tags: ['quiet'] }), resource('c', 1, {})]);
  const exception = { name: 'x', query: 'event.action: list', language: 'kuery', reason: 'known' } as const;
  live.setExceptions([
    { ...exception, rules: ['a'], tags: ['quiet'] },
    { ...exception, rules: ['c'], tags: [], query: '(((' },
  ]);
  await live.settled();
  assert.deepEqual(matching(live), ['c']);
  assert.deepEqual(
    live.entries().map(({ verdict }) => verdict),
    ['runs', 'runs', 'runs'],
  );
  live.setExceptions([]);
  await live.settled();
  assert.deepEqual(matching(live), ['a', 'b', 'c']);
});

test('while sets are compiled the one before is in force, and what is told meanwhile comes too', async () => {
  const seen: number[] = [];
  const live = createLiveRules({ hashes: sha256Hashes });
  const end = live.subscribe((entries) => void seen.push(entries.length));
  live.setResources([resource('a', 1, {})]);
  live.setResources([resource('a', 1, {}), resource('b', 1, {})]);
  assert.deepEqual(matching(live), []);
  await live.settled();
  assert.deepEqual(matching(live), ['a', 'b']);
  assert.equal(seen.at(-1), 2);
  end();
  live.setResources(NONE);
  await live.settled();
  assert.equal(seen.at(-1), 2, 'who has ended it is not told');
});

test('what is no object of the API is no resource', () => {
  assert.equal(toRuleResource({ metadata: {} }), undefined);
  assert.equal(toRuleResource('rule'), undefined);
});

function resource(name: string, generation: number, spec: Readonly<Record<string, unknown>>): RuleResource {
  const value = {
    apiVersion: 'firstseen.dev/v1alpha1',
    kind: 'DetectionRule',
    metadata: { name, uid: `uid-of-${name}`, generation, resourceVersion: '1' },
    spec: { title: name, type: 'query', query: 'user.name: "system:anonymous"', severity: 'low', ...spec },
  };
  const read = toRuleResource(value);
  assert.ok(read !== undefined);
  return read;
}

function fileOf(name: string, query: string) {
  const spec = { title: name, type: 'query', query, severity: 'low' };
  const text = { apiVersion: 'firstseen.dev/v1alpha1', kind: 'DetectionRule', metadata: { name }, spec };
  return readRules(`${name}.yaml`, '.yaml', JSON.stringify(text));
}

/** The rules that select an anonymous list of pods. */
function matching(live: LiveRules): readonly string[] {
  const { matches } = live.detector().detect('local', [anonymousRequest()]);
  return [...matches.keys()].map(({ document }) => document.name);
}

function sources(live: LiveRules): readonly string[] {
  return live.entries().map(({ name, source }) => `${name} ${source.kind}`);
}
