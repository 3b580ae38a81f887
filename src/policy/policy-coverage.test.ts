import { expect, test } from '@jest/globals';
import { expectKind, expectPresent } from '../../test/support/expect.ts';
import { compiledRule, ruleDocument, rulesOf } from '../../test/support/rules.ts';
import type { Predicate } from '../query/predicate/predicate.ts';
import type { AuditPolicy } from './audit-policy.ts';
import { policyCoverage } from './policy-coverage.ts';
import { auditPolicyOf } from './policy-schema.ts';

function policyOf(rules: readonly object[], more: object = {}): AuditPolicy {
  const result = auditPolicyOf({ apiVersion: 'audit.k8s.io/v1', kind: 'Policy', rules, ...more });
  expectKind(result, 'ok');
  return result.policy;
}

function coverageOf(
  query: string,
  rules: readonly object[],
  more: object = {},
  rewrite = (predicate: Predicate): Predicate => predicate,
) {
  const [only] = policyCoverage(policyOf(rules, more), rulesOf([query], rewrite).rules);
  expectPresent(only);
  return { verdict: only.verdict, reasons: only.reasons };
}

const AUDIT = 'kubernetes.audit';
const EXEC = `${AUDIT}.objectRef.resource: pods and ${AUDIT}.objectRef.subresource: exec and ${AUDIT}.annotations.authorization_k8s_io/decision: allow`;
const FULL = { verdict: 'full', reasons: [] };

test.each(['Metadata', 'Request', 'RequestResponse'])(
  'a rule that reads metadata is fed by Metadata, and by more: %j',
  (level) => {
    expect(coverageOf(EXEC, [{ level }])).toEqual(FULL);
  },
);

test('a sequence is fed if each of its events is, and never fires if one of them is not', () => {
  const query =
    'sequence by user.name [any where event.action == "get"] [any where event.action == "list"] ' +
    'until [any where event.action == "watch"]';
  const { rule } = compiledRule(ruleDocument({ type: 'eql', language: 'eql', query }));
  const on = (...rules: readonly object[]) => policyCoverage(policyOf(rules), [rule])[0];
  expect(on({ level: 'Metadata' })?.verdict).toEqual('full');
  const withoutLists = on({ level: 'None', verbs: ['list'] }, { level: 'Metadata' });
  expect(withoutLists?.verdict).toBe('never');
  expect(withoutLists?.reasons[0] ?? '').toMatch(/^event 2 of the sequence: .*not recorded/);
  expect(withoutLists?.rule).toBe(rule);
  const withoutWatches = on({ level: 'None', verbs: ['watch'] }, { level: 'Metadata' });
  expect(withoutWatches?.verdict).toBe('partial'); // until may be missed
});

test('what an expression reads must be recorded, whatever it is true of', () => {
  const inExpression = (operand: Predicate): Predicate => {
    if (operand.kind === 'and') return { ...operand, operands: operand.operands.map(inExpression) };
    const isOfBody = operand.kind === 'any' && /\.(?:requestObject|level)/.test(operand.field.name);
    return isOfBody ? { kind: 'holds', expression: { kind: 'matches', predicate: operand } } : operand;
  };
  const pods = `${AUDIT}.objectRef.resource: pods and ${AUDIT}.verb: create`;
  const body = `${pods} and ${AUDIT}.requestObject.spec.hostNetwork: true`;
  expect(coverageOf(body, [{ level: 'Request' }], {}, inExpression)).toEqual(FULL);
  expect(coverageOf(body, [{ level: 'Metadata' }], {}, inExpression)).toEqual({
    verdict: 'partial',
    reasons: [
      `requests of pods: recorded at level Metadata (rule 1); the rule reads ${AUDIT}.requestObject.spec.hostNetwork, which takes level Request or RequestResponse`,
    ],
  });
  expect(coverageOf(body, [{ level: 'None' }], {}, inExpression).verdict).toBe('never');
  const level = `${pods} and ${AUDIT}.level: RequestResponse`;
  expect(coverageOf(level, [{ level: 'RequestResponse' }], {}, inExpression)).toEqual(FULL);
  expect(coverageOf(level, [{ level: 'Metadata' }], {}, inExpression).verdict).toBe('partial');
});

