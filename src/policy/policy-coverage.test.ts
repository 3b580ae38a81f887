import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compiledRule, ruleDocument, rulesOf } from '../../test/support/rules.ts';
import type { Predicate } from '../query/predicate.ts';
import type { AuditPolicy } from './audit-policy.ts';
import { policyCoverage } from './policy-coverage.ts';
import { auditPolicyOf } from './policy-schema.ts';

function policyOf(rules: readonly object[], more: object = {}): AuditPolicy {
  const result = auditPolicyOf({ apiVersion: 'audit.k8s.io/v1', kind: 'Policy', rules, ...more });
  assert.ok(result.kind === 'ok', JSON.stringify(result));
  return result.policy;
}

function coverageOf(
  query: string,
  rules: readonly object[],
  more: object = {},
  rewrite = (predicate: Predicate): Predicate => predicate,
) {
  const [only] = policyCoverage(policyOf(rules, more), rulesOf([query], rewrite).rules);
  assert.ok(only !== undefined);
  return { verdict: only.verdict, reasons: only.reasons };
}

const AUDIT = 'kubernetes.audit';
const EXEC = `${AUDIT}.objectRef.resource: pods and ${AUDIT}.objectRef.subresource: exec and ${AUDIT}.annotations.authorization_k8s_io/decision: allow`;
const FULL = { verdict: 'full', reasons: [] };

test('a rule that reads metadata is fed by Metadata, and by more', () => {
  for (const level of ['Metadata', 'Request', 'RequestResponse']) assert.deepEqual(coverageOf(EXEC, [{ level }]), FULL);
});

test('a sequence is fed if each of its events is, and never fires if one of them is not', () => {
  const query =
    'sequence by user.name [any where event.action == "get"] [any where event.action == "list"] ' +
    'until [any where event.action == "watch"]';
  const { rule } = compiledRule(ruleDocument({ type: 'eql', language: 'eql', query }));
  const on = (...rules: readonly object[]) => policyCoverage(policyOf(rules), [rule])[0];
  assert.deepEqual(on({ level: 'Metadata' })?.verdict, 'full');
  const withoutLists = on({ level: 'None', verbs: ['list'] }, { level: 'Metadata' });
  assert.equal(withoutLists?.verdict, 'never');
  assert.match(withoutLists?.reasons[0] ?? '', /^event 2 of the sequence: .*not recorded/);
  assert.equal(withoutLists?.rule, rule);
  const withoutWatches = on({ level: 'None', verbs: ['watch'] }, { level: 'Metadata' });
  assert.equal(withoutWatches?.verdict, 'partial', 'until may be missed');
});

test('what an expression reads must be recorded, whatever it is true of', () => {
  const inExpression = (operand: Predicate): Predicate => {
    if (operand.kind === 'and') return { ...operand, operands: operand.operands.map(inExpression) };
    const isOfBody = operand.kind === 'any' && /\.(?:requestObject|level)/.test(operand.field.name);
    return isOfBody
      ? { kind: 'holds', expression: { kind: 'matches', predicate: operand }, values: 'single' }
      : operand;
  };
  const pods = `${AUDIT}.objectRef.resource: pods and ${AUDIT}.verb: create`;
  const body = `${pods} and ${AUDIT}.requestObject.spec.hostNetwork: true`;
  assert.deepEqual(coverageOf(body, [{ level: 'Request' }], {}, inExpression), FULL);
  assert.deepEqual(coverageOf(body, [{ level: 'Metadata' }], {}, inExpression), {
    verdict: 'partial',
    reasons: [
      `requests of pods: recorded at level Metadata (rule 1); the rule reads ${AUDIT}.requestObject.spec.hostNetwork, which takes level Request or RequestResponse`,
    ],
  });
  assert.equal(coverageOf(body, [{ level: 'None' }], {}, inExpression).verdict, 'never');
  const level = `${pods} and ${AUDIT}.level: RequestResponse`;
  assert.deepEqual(coverageOf(level, [{ level: 'RequestResponse' }], {}, inExpression), FULL);
  assert.equal(coverageOf(level, [{ level: 'Metadata' }], {}, inExpression).verdict, 'partial');
});

