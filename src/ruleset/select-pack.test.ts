import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadRuleFiles } from '../rulefiles/load.ts';
import { packOptionSchema } from './options.ts';
import { selectPack, withPack } from './select-pack.ts';

test('all, none, or those with one of some tags', async () => {
  const pack = await loadRuleFiles(['rules']);
  const names = (wanted: unknown) =>
    selectPack(pack, packOptionSchema.parse(wanted)).rules.map(({ document }) => document.name);
  assert.equal(names('all').length, pack.rules.length);
  assert.deepEqual(names('none'), []);
  const rbac = names({ tags: ['rbac', 'no-rule-has-this'] });
  assert.ok(rbac.includes('cluster-admin-binding-created'));
  assert.ok(rbac.length < pack.rules.length);
});

test('what is wrong with the pack is said whatever is wanted of it', () => {
  const problems = [{ file: 'a.yaml', message: 'broken' }];
  assert.deepEqual(selectPack({ rules: [], problems }, { tags: ['rbac'] }).problems, problems);
});

test('a file that somebody names takes the place of a rule of the pack', async () => {
  const pack = await loadRuleFiles(['rules']);
  const [first, ...others] = pack.rules;
  const mine = await loadRuleFiles([first?.file ?? '']);
  const { rules } = withPack(mine, pack);
  assert.equal(rules.length, pack.rules.length);
  assert.equal(rules[0], mine.rules[0]);
  assert.deepEqual(rules.slice(1), others);
});
