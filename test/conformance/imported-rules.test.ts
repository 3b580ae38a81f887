/** Rules written as DetectionRules match and fire where the rules that they were made from do. */

import { copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { formatYamlRule } from '../../src/rulefiles/format-yaml-rule.ts';
import { loadRuleFiles } from '../../src/rulefiles/load.ts';
import { createTemporaryFolder } from '../support/temporary-folder.ts';
import { checkRules } from './rules-suite.ts';

for (const [title, folder] of [
  ['our own', join(import.meta.dirname, 'vectors')],
  ['rules of Elastic’s', join(import.meta.dirname, '../../../shared/conformance')],
] as const) {
  const skip = existsSync(join(folder, 'expected.json'))
    ? false
    : 'there is no copy of Elastic’s rules beside the project';
  (skip ? test.skip : test)(title, async () => {
    const { rules } = await loadRuleFiles([join(folder, 'rules')]);
    expect(rules.length).toBeGreaterThan(5);
    const copy = createTemporaryFolder('imported');
    mkdirSync(join(copy, 'rules'));
    for (const file of ['events.jsonl', 'expected.json']) copyFileSync(join(folder, file), join(copy, file));
    for (const { document } of rules) {
      writeFileSync(join(copy, 'rules', `${document.name}.yaml`), formatYamlRule(document));
    }
    const loaded = new Set(rules.map(({ document }) => document.id ?? document.name));
    const before = new Map((await checkRules(folder))?.map(({ id, failure }) => [id, failure]));
    const after = ((await checkRules(copy)) ?? []).filter(({ id }) => loaded.has(id));
    expect(after.length).toBeGreaterThan(5);
    expect(after.map(({ id, file, failure }) => ({ id, file, failure }))).toEqual(
      after.map(({ id, file }) => ({ id, file, failure: before.get(id) })),
    );
  });
}
