import { excerpt } from '../../audit/text.ts';
import type { AuditPolicy } from '../../policy/audit-policy.ts';
import { policyCoverage, type RuleCoverage } from '../../policy/policy-coverage.ts';
import { parseAuditPolicy } from '../../rulefiles/audit-policy-file.ts';
import { type FileProblem, formatFileProblem } from '../../rulefiles/file-problem.ts';
import { serviceAccount } from '../account.ts';
import type { Check } from '../check.ts';
import { CannotCheck, type Finding, failure, ok, warning } from '../finding.ts';
import { levelOf } from '../policy-decision.ts';
import type { Subject } from '../subject.ts';

const MAX_TEXT_BYTES = 300;
const MOST_PROBLEMS = 5;
const ANOTHER =
  'firstseen audit-policy > audit-policy.yaml    # records what the rules read; restart kube-apiserver to load it';

/** Whether the audit policy records what the rules read, and leaves out firstseen's own writes. */
export const auditPolicyCheck: Check = {
  name: 'audit-policy',
  async run(subject) {
    if (subject.policy === undefined) {
      throw new CannotCheck(
        'the audit policy is not given',
        'firstseen doctor --policy audit-policy.yaml    # the file of --audit-policy-file',
      );
    }
    const read = parseAuditPolicy(subject.policy.text, subject.policy.name);
    if (read.kind === 'invalid') return read.problems.slice(0, MOST_PROBLEMS).map(broken);
    const { policy } = read;
    const rules = (await subject.rules()).ready.map(({ rule }) => rule);
    const covered = policyCoverage(policy, rules);
    return [partial(covered), ...blind(covered), ...stages(policy), ...(await ownWrites(policy, subject))];
  },
};

function broken(problem: FileProblem): Finding {
  const [what = ''] = formatFileProblem(problem).split('\n');
  return failure(excerpt(what, MAX_TEXT_BYTES), {
    why: 'kube-apiserver does not start with it',
    mend: problem.hint === undefined ? ANOTHER : excerpt(problem.hint, MAX_TEXT_BYTES),
  });
}

function blind(covered: readonly RuleCoverage[]): readonly Finding[] {
  return covered.flatMap(({ rule, verdict, reasons }) =>
    verdict === 'never'
      ? [
          failure(`the rule ${rule.document.name} can never fire: ${excerpt(reasons.join('; '), MAX_TEXT_BYTES)}`, {
            why: 'the policy does not record what the rule reads',
            mend: ANOTHER,
          }),
        ]
      : [],
  );
}

/** Not a fault: a policy that leaves out firstseen's own writes already narrows each rule that reads every request. */
function partial(covered: readonly RuleCoverage[]): Finding {
  const some = covered.filter(({ verdict }) => verdict === 'partial').map(({ rule }) => rule.document.name);
  const can = covered.filter(({ verdict }) => verdict !== 'never').length;
  return ok(
    `${can} of ${covered.length} rules can fire under this policy${some.length === 0 ? '' : `; the policy records only part of what these read: ${some.join(', ')}`}`,
  );
}

function stages({ omitStages }: AuditPolicy): readonly Finding[] {
  if (!omitStages.includes('ResponseStarted')) return [];
  return [
    warning('the policy omits the stage ResponseStarted for every request (omitStages)', {
      why: 'a failed login (401) is recorded at that stage only, and an exec is recorded when it ends instead of when it starts',
      mend: 'omitStages: [RequestReceived]',
    }),
  ];
}

/** firstseen drops its own writes when they arrive; recording them only costs load. */
async function ownWrites(policy: AuditPolicy, subject: Subject): Promise<readonly Finding[]> {
  const { namespace, name } = await serviceAccount(subject);
  const user = `system:serviceaccount:${namespace}:${name}`;
  const groups = ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'];
  const writes = [
    { verb: 'patch', group: 'firstseen.dev', resource: 'alerts', subresource: 'status' },
    { verb: 'create', group: 'firstseen.dev', resource: 'alerts' },
    { verb: 'create', group: 'events.k8s.io', resource: 'events' },
  ];
  const recorded = writes.filter((write) => levelOf(policy, { user, groups, ...write }) !== 'None');
  if (recorded.length === 0) return [];
  return [
    warning(
      `the policy records firstseen's own writes, as ${user}: ${recorded.map(({ verb, resource }) => `${verb} ${resource}`).join(', ')}`,
      {
        why: 'each alert causes more audit events, which firstseen then drops',
        mend: `put the level None rules of deploy/audit-policy.yaml first, with users: [${user}]`,
      },
    ),
  ];
}
