import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { checkRules } from './rules-suite.ts';

const OWN = join(import.meta.dirname, 'vectors');
/** Elastic's rules with what Elastic's engines gave, where they lie beside the project. */
const KIT = join(import.meta.dirname, '../../../shared/conformance');

for (const [title, folder] of [
  ['our own rules match and fire where they must', OWN],
  ['rules of Elastic’s match and fire where they do in Elastic', KIT],
] as const) {
  const isThere = existsSync(join(folder, 'expected.json'));
  const skip = isThere ? false : 'there is no copy of Elastic’s rules beside the project';
  test(title, { skip }, async (t) => {
    const cases = (await checkRules(folder)) ?? [];
    const supported = cases.filter((one) => one.supported);
    assert.ok(supported.length > 0);
    for (const { file, failure } of supported) {
      await t.test(file, () => assert.equal(failure, undefined));
    }
    for (const { file, failure } of cases.filter((one) => !one.supported)) {
      await t.test(`${file} is refused`, () => assert.match(failure ?? '', /did not run: /));
    }
  });
}
