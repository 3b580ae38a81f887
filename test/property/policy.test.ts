import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { DecodedEvent } from '../../src/audit/event.ts';
import type { AuditPolicy } from '../../src/policy/audit-policy.ts';
import { derivePolicy } from '../../src/policy/derive-policy.ts';
import { formatPolicy } from '../../src/policy/format-policy.ts';
import { policyCoverage } from '../../src/policy/policy-coverage.ts';
import { auditPolicyOf } from '../../src/policy/policy-schema.ts';
import { parseAuditPolicy } from '../../src/rulefiles/audit-policy-file.ts';
import { type AuditedRequest, auditedRequests, OWN_ACCOUNT, recordedAt, recordOf } from '../support/audit-requests.ts';
import { expectKind, expectPresent } from '../support/expect.ts';
import { inOtherNodes, picks } from '../support/random-conditions.ts';
import { rulesOf } from '../support/rules.ts';

const AUDIT = 'kubernetes.audit';

/** What policies can select on, what they cannot, and what depends on the level. */
const VALUES: Readonly<Record<string, readonly string[]>> = {
  [`${AUDIT}.verb`]: ['get', 'list', 'create', 'patch', 'watch', 'l*', '*'],
  'event.action': ['get', 'update'],
  [`${AUDIT}.stage`]: ['ResponseComplete', 'ResponseStarted', 'Response*'],
  [`${AUDIT}.objectRef.resource`]: ['pods', 'secrets', 'deployments', 'clusterroles', 'p*', '*'],
  [`${AUDIT}.objectRef.subresource`]: ['exec', 'status', '*'],
  [`${AUDIT}.objectRef.apiGroup`]: ['apps', 'rbac.authorization.k8s.io', '*'],
  [`${AUDIT}.objectRef.namespace`]: ['default', 'kube-*', '*'],
  [`${AUDIT}.objectRef.name`]: ['web', 'aws-auth', '*'],
  [`${AUDIT}.user.username`]: ['eve', 'system\\:*', '*'],
  'user.name': ['eve', '"system:anonymous"', '"system:kube-controller-manager"', `"${OWN_ACCOUNT}"`],
  [`${AUDIT}.user.groups`]: ['developers', '"system:nodes"', '"system:unauthenticated"'],
  [`${AUDIT}.requestURI`]: ['/healthz*', '/version', '/metrics*', '/api*', '*?verbose'],
  'event.outcome': ['success', 'failure'],
  [`${AUDIT}.annotations.authorization_k8s_io/decision`]: ['allow', 'forbid', '*'],
  'user_agent.original': ['curl', 'kube*', '*'],
  [`${AUDIT}.responseStatus.code`]: ['200', '403', '401'],
  [`${AUDIT}.requestObject.spec.hostNetwork`]: ['true', '*'],
  [`${AUDIT}.responseObject.spec.hostNetwork`]: ['true', 'false'],
  [`${AUDIT}.requestObject`]: ['*'],
  'firstseen.pod.hostNetwork': ['true', 'false'],
  'process.name': ['sh', '*'],
};
const LEVELS = { [`${AUDIT}.level`]: ['Metadata', 'Request', 'RequestResponse'] };

const SELECTED = ['verb', 'objectRef.resource', 'objectRef.name', 'objectRef.namespace', 'user.username'];

function queriesOver(values: Readonly<Record<string, readonly string[]>>): fc.Arbitrary<string> {
  const conditionOn = (entries: readonly (readonly [string, readonly string[]])[]) =>
    fc
      .constantFrom(...entries)
      .chain(([field, some]) =>
        fc
          .array(fc.constantFrom(...some), { minLength: 1, maxLength: 3 })
          .map((chosen) => (chosen.length === 1 ? `${field}: ${chosen[0]}` : `${field}: (${chosen.join(' or ')})`)),
      );
  const condition = conditionOn(Object.entries(values));
  const selected = conditionOn(Object.entries(values).filter(([name]) => SELECTED.some((end) => name.endsWith(end))));
  // What people write, mostly: several conditions that all hold, some of them the other way round.
  const usual = fc
    .tuple(
      fc.array(selected, { minLength: 1, maxLength: 3, size: 'max' }),
      fc.array(fc.tuple(fc.constantFrom('', 'not '), condition), { maxLength: 3, size: 'max' }),
    )
    .map(([some, others]) => [...some, ...others.map(([sign, one]) => sign + one)].join(' and '));
  const any = fc.letrec<{ query: string }>((tie) => {
    const joined = (word: string) =>
      fc.array(tie('query'), { minLength: 2, maxLength: 4 }).map((all) => `(${all.join(` ${word} `)})`);
    return {
      query: fc.oneof(
        { maxDepth: 4, depthSize: 'max' },
        { weight: 5, arbitrary: condition },
        { weight: 5, arbitrary: joined('and') },
        { weight: 2, arbitrary: joined('or') },
        { weight: 2, arbitrary: tie('query').map((query) => `not ${query}`) },
      ),
    };
  }).query;
  return fc.oneof({ weight: 2, arbitrary: usual }, { weight: 1, arbitrary: any });
}

