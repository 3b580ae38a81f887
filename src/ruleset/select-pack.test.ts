import { expect, test } from '@jest/globals';
import { loadRuleFiles } from '../rulefiles/load.ts';
import { packOptionSchema } from './options.ts';
import { selectPack, withPack } from './select-pack.ts';

test('selects all rules, none, or those with a tag', async () => {
  const pack = await loadRuleFiles(['rules']);
  const names = (wanted: unknown) =>
    selectPack(pack, packOptionSchema.parse(wanted)).rules.map(({ document }) => document.name);
  expect(names('all')).toHaveLength(pack.rules.length);
  expect(names('none')).toEqual([]);
  const rbac = names({ tags: ['rbac', 'no-rule-has-this'] });
  expect(rbac).toContain('cluster-admin-binding-created');
  expect(rbac.length).toBeLessThan(pack.rules.length);
});

test('reports problems of the pack whatever is selected', () => {
  const problems = [{ file: 'a.yaml', message: 'broken' }];
  expect(selectPack({ rules: [], problems }, { tags: ['rbac'] }).problems).toEqual(problems);
});

test('a configured file replaces a rule of the pack', async () => {
  const pack = await loadRuleFiles(['rules']);
  const [first, ...others] = pack.rules;
  const mine = await loadRuleFiles([first?.file ?? '']);
  const { rules } = withPack(mine, pack);
  expect(rules).toHaveLength(pack.rules.length);
  expect(rules[0]).toBe(mine.rules[0]);
  expect(rules.slice(1)).toEqual(others);
});