test('without case, verbs and resources are what the API server writes, and users may be written in any way', () => {
  const caseless = (predicate: Predicate): Predicate => {
    if (predicate.kind === 'and') return { ...predicate, operands: predicate.operands.map(caseless) };
    if (predicate.kind !== 'any' || predicate.test.kind !== 'equals') return predicate;
    return { ...predicate, test: { ...predicate.test, caseless: true } };
  };
  const pods = `${AUDIT}.verb: GET and ${AUDIT}.objectRef.resource: Pods`;
  const gets = [{ level: 'Metadata', verbs: ['get'], resources: [{ group: '', resources: ['pods'] }] }];
  expect(coverageOf(pods, gets).verdict).toBe('never');
  expect(coverageOf(pods, gets, {}, caseless)).toEqual(FULL);
  const eve = [{ level: 'Metadata', users: ['eve'] }];
  expect(coverageOf('user.name: eve', eve)).toEqual(FULL);
  expect(coverageOf('user.name: eve', eve, {}, caseless).verdict).toBe('partial');
});

test('a level that a rule compares literally must be that level', () => {
  const query = `${EXEC} and ${AUDIT}.level: Request`;
  expect(coverageOf(query, [{ level: 'Request' }])).toEqual(FULL);
  for (const level of ['Metadata', 'RequestResponse']) {
    expect(coverageOf(query, [{ level }])).toEqual({
      verdict: 'never',
      reasons: [`requests of pods/exec: recorded at level ${level} (rule 1); the rule asks for level Request`],
    });
  }
});

test('a body that must hold something is never seen below its level; one that must not, makes it partial', () => {
  const field = `${AUDIT}.requestObject.spec.hostNetwork`;
  const pods = `${AUDIT}.objectRef.resource: pods and ${AUDIT}.verb: create`;
  const reasons = [
    `requests of pods: recorded at level Metadata (rule 1); the rule reads ${field}, which takes level Request or RequestResponse`,
  ];
  expect(coverageOf(`${pods} and ${field}: true`, [{ level: 'Metadata' }])).toEqual({ verdict: 'never', reasons });
  expect(coverageOf(`${pods} and not ${field}: true`, [{ level: 'Metadata' }])).toEqual({
    verdict: 'partial',
    reasons,
  });
  expect(coverageOf(`${pods} and ${field}: true`, [{ level: 'Request' }])).toEqual(FULL);
});

test('the first rule that matches decides, and without one nothing is recorded', () => {
  const drop = { level: 'None', verbs: ['get'], resources: [{ group: '', resources: ['pods/exec'] }] };
  expect(coverageOf(EXEC, [drop, { level: 'Metadata' }])).toEqual({
    verdict: 'partial',
    reasons: ['get of pods/exec: not recorded, level None (rule 1)'],
  });
  expect(coverageOf(EXEC, [{ level: 'Metadata' }, drop])).toEqual(FULL);
  expect(coverageOf(EXEC, [{ level: 'Metadata', resources: [{ group: '', resources: ['pods'] }] }])).toEqual({
    verdict: 'never',
    reasons: ['requests of pods/exec: no rule of the policy matches, so nothing is recorded'],
  });
  expect(coverageOf(EXEC, [{ level: 'Metadata', resources: [{ group: '', resources: ['pods/*'] }] }])).toEqual(FULL);
});

test('a stage that is omitted by the policy or the rule is missed where requests reach it', () => {
  const started = 'requests of pods/exec: stage ResponseStarted is omitted (rule 1)';
  const omitStages = ['ResponseStarted'];
  expect(coverageOf(EXEC, [{ level: 'Metadata', omitStages }])).toEqual({ verdict: 'partial', reasons: [started] });
  expect(coverageOf(EXEC, [{ level: 'Metadata' }], { omitStages })).toEqual({
    verdict: 'partial',
    reasons: [started],
  });
  const listed = `${AUDIT}.objectRef.resource: secrets and ${AUDIT}.verb: list and event.outcome: success`;
  expect(coverageOf(listed, [{ level: 'Metadata', omitStages }])).toEqual(FULL);
  expect(coverageOf(`${EXEC} and ${AUDIT}.stage: ResponseStarted`, [{ level: 'Metadata', omitStages }])).toEqual({
    verdict: 'never',
    reasons: [started],
  });
});