/** A query, some of whose conditions are said in nodes that KQL does not have. */
type Condition = readonly [query: string, picks: readonly number[]];

function conditionsOver(values: Readonly<Record<string, readonly string[]>>): fc.Arbitrary<Condition> {
  return fc.tuple(queriesOver(values), fc.oneof(fc.constant([]), picks));
}

function compile(conditions: readonly Condition[]) {
  const { rules, slots } = rulesOf(
    conditions.map(([query]) => query),
    (predicate, index) => {
      const chosen = conditions[index]?.[1] ?? [];
      return chosen.length === 0 ? predicate : inOtherNodes(predicate, chosen);
    },
  );
  const memo = slots.createMemo();
  const matching = (event: DecodedEvent) => {
    memo.reset(event);
    return rules.filter((rule) => rule.matches(event, memo));
  };
  return { rules, matching };
}

function isOwn({ user, verb, object }: AuditedRequest): boolean {
  if (user !== OWN_ACCOUNT || object === undefined) return false;
  switch (`${object.group}/${object.resource}/${object.subresource}`) {
    case 'firstseen.dev/alerts/':
      return ['get', 'list', 'watch', 'create', 'delete'].includes(verb);
    case 'firstseen.dev/alerts/status':
    case 'firstseen.dev/detectionrules/status':
    case 'firstseen.dev/ruleexceptions/status':
      return verb === 'patch';
    case 'events.k8s.io/events/':
      return verb === 'create';
    default:
      return false;
  }
}

/** What is recorded at Metadata whatever rules ask for. */
function isCapped({ verb, object }: AuditedRequest, kubernetesMinor: number | undefined): boolean {
  if (object === undefined) return false;
  if (verb === 'patch' && (kubernetesMinor ?? 0) < 37) return true;
  return object.group === '' && (object.resource === 'secrets' || object.subresource === 'token');
}

const minors = fc.constantFrom(undefined, 36, 37);

test('what a rule matches when everything is recorded, it matches under the policy made for it and others', () => {
  let matched = 0;
  let spared = 0;
  fc.assert(
    fc.property(
      fc.array(conditionsOver(VALUES), { minLength: 1, maxLength: 3 }),
      minors.chain((minor) =>
        fc.tuple(
          fc.constant(minor),
          fc.array(auditedRequests({ custom: minor !== undefined }), { minLength: 1, maxLength: 40, size: 'max' }),
        ),
      ),
      (conditions, [kubernetesMinor, requests]) => {
        const { rules, matching } = compile(conditions);
        const options = { account: OWN_ACCOUNT, heartbeat: false };
        const { policy } = derivePolicy(
          rules,
          kubernetesMinor === undefined ? options : { ...options, kubernetesMinor },
        );
        for (const request of requests) {
          const level = recordOf(policy, request);
          if (isOwn(request)) {
            expect(level).toBeUndefined(); // own writes are not recorded
            continue;
          }
          const wanted = matching(recordedAt('RequestResponse', request));
          matched += wanted.length;
          if (level === undefined) {
            spared += 1;
            expect(wanted.map(({ document }) => document.query)).toEqual([]); // not recorded
          } else if (isCapped(request, kubernetesMinor)) {
            expect(level).toBe('Metadata');
          } else {
            const found = matching(recordedAt(level, request));
            for (const rule of wanted) expect(found).toContain(rule);
          }
        }
      },
    ),
    { numRuns: 1_500 },
  );
  expect(matched).toBeGreaterThan(1_500);
  expect(spared).toBeGreaterThan(1_500);
});

