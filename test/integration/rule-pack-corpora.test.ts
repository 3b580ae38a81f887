/** The rules of the pack on events that others made up or recorded for their own rules. */
import { expect, test } from '@jest/globals';
import { falcoCases, hasCorpora, pantherCases } from '../corpora/corpus-cases.ts';
import { judgeCorpora } from '../corpora/report.ts';

const skip = hasCorpora ? false : 'the corpora of recorded events (../shared/corpora) are not on this machine';

for (const [corpus, cases] of Object.entries({ panther: pantherCases, falco: falcoCases })) {
  (skip ? test.skip : test)(
    `what ${corpus} is about is detected, or missed for a reason, and the rest is silent`,
    async () => {
      const judged = await judgeCorpora(cases());
      expect(judged.length).toBeGreaterThan(20); // the corpus is one
      expect(
        judged.filter(({ verdict }) => verdict === 'wrong').map(({ about, name, why }) => `${about}: ${name}: ${why}`),
      ).toEqual([]);
    },
  );
}