test('users and groups are those who authenticated; a failed login has neither', () => {
  const drop = { level: 'None', userGroups: ['system:authenticated', 'system:unauthenticated'] };
  const failed = coverageOf(`not ${AUDIT}.user.username: *`, [drop, { level: 'Metadata' }]);
  expect(failed).toEqual(FULL);
  expect(coverageOf('user.name: "system:anonymous"', [drop, { level: 'Metadata' }]).verdict).toBe('never');
  const impersonated = `${AUDIT}.impersonatedUser.username: admin and event.outcome: success`;
  const onlyAdmin = coverageOf(impersonated, [{ level: 'Metadata', users: ['admin'] }]);
  expect(onlyAdmin.verdict).toBe('partial'); // a rule for the user admin records what admin does, not what is done as admin
});

test('of several groups the ones that a rule asks for go along with those of the policy', () => {
  const query = `${AUDIT}.user.groups: developers and event.outcome: success`;
  const dropped = [{ level: 'None', userGroups: ['operators'] }, { level: 'Metadata' }];
  const { verdict, reasons } = coverageOf(query, dropped);
  expect(verdict).toBe('partial');
  expect(reasons.join()).toMatch(/by developers and operators: not recorded, level None \(rule 1\)$/);
  expect(coverageOf(query, [{ level: 'Metadata', userGroups: ['developers'] }]).verdict).toBe('full');
});

test('a rule for a resource is judged in the groups where it is built in, and never is said of no other', () => {
  const query = `${AUDIT}.objectRef.resource: pods and event.outcome: success`;
  expect(coverageOf(query, [{ level: 'Metadata', resources: [{ group: '' }] }]).verdict).toBe('full');
  const custom = [{ level: 'Metadata', resources: [{ group: 'example.com' }] }];
  expect(coverageOf(query, custom).verdict).toBe('partial'); // a custom resource may be called pods
  const named = [{ level: 'Metadata', resources: [{ group: 'apps', resources: ['deployments'] }] }];
  expect(coverageOf(query, named).verdict).toBe('never');
});

test('paths: a rule for one that is not a resource, and a policy that drops a prefix', () => {
  const drop = { level: 'None', nonResourceURLs: ['/metrics*'] };
  const query = (path: string) => `${AUDIT}.requestURI: ${path}`;
  expect(coverageOf(query('/metrics/cadvisor'), [drop, { level: 'Metadata' }]).verdict).toBe('never');
  expect(coverageOf(query('/met*'), [drop, { level: 'Metadata' }]).verdict).toBe('partial');
  expect(coverageOf(query('/version'), [drop, { level: 'Metadata' }]).verdict).toBe('full');
});

test('a query that nothing can match is said to be one', () => {
  expect(coverageOf(`${AUDIT}.verb: get and not ${AUDIT}.verb: get`, [{ level: 'Metadata' }])).toEqual({
    verdict: 'never',
    reasons: ['the query can match no event under any policy'],
  });
});

test('a rule in ES|QL is fed if all that its commands look into is recorded, also where no condition says so', () => {
  const on = (commands: string, ...rules: readonly object[]) => {
    const query = `FROM logs-* | ${commands}`;
    const { rule } = compiledRule(ruleDocument({ type: 'esql', language: 'esql', query }));
    return policyCoverage(policyOf(rules), [rule])[0]?.verdict;
  };
  const CREATE = 'WHERE event.action == "create"';
  const body = `EVAL role = kubernetes.audit.requestObject.roleRef.name | WHERE role LIKE "*-admin"`;
  expect(on(CREATE, { level: 'Metadata', verbs: ['create'] })).toBe('full');
  expect(on(CREATE, { level: 'Metadata', verbs: ['get'] })).toBe('never');
  expect(on(`${CREATE} | ${body}`, { level: 'Metadata' })).not.toBe('full');
  expect(on(`${CREATE} | ${body}`, { level: 'Request' })).toBe('full');
  const values = 'STATS roles = VALUES(kubernetes.audit.responseObject.rules.verbs) BY user.name';
  expect(on(`${CREATE} | ${values}`, { level: 'Request' })).not.toBe('full');
  expect(on(`${CREATE} | ${values}`, { level: 'RequestResponse' })).toBe('full');
  expect(on(`${CREATE} | KEEP kubernetes.audit.requestObject.*`, { level: 'Metadata' })).toBe('full');
});