test('a rule that compares the level gets that level', () => {
  const conditions = queriesOver(VALUES).chain((query) =>
    fc.constantFrom('Metadata', 'Request', 'RequestResponse').map((level) => ({ query, level })),
  );
  fc.assert(
    fc.property(conditions, auditedRequests({ custom: true }), ({ query, level }, request) => {
      const { rules, matching } = compile([[`(${query}) and ${AUDIT}.level: ${level}`, []]]);
      const { policy } = derivePolicy(rules, { account: OWN_ACCOUNT, heartbeat: false, kubernetesMinor: 37 });
      const [rule] = matching(recordedAt(level as 'Metadata', request));
      if (rule === undefined || isOwn(request) || isCapped(request, 37)) return;
      expect(recordOf(policy, request)).toBe(level);
    }),
    { numRuns: 2_000 },
  );
});

const some = (...values: readonly string[]) => fc.oneof(fc.constant([]), fc.subarray([...values], { maxLength: 2 }));

const policies: fc.Arbitrary<AuditPolicy> = fc
  .record({
    omitStages: some('ResponseStarted', 'RequestReceived'),
    rules: fc.array(
      fc.record({
        level: fc.constantFrom('None', 'None', 'Metadata', 'Request', 'RequestResponse'),
        users: some('eve', 'system:anonymous', OWN_ACCOUNT),
        userGroups: some('system:authenticated', 'system:unauthenticated', 'developers', 'system:nodes'),
        verbs: some('get', 'list', 'create', 'patch', 'watch', 'post'),
        omitStages: some('ResponseComplete', 'ResponseStarted'),
        about: fc.oneof(
          fc.record({ nonResourceURLs: some('/healthz*', '/version', '/api*', '*') }),
          fc.record({
            namespaces: some('default', 'kube-system', ''),
            resources: fc.array(
              fc
                .record({
                  group: fc.constantFrom('', 'apps', 'example.com', '*'),
                  resources: some('pods', 'pods/*', 'pods/exec', '*/status', 'secrets', '*'),
                  resourceNames: some('web', 'aws-auth'),
                })
                .map((entry) => (entry.resources.length > 0 ? entry : { ...entry, resourceNames: [] })),
              { maxLength: 2 },
            ),
          }),
        ),
      }),
      { minLength: 1, maxLength: 6 },
    ),
  })
  .map(({ omitStages, rules }) => {
    const result = auditPolicyOf({
      apiVersion: 'audit.k8s.io/v1',
      kind: 'Policy',
      omitStages,
      rules: rules.map(({ about, ...rule }) => ({ ...rule, ...about })),
    });
    expectKind(result, 'ok');
    return result.policy;
  });

test('a rule of which it is said that it never fires under a policy matches nothing that is recorded', () => {
  const count = { full: 0, partial: 0, never: 0 };
  fc.assert(
    fc.property(
      policies,
      conditionsOver({ ...VALUES, ...LEVELS }),
      fc.array(auditedRequests({ custom: true }), { minLength: 1, maxLength: 30, size: 'max' }),
      (policy, condition, requests) => {
        const { rules, matching } = compile([condition]);
        const [coverage] = policyCoverage(policy, rules);
        expectPresent(coverage);
        count[coverage.verdict] += 1;
        expect(coverage.reasons.length === 0).toBe(coverage.verdict === 'full');
        if (coverage.verdict !== 'never') return;
        for (const request of requests) {
          const level = recordOf(policy, request);
          if (level !== undefined)
            expect([JSON.stringify(request), matching(recordedAt(level, request))]).toEqual([
              JSON.stringify(request),
              [],
            ]);
        }
      },
    ),
    { numRuns: 5_000 },
  );
  expect(count.never).toBeGreaterThan(200);
  expect(count.full).toBeGreaterThan(50);
  expect(count.partial).toBeGreaterThan(200);
});

test('the text of a policy is read back as the policy', () => {
  fc.assert(
    fc.property(
      fc.array(conditionsOver(VALUES), { minLength: 1, maxLength: 4 }),
      minors,
      (conditions, kubernetesMinor) => {
        const { rules } = compile(conditions);
        const options = { account: OWN_ACCOUNT, heartbeat: true };
        const derived = derivePolicy(rules, kubernetesMinor === undefined ? options : { ...options, kubernetesMinor });
        const read = parseAuditPolicy(formatPolicy(derived, policyCoverage(derived.policy, rules)));
        expectKind(read, 'ok');
        const withoutLines = read.policy.rules.map(({ line: _, ...rule }) => rule);
        expect({ ...read.policy, rules: withoutLines }).toEqual(derived.policy);
      },
    ),
    { numRuns: 300 },
  );
});
