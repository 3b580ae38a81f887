import { expect, test } from '@jest/globals';
import { anonymousRequest } from '../../test/support/events.ts';
import { expectPresent } from '../../test/support/expect.ts';
import { ruleDocument } from '../../test/support/rules.ts';
import { sha256Hashes } from '../ingest/hashes.ts';
import { readRules } from '../rulefiles/load.ts';
import { createLiveRules, type LiveRules } from './live-rules.ts';
import { type RuleResource, toRuleResource } from './rule-resource.ts';

const NONE: readonly RuleResource[] = [];

test('a resource replaces a file of its name while it exists', async () => {
  const live = createLiveRules({ hashes: sha256Hashes });
  live.setFiles(fileOf('shared', 'user.name: "nobody"'));
  live.setResources([resource('shared', 1, { query: 'user.name: "system:anonymous"' })]);
  await live.settled();
  expect(matching(live)).toEqual(['shared']);
  live.setResources(NONE);
  await live.settled();
  expect(matching(live)).toEqual([]);
  expect(sources(live)).toEqual(['shared file']);
});

test('no rule or exception replaces, disables or narrows a built-in rule', async () => {
  const builtIn = [ruleDocument({ name: 'built-in', tags: ['tamper'] })];
  const live = createLiveRules({ hashes: sha256Hashes, builtIn });
  expect(matching(live)).toEqual(['built-in']);
  live.setFiles(fileOf('built-in', 'user.name: "nobody"'));
  live.setResources([resource('built-in', 1, { enabled: false }), resource('mine', 1, {})]);
  const exception = { name: 'x', query: 'event.action: *', language: 'kuery', reason: 'known' } as const;
  live.setExceptions([{ ...exception, rules: ['built-in', 'mine'], tags: ['tamper'] }]);
  await live.settled();
  expect(matching(live)).toEqual(['built-in']);
  expect(sources(live)).toEqual(['mine resource']);
});

test('a broken edit keeps the earlier version running and names its place', async () => {
  const live = createLiveRules({ hashes: sha256Hashes });
  live.setResources([resource('mine', 1, {})]);
  await live.settled();
  const before = live.detector();
  live.setResources([resource('mine', 2, { query: 'user.name: (' })]);
  await live.settled();
  const [entry] = live.entries();
  expect(entry?.verdict).toBe('broken');
  expect(entry?.problems.join() ?? '').toMatch(/spec\.query: line 1, column 12[\s\S]*\n {2}user\.name: \(\n {13}\^/);
  expect(entry?.inForce?.source).toEqual({ kind: 'resource', uid: 'uid-of-mine', generation: 1 });
  expect(live.detector()).toBe(before); // the set is the same, so it is not made anew

  live.setResources([resource('mine', 3, { query: 'user.name: "nobody"' })]);
  await live.settled();
  expect(matching(live)).toEqual([]);
  expect(live.entries()[0]?.verdict).toBe('runs');
});

test('a recreated rule does not fall back on the deleted one', async () => {
  const live = createLiveRules({ hashes: sha256Hashes });
  live.setResources([resource('mine', 1, {})]);
  await live.settled();
  live.setResources([{ ...resource('mine', 1, { type: 'qeury' }), uid: 'another' }]);
  await live.settled();
  expect(matching(live)).toEqual([]);
  expect(live.entries()[0]?.problems.join() ?? '').toMatch(/spec\.type: .*\n {2}hint: did you mean query\?/);
});

test('a broken resource lets a file of its name run in its place, unless it is switched off', async () => {
  const live = createLiveRules({ hashes: sha256Hashes });
  live.setFiles(fileOf('mine', 'event.action: *'));
  live.setResources([resource('mine', 1, { query: 'a:b:c' })]);
  await live.settled();
  expect(matching(live)).toEqual(['mine']);
  live.setResources([resource('mine', 2, { query: 'a:b:c', enabled: false })]);
  await live.settled();
  expect(matching(live)).toEqual([]);
  expect(live.entries()[0]?.verdict).toBe('disabled');
});

test('an edit reports whether the memory is kept, until the next edit', async () => {
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
  expect(edits).toEqual([
    undefined,
    { keepsMemory: true, changed: [] },
    { keepsMemory: false, changed: ['newTerms.window'] },
    { keepsMemory: false, changed: ['newTerms.normalize'] },
    { keepsMemory: false, changed: ['type', 'newTerms.fields', 'newTerms.normalize', 'newTerms.window'] },
  ]);
});

test('a RuleException applies to the rules it names; a broken one does not affect them', async () => {
  const live = createLiveRules({ hashes: sha256Hashes });
  live.setResources([resource('a', 1, {}), resource('b', 1, { tags: ['quiet'] }), resource('c', 1, {})]);
  const exception = { name: 'x', query: 'event.action: list', language: 'kuery', reason: 'known' } as const;
  live.setExceptions([
    { ...exception, rules: ['a'], tags: ['quiet'] },
    { ...exception, rules: ['c'], tags: [], query: '(((' },
  ]);
  await live.settled();
  expect(matching(live)).toEqual(['c']);
  expect(live.entries().map(({ verdict }) => verdict)).toEqual(['runs', 'runs', 'runs']);
  live.setExceptions([]);
  await live.settled();
  expect(matching(live)).toEqual(['a', 'b', 'c']);
});

test('the earlier set is in force during compilation, and later changes follow', async () => {
  const seen: number[] = [];
  const live = createLiveRules({ hashes: sha256Hashes });
  const end = live.subscribe((entries) => void seen.push(entries.length));
  live.setResources([resource('a', 1, {})]);
  live.setResources([resource('a', 1, {}), resource('b', 1, {})]);
  expect(matching(live)).toEqual([]);
  await live.settled();
  expect(matching(live)).toEqual(['a', 'b']);
  expect(seen.at(-1)).toBe(2);
  end();
  live.setResources(NONE);
  await live.settled();
  expect(seen.at(-1)).toBe(2); // who has ended it is not told
});

test('ignores values that are not API objects', () => {
  expect(toRuleResource({ metadata: {} })).toBeUndefined();
  expect(toRuleResource('rule')).toBeUndefined();
});

function resource(name: string, generation: number, spec: Readonly<Record<string, unknown>>): RuleResource {
  const value = {
    apiVersion: 'firstseen.dev/v1alpha1',
    kind: 'DetectionRule',
    metadata: { name, uid: `uid-of-${name}`, generation, resourceVersion: '1' },
    spec: { title: name, type: 'query', query: 'user.name: "system:anonymous"', severity: 'low', ...spec },
  };
  const read = toRuleResource(value);
  expectPresent(read);
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
