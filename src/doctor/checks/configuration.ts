import { excerpt } from '../../audit/text.ts';
import type { Check } from '../check.ts';
import { failure, ok } from '../finding.ts';

const MAX_PROBLEM_BYTES = 400;

/** Whether `serve` would take this configuration. */
export const configurationCheck: Check = {
  name: 'configuration',
  async run(subject) {
    const { configuration } = subject;
    if (configuration.kind !== 'invalid') {
      subject.config();
      return configuration.kind === 'ok' ? [ok(`${configuration.from} is usable`)] : [];
    }
    return configuration.problems.map((problem) => {
      const [what = '', ...hints] = problem.split('\n').map((line) => excerpt(line.trim(), MAX_PROBLEM_BYTES));
      return failure(what, {
        why: 'firstseen does not start with it',
        mend: hints.map((hint) => hint.replace(/^hint: /, '')).join('\n') || 'write there what was expected',
      });
    });
  },
};
