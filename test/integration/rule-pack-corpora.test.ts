/** The rules of the pack on events that others made up or recorded for their own rules. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { falcoCases, hasCorpora, pantherCases } from '../corpora/corpus-cases.ts';
import { judgeCorpora, tableOf } from '../corpora/report.ts';

const skip = hasCorpora ? false : 'the corpora of recorded events (../shared/corpora) are not on this machine';

for (const [corpus, cases] of Object.entries({ panther: pantherCases, falco: falcoCases })) {
  test(`what ${corpus} is about is detected, or missed for a reason, and the rest is silent`, { skip }, async (t) => {
    const judged = await judgeCorpora(cases());
    t.diagnostic(tableOf(judged).split('\n').at(-1) ?? '');
    assert.ok(judged.length > 20, 'the corpus is one');
    assert.deepEqual(
      judged.filter(({ verdict }) => verdict === 'wrong').map(({ about, name, why }) => `${about}: ${name}: ${why}`),
      [],
    );
  });
}
