import { excerpt } from '../../audit/text.ts';
import type { Check } from '../check.ts';
import { CannotCheck, failure, ok } from '../finding.ts';
import { WHERE_IT_IS } from '../subject.ts';

const MAX_PROBLEM_BYTES = 400;

/** Whether `serve` accepts this configuration. */
export const configurationCheck: Check = {
  name: 'configuration',
  async run(subject) {
    const { configuration } = subject;
    if (configuration.kind === 'ok') return [ok(`${configuration.from} is usable`)];
    if (configuration.kind === 'none') throw new CannotCheck('no configuration is given', WHERE_IT_IS);
    return configuration.problems.map((problem) => {
      const [what = '', ...hints] = problem.split('\n').map((line) => excerpt(line.trim(), MAX_PROBLEM_BYTES));
      return failure(what, {
        why: 'firstseen does not start with it',
        mend: hints.map((hint) => hint.replace(/^hint: /, '')).join('\n') || 'set the value that is expected',
      });
    });
  },
};