test('without case, verbs and resources are what the API server writes, and users may be written in any way', () => {
  const caseless = (predicate: Predicate): Predicate => {
    if (predicate.kind === 'and') return { ...predicate, operands: predicate.operands.map(caseless) };
    if (predicate.kind !== 'any' || predicate.test.kind !== 'equals') return predicate;
    return { ...predicate, test: { ...predicate.test, caseless: true } };
  };
  const pods = `${AUDIT}.verb: GET and ${AUDIT}.objectRef.resource: Pods`;
  const gets = [{ level: 'Metadata', verbs: ['get'], resources: [{ group: '', resources: ['pods'] }] }];
  assert.equal(coverageOf(pods, gets).verdict, 'never');
  assert.deepEqual(coverageOf(pods, gets, {}, caseless), FULL);
  const eve = [{ level: 'Metadata', users: ['eve'] }];
  assert.deepEqual(coverageOf('user.name: eve', eve), FULL);
  assert.equal(coverageOf('user.name: eve', eve, {}, caseless).verdict, 'partial');
});

test('a level that a rule compares literally must be that level', () => {
  const query = `${EXEC} and ${AUDIT}.level: Request`;
  assert.deepEqual(coverageOf(query, [{ level: 'Request' }]), FULL);
  for (const level of ['Metadata', 'RequestResponse']) {
    assert.deepEqual(coverageOf(query, [{ level }]), {
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
  assert.deepEqual(coverageOf(`${pods} and ${field}: true`, [{ level: 'Metadata' }]), { verdict: 'never', reasons });
  assert.deepEqual(coverageOf(`${pods} and not ${field}: true`, [{ level: 'Metadata' }]), {
    verdict: 'partial',
    reasons,
  });
  assert.deepEqual(coverageOf(`${pods} and ${field}: true`, [{ level: 'Request' }]), FULL);
});

test('the first rule that matches decides, and without one nothing is recorded', () => {
  const drop = { level: 'None', verbs: ['get'], resources: [{ group: '', resources: ['pods/exec'] }] };
  assert.deepEqual(coverageOf(EXEC, [drop, { level: 'Metadata' }]), {
    verdict: 'partial',
    reasons: ['get of pods/exec: not recorded, level None (rule 1)'],
  });
  assert.deepEqual(coverageOf(EXEC, [{ level: 'Metadata' }, drop]), FULL);
  assert.deepEqual(coverageOf(EXEC, [{ level: 'Metadata', resources: [{ group: '', resources: ['pods'] }] }]), {
    verdict: 'never',
    reasons: ['requests of pods/exec: no rule of the policy matches, so nothing is recorded'],
  });
  assert.deepEqual(coverageOf(EXEC, [{ level: 'Metadata', resources: [{ group: '', resources: ['pods/*'] }] }]), FULL);
});

test('a stage that is omitted by the policy or the rule is missed where requests reach it', () => {
  const started = 'requests of pods/exec: stage ResponseStarted is omitted (rule 1)';
  const omitStages = ['ResponseStarted'];
  assert.deepEqual(coverageOf(EXEC, [{ level: 'Metadata', omitStages }]), { verdict: 'partial', reasons: [started] });
  assert.deepEqual(coverageOf(EXEC, [{ level: 'Metadata' }], { omitStages }), {
    verdict: 'partial',
    reasons: [started],
  });
  const listed = `${AUDIT}.objectRef.resource: secrets and ${AUDIT}.verb: list and event.outcome: success`;
  assert.deepEqual(coverageOf(listed, [{ level: 'Metadata', omitStages }]), FULL);
  assert.deepEqual(coverageOf(`${EXEC} and ${AUDIT}.stage: ResponseStarted`, [{ level: 'Metadata', omitStages }]), {
    verdict: 'never',
    reasons: [started],
  });
});

test('users and groups are those who authenticated; a failed login has neither', () => {
  const drop = { level: 'None', userGroups: ['system:authenticated', 'system:unauthenticated'] };
  const failed = coverageOf(`not ${AUDIT}.user.username: *`, [drop, { level: 'Metadata' }]);
  assert.deepEqual(failed, FULL);
  assert.equal(coverageOf('user.name: "system:anonymous"', [drop, { level: 'Metadata' }]).verdict, 'never');
  const impersonated = `${AUDIT}.impersonatedUser.username: admin and event.outcome: success`;
  const onlyAdmin = coverageOf(impersonated, [{ level: 'Metadata', users: ['admin'] }]);
  assert.equal(
    onlyAdmin.verdict,
    'partial',
    'a rule for the user admin records what admin does, not what is done as admin',
  );
});

test('of several groups the ones that a rule asks for go along with those of the policy', () => {
  const query = `${AUDIT}.user.groups: developers and event.outcome: success`;
  const dropped = [{ level: 'None', userGroups: ['operators'] }, { level: 'Metadata' }];
  const { verdict, reasons } = coverageOf(query, dropped);
  assert.equal(verdict, 'partial');
  assert.match(reasons.join(), /by developers and operators: not recorded, level None \(rule 1\)$/);
  assert.equal(coverageOf(query, [{ level: 'Metadata', userGroups: ['developers'] }]).verdict, 'full');
});

test('a rule for a resource is judged in the groups where it is built in, and never is said of no other', () => {
  const query = `${AUDIT}.objectRef.resource: pods and event.outcome: success`;
  assert.equal(coverageOf(query, [{ level: 'Metadata', resources: [{ group: '' }] }]).verdict, 'full');
  const custom = [{ level: 'Metadata', resources: [{ group: 'example.com' }] }];
  assert.equal(coverageOf(query, custom).verdict, 'partial', 'a custom resource may be called pods');
  const named = [{ level: 'Metadata', resources: [{ group: 'apps', resources: ['deployments'] }] }];
  assert.equal(coverageOf(query, named).verdict, 'never');
});

test('paths: a rule for one that is not a resource, and a policy that drops a prefix', () => {
  const drop = { level: 'None', nonResourceURLs: ['/metrics*'] };
  const query = (path: string) => `${AUDIT}.requestURI: ${path}`;
  assert.equal(coverageOf(query('/metrics/cadvisor'), [drop, { level: 'Metadata' }]).verdict, 'never');
  assert.equal(coverageOf(query('/met*'), [drop, { level: 'Metadata' }]).verdict, 'partial');
  assert.equal(coverageOf(query('/version'), [drop, { level: 'Metadata' }]).verdict, 'full');
});

test('a query that nothing can match is said to be one', () => {
  assert.deepEqual(coverageOf(`${AUDIT}.verb: get and not ${AUDIT}.verb: get`, [{ level: 'Metadata' }]), {
    verdict: 'never',
    reasons: ['the query can match no event, whatever the policy says'],
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
  assert.equal(on(CREATE, { level: 'Metadata', verbs: ['create'] }), 'full');
  assert.equal(on(CREATE, { level: 'Metadata', verbs: ['get'] }), 'never');
  assert.notEqual(on(`${CREATE} | ${body}`, { level: 'Metadata' }), 'full');
  assert.equal(on(`${CREATE} | ${body}`, { level: 'Request' }), 'full');
  const values = 'STATS roles = VALUES(kubernetes.audit.responseObject.rules.verbs) BY user.name';
  assert.notEqual(on(`${CREATE} | ${values}`, { level: 'Request' }), 'full');
  assert.equal(on(`${CREATE} | ${values}`, { level: 'RequestResponse' }), 'full');
  assert.equal(on(`${CREATE} | KEEP kubernetes.audit.requestObject.*`, { level: 'Metadata' }), 'full');
});
