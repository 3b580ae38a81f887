import { excerpt } from '../../audit/text.ts';
import { rulePaths } from '../../config/schema.ts';
import { formatFileProblem } from '../../rulefiles/file-problem.ts';
import { neverFires } from '../../rulefiles/rule-verdict.ts';
import type { Check } from '../check.ts';
import { failure, ok, warning } from '../finding.ts';
import { shellWord } from '../shell-word.ts';

/** At most this many broken rules are named one by one. */
const MOST_NAMED = 10;
const MAX_PROBLEM_BYTES = 400;

/** Whether the rules load and compile. A broken rule does not run; the others do. */
export const rulesCheck: Check = {
  name: 'rules',
  async run(subject) {
    const paths = rulePaths({ rules: subject.section('rules') });
    const { ready, disabled, problems, verdicts } = await subject.rules();
    const check = `firstseen rules check ${paths.map(shellWord).join(' ')}`;
    const broken = problems.filter(({ unsupported }) => unsupported === undefined);
    const findings = broken.slice(0, MOST_NAMED).map((problem) => {
      const [what = ''] = formatFileProblem(problem).split('\n');
      return failure(`broken: ${excerpt(what, MAX_PROBLEM_BYTES)}`, {
        why: 'this rule does not run and detects nothing',
        mend: `${problem.hint === undefined ? '' : `${excerpt(problem.hint, MAX_PROBLEM_BYTES)}\n`}${check}`,
      });
    });
    if (broken.length > MOST_NAMED) {
      findings.push(
        failure(`${broken.length - MOST_NAMED} more problems in rule files`, {
          why: 'these rules do not run',
          mend: check,
        }),
      );
    }
    const idle = verdicts.filter(({ verdict }) => neverFires(verdict) || verdict === 'not supported');
    if (idle.length > 0) {
      findings.push(
        warning(`${idle.length} ${idle.length === 1 ? 'rule' : 'rules'} cannot run here`, {
          why: 'they need data that audit logs do not have, contradict themselves, or use what this version does not support; they never fire',
          mend: `${check}\n# or take them out of the folder`,
        }),
      );
    }
    if (ready.length === 0) {
      findings.push(
        failure(`no rule runs from ${paths.join(', ')}`, {
          why: 'firstseen detects nothing, and /readyz fails',
          mend: 'set rules.paths or --rules to the folder with the rules; in the image that is /app/rules',
        }),
      );
    } else findings.push(ok(`${ready.length} run, ${disabled.length} are switched off, ${broken.length} problems`));
    return findings;
  },
};
