import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { expectPresent } from '../../test/support/expect.ts';
import type { RuleExceptionDocument } from '../rules/document.ts';
import type { ConfigMapContent } from './exception-lists.ts';
import { createLiveExceptions, type LiveExceptions } from './live-exceptions.ts';
import { type RuleResource, toRuleResource } from './rule-resource.ts';

test('announces exceptions in order of name, and only if they change', () => {
  const { live, told } = setUp();
  live.setResources([exception('b'), exception('a')]);
  live.setResources([exception('a'), exception('b')]);
  expect(told.map((documents) => documents.map(({ name, uid }) => [name, uid]))).toEqual([
    [
      ['a', 'uid-of-a'],
      ['b', 'uid-of-b'],
    ],
  ]);
  live.setResources([exception('b')]);
  expect(told.at(-1)).toEqual([told[0]?.[1]]); // what has not changed is the same object, so no rule compiles it again
});

test('a broken exception silences nothing and shows its problem; the others apply', () => {
  const { live, told } = setUp();
  live.setResources([exception('a'), exception('b', { query: 'user.name: (' }, 2)]);
  expect(names(told.at(-1))).toEqual(['a']);
  expect(problemsOf(live, 'b')).toMatch(/^spec\.query: line 1, column 12[\s\S]*\n {2}user\.name: \(\n {13}\^/);
  live.setResources([exception('a'), exception('b', { expires: 'soon' }, 3)]);
  expect(problemsOf(live, 'b')).toBe(
    'spec.expires: expected a time such as 2027-01-31T12:00:00Z, or a date, found "soon"',
  );
  live.setResources([exception('a'), exception('b', {}, 4)]);
  expect(names(told.at(-1))).toEqual(['a', 'b']);
  expect(problemsOf(live, 'b')).toBe('');
});

test('a broken edit removes an exception', () => {
  const { live, told } = setUp();
  live.setResources([exception('a')]);
  live.setResources([exception('a', { query: ')' }, 2)]);
  expect(names(told.at(-1))).toEqual([]);
});

test('a list in a ConfigMap: not loaded, loaded, changed, deleted', () => {
  const { live, told } = setUp();
  const lists = [{ field: 'source.ip', type: 'ip', configMap: { name: 'lists', key: 'offices' } }];
  expect(live.wantsConfigMaps()).toBe(false);
  live.setResources([exception('a', { lists })]);
  expect(live.wantsConfigMaps()).toBe(true);
  expect(live.entries()[0]?.verdict).toBe('waiting');
  expect(told).toHaveLength(0);

  const content = { version: '1', data: { offices: '# Berlin\n10.0.0.0/8\r\n\n  192.0.2.7 \n' } };
  live.setConfigMaps(mapsOf(content));
  expect(told.at(-1)?.[0]?.lists?.[0]?.values).toEqual(['10.0.0.0/8', '192.0.2.7']);
  live.setConfigMaps(mapsOf(content));
  expect(told).toHaveLength(1); // another ConfigMap of the namespace changes nothing

  live.setConfigMaps(mapsOf({ version: '2', data: { offices: '10.0.0.0/8\n\n\nBerlin' } }));
  expect(told.at(-1)).toEqual([]);
  expect(problemsOf(live, 'a')).toMatch(
    /^spec\.lists\.0\.configMap: expected an address, .*found "Berlin".*: line 4 of offices in ConfigMap lists\n {2}hint: /,
  );
  live.setConfigMaps(mapsOf({ version: '3', data: { office: '' } }));
  expect(problemsOf(live, 'a')).toBe(
    'spec.lists[0].configMap: the ConfigMap lists has no key offices\n  hint: its keys: office',
  );
  live.setConfigMaps(new Map());
  expect(problemsOf(live, 'a')).toMatch(/there is no ConfigMap lists in the namespace of firstseen/);
  live.setConfigMaps('unknown namespace');
  expect(problemsOf(live, 'a')).toMatch(/does not know its own namespace/);
});

test('object properties are not keys of a ConfigMap', () => {
  const { live } = setUp();
  live.setResources([
    exception('a', { lists: [{ field: 'user.name', configMap: { name: 'lists', key: 'constructor' } }] }),
  ]);
  live.setConfigMaps(mapsOf({ version: '1', data: {} }));
  expect(problemsOf(live, 'a')).toMatch(/has no key constructor\n {2}hint: its data is empty/);
});

function setUp() {
  const told: (readonly RuleExceptionDocument[])[] = [];
  const live = createLiveExceptions({ onDocuments: (documents) => told.push(documents) });
  return { live, told };
}

function exception(name: string, changes: object = {}, generation = 1): RuleResource {
  const resource = toRuleResource({
    apiVersion: 'firstseen.dev/v1alpha1',
    kind: 'RuleException',
    metadata: { name, uid: `uid-of-${name}`, generation },
    spec: { rules: ['a-rule'], query: 'user.name: ci', reason: 'the build', ...changes },
  });
  expectPresent(resource);
  return resource;
}

function mapsOf(content: ConfigMapContent): ReadonlyMap<string, ConfigMapContent> {
  return new Map([['lists', content]]);
}

function names(documents: readonly RuleExceptionDocument[] = []): readonly string[] {
  return documents.map(({ name }) => name);
}

function problemsOf(live: LiveExceptions, name: string): string {
  return (
    live
      .entries()
      .find((entry) => entry.name === name)
      ?.problems.join('\n') ?? 'no such exception'
  );
}

test('the exceptions in the guide to tuning are sound', () => {
  const guide = readFileSync(new URL('../../docs/guides/tuning.md', import.meta.url), 'utf8');
  const examples = [...guide.matchAll(/^```yaml\n([\s\S]*?)^```/gm)].map(([, yaml = '']) => parse(yaml));
  expect(examples).toHaveLength(1);
  const { live } = setUp();
  live.setConfigMaps(new Map([['backup-hosts', { version: '1', data: { addresses: '192.0.2.7' } }]]));
  live.setResources(examples.map(({ spec }, index) => exception(`example-${index}`, { rules: undefined, ...spec })));
  expect(live.entries().map(({ verdict, problems }) => [verdict, problems])).toEqual(examples.map(() => ['sound', []]));
});
