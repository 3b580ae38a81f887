import { expect, test } from '@jest/globals';
import { compiledRules, ruleDocument } from '../../test/support/rules.ts';
import { isOwnRequest } from '../ingest/own-writes.ts';
import type { RuleDocument } from '../rules/document.ts';
import { type DeriveOptions, derivePolicy } from './derive-policy.ts';
import { formatPolicy } from './format-policy.ts';
import { OWN_REQUESTS } from './own-requests.ts';
import { policyCoverage } from './policy-coverage.ts';

const ACCOUNT = 'system:serviceaccount:security:watcher';
const AUDIT = 'kubernetes.audit';
const POD_BODY = `${AUDIT}.objectRef.resource: pods and ${AUDIT}.verb: (create or update or patch) and ${AUDIT}.requestObject.spec.hostNetwork: true`;

function derived(
  queries: Readonly<Record<string, string>>,
  options: Partial<DeriveOptions> = {},
  changes: Partial<Omit<RuleDocument, 'newTerms'>> = {},
) {
  const { rules } = compiledRules(
    Object.entries(queries).map(([name, query]) => ruleDocument({ name, query, ...changes })),
  );
  const policy = derivePolicy(rules, { account: ACCOUNT, heartbeat: false, ...options });
  return { ...policy, text: formatPolicy(policy, policyCoverage(policy.policy, rules, ACCOUNT)) };
}

/** The rules after those for own writes, as they are written. */
function rulesOf(text: string): string {
  return text.split('resources: [events]\n')[1] ?? '';
}

test('the account appears in rules for its own writes only, and those are what the receiver drops', () => {
  const { lines } = derived({ any: 'user.name: *' });
  const own = lines.filter(({ why }) => why === 'own');
  expect(own.map(({ rule }) => [rule.level, rule.users])).toEqual(own.map(() => ['None', [ACCOUNT]]));
  expect(lines.every(({ why, rule }) => why === 'own' || !rule.users.includes(ACCOUNT))).toBe(true);
  for (const { verbs, resources } of OWN_REQUESTS) {
    const named = resources.flatMap(({ group, resources: names }) => names.map((name) => ({ group, name })));
    for (const { verb, group, name } of named.flatMap((each) => verbs.map((verb) => ({ verb, ...each })))) {
      const [resource = '', subresource] = name.split('/');
      const objectRef = { apiGroup: group, resource, ...(subresource ? { subresource } : {}) };
      const event = { verb, user: { username: ACCOUNT }, objectRef };
      expect([`${verb} ${name}`, isOwnRequest(event, ACCOUNT)]).toEqual([`${verb} ${name}`, true]);
    }
  }
});

test('metadata unless a rule reads bodies, and each line names its rules', () => {
  const { text } = derived(
    { reads: POD_BODY, lists: `${AUDIT}.verb: list and ${AUDIT}.objectRef.resource: secrets` },
    { kubernetesMinor: 37 },
  );
  expect(rulesOf(text)).toBe(`  # reads: reads requestObject.spec.hostNetwork.
  - level: Request # 4
    verbs: [create, update, patch]
    resources:
      - group: "*"
        resources: [pods, "pods/*"]
  # lists: metadata.
  - level: Metadata # 5
    verbs: [list]
    resources:
      - group: "*"
        resources: [secrets, "secrets/*"]
`);
});

test('up to 1.36 patches come without bodies, before 1.36 groups are those of built-in resources, and the head tells who sees less', () => {
  const { text } = derived({ reads: POD_BODY });
  expect(text).toMatch(/# {3}reads \(partial\): patch of pods: recorded at level Metadata \(rule 4\)/);
  expect(rulesOf(text)).toMatch(
    /^ {2}# Patches without their bodies, for reads\.[\s\S]*- level: Metadata # 4\n {4}verbs: \[patch\]\n {4}resources:\n {6}- group: ""\n/,
  );
  expect(text).not.toMatch(/group: "\*"/);
  const latest = derived({ reads: POD_BODY }, { kubernetesMinor: 36 }).text;
  expect(latest).toMatch(/verbs: \[patch\]\n {4}resources:\n {6}- group: "\*"/);
});

test('bodies that hold credentials are not recorded, whatever a rule reads', () => {
  const { lines, text } = derived({ any: `${AUDIT}.requestObject.data: *` }, { kubernetesMinor: 37 });
  expect(
    lines.filter(({ why }) => why === 'credentials').map(({ rule }) => [rule.level, rule.resources[0]?.resources[0]]),
  ).toEqual([
    ['Metadata', 'secrets'],
    ['Metadata', 'serviceaccounts/token'],
    ['Metadata', 'tokenreviews'],
  ]);
  expect(text).toMatch(/Its query has no condition that a policy can select by, so this records every/);
});

test.each([`${AUDIT}.impersonatedUser.username: admin`, `not ${AUDIT}.user.username: *`])(
  'a condition on who is impersonated, or on an absent user, selects no user: %j',
  (query) => {
    const [last] = derived({ rule: query }).lines.slice(-1);
    expect([last?.rule.level, last?.rule.users, last?.rule.userGroups]).toEqual(['Metadata', [], []]);
  },
);

test('an absent user has no decision, so a rule for decided requests of nobody adds nothing', () => {
  for (const decided of ['event.outcome: success', 'firstseen.carriedOut: (yes or unknown)']) {
    const query = `${decided} and (user.name: "system:anonymous" or not user.name: *)`;
    const [last] = derived({ rule: query }).lines.slice(-1);
    expect([decided, last?.rule.users]).toEqual([decided, ['system:anonymous']]);
  }
  const query = `firstseen.carriedOut: no and (user.name: "system:anonymous" or not user.name: *)`;
  const [undecided] = derived({ rule: query }).lines.slice(-1);
  expect(undecided?.rule.users).toEqual([]); // who is not authenticated is not narrowed down
});

test('what a rule leaves out is left out, unless another rule asks for it', () => {
  const pods = `${AUDIT}.objectRef.resource: pods and ${AUDIT}.verb: update`;
  const not = `${pods} and not ${AUDIT}.objectRef.subresource: status`;
  const alone = derived({ not });
  expect(alone.lines.flatMap(({ why, rule }) => (why === 'excluded' ? rule.resources : []))).toEqual([
    { group: '', resources: ['pods/status'], resourceNames: [] },
  ]);
  expect(derived({ not, all: pods }).lines.filter(({ why }) => why === 'excluded')).toEqual([]);
  const guarded = derived({ not, eve: `user.name: eve` }).lines.filter(({ why }) => why !== 'own');
  expect(
    guarded.map(({ why, rule }) => [
      why,
      rule.users.join(),
      rule.resources.flatMap(({ resources }) => resources).join(),
    ]),
  ).toEqual([
    ['needed', 'eve', 'pods/status'],
    ['excluded', '', 'pods/status'],
    ['needed', '', 'pods,pods/*'],
    ['needed', 'eve', ''],
  ]);
});

test('a name is selected where it stands in the path: not of what is created', () => {
  const query = `${AUDIT}.objectRef.resource: configmaps and ${AUDIT}.objectRef.name: aws-auth and ${AUDIT}.verb: (create or update)`;
  const needed = derived({ rule: query }).lines.filter(({ why }) => why === 'needed');
  expect(needed.map(({ rule }) => [rule.verbs.join(), rule.resources[0]?.resourceNames.join()])).toEqual([
    ['create', ''],
    ['update', 'aws-auth'],
  ]);
});

test('a request has only arrived: recorded if a rule asks for that stage and not for the last', () => {
  expect(derived({ rule: 'user.name: eve' }).policy.omitStages).toEqual(['RequestReceived']);
  const { policy, lines } = derived({ rule: `user.name: eve and ${AUDIT}.stage: RequestReceived` });
  expect(policy.omitStages).toEqual([]);
  expect(lines.at(-1)?.rule.omitStages).toEqual(['ResponseStarted', 'ResponseComplete', 'Panic']);
});

test('stages: of two lines for one request the first keeps what the second wants', () => {
  const { lines } = derived(
    {
      body: `${AUDIT}.objectRef.resource: pods and ${AUDIT}.requestObject: * and ${AUDIT}.stage: ResponseComplete`,
      start: `${AUDIT}.objectRef.resource: pods and ${AUDIT}.stage: ResponseStarted`,
    },
    { kubernetesMinor: 37 },
  );
  const request = lines.find(({ rule }) => rule.level === 'Request');
  expect(request?.rule.omitStages).toEqual(['Panic']);
});

test('what exceptions and suppression read counts', () => {
  const query = `${AUDIT}.objectRef.resource: pods and ${AUDIT}.verb: create`;
  const levelWith = (changes: Partial<Omit<RuleDocument, 'newTerms'>>) =>
    derived({ rule: query }, {}, changes).lines.at(-1)?.rule.level;
  expect(levelWith({})).toBe('Metadata');
  expect(
    levelWith({
      exceptions: [{ query: `${AUDIT}.requestObject.spec.hostNetwork: false`, language: 'kuery', reason: 'Known.' }],
    }),
  ).toBe('Request');
  const by = [`${AUDIT}.responseObject.status.phase`];
  expect(levelWith({ suppression: { by, windowMicros: 1, missingFields: 'suppress' } })).toBe('RequestResponse');
});

test('what a threshold groups by and counts, and what a sequence joins, counts', () => {
  const query = `${AUDIT}.objectRef.resource: pods and ${AUDIT}.verb: create`;
  const request = `${AUDIT}.requestObject.spec.serviceAccountName`;
  const response = `${AUDIT}.responseObject.status.phase`;
  const threshold = (fields: readonly string[], counted: readonly string[]) => {
    const cardinality = counted.map((field) => ({ field, value: 2 }));
    const changes = { type: 'threshold', threshold: { fields, value: 2, cardinality, windowMicros: 1 } } as const;
    return derived({ rule: query }, {}, changes).lines.at(-1)?.rule.level;
  };
  expect([threshold(['user.name'], []), threshold([request], []), threshold([], [response])]).toEqual([
    'Metadata',
    'Request',
    'RequestResponse',
  ]);
  const create = `[any where ${AUDIT}.objectRef.resource == "pods" and ${AUDIT}.verb == "create"]`;
  const sequence = (by: string) => {
    const rule = `sequence by ${by} ${create} ${create}`;
    return derived({ rule }, {}, { type: 'eql', language: 'eql' }).lines.at(-1)?.rule.level;
  };
  expect([sequence('user.name'), sequence(request), sequence(`?${response}`)]).toEqual([
    'Metadata',
    'Request',
    'RequestResponse',
  ]);
});

test('a group that no API server can have stays out of the policy, which would keep it from starting', () => {
  const { lines } = derived({ rule: `${AUDIT}.objectRef.apiGroup: ("apps/v1" or apps)` });
  expect(lines.at(-1)?.rule.resources.map(({ group }) => group)).toEqual(['apps']);
});

test('who writes the status of alerts is recorded, after what firstseen itself writes there is left out', () => {
  const { lines } = derived({ rule: 'user.name: eve' }, { review: true });
  const { rule } = lines.find(({ why }) => why === 'review') ?? {};
  expect([rule?.level, rule?.verbs]).toEqual(['Metadata', ['patch', 'update']]);
  expect(rule?.resources).toEqual([{ group: 'firstseen.dev', resources: ['alerts/status'], resourceNames: [] }]);
  expect(lines[0]?.why).toBe('own');
});

test('the heartbeat has a line of its own', () => {
  const { rule } = derived({ rule: 'user.name: eve' }, { heartbeat: true }).lines.at(-1) ?? {};
  expect([rule?.level, rule?.nonResourceURLs]).toEqual(['Metadata', ['/firstseen-heartbeat/*']]);
});

test('what one rule leaves out does not put the metadata that another asks for before the bodies that it reads', () => {
  const reads = `${AUDIT}.objectRef.apiGroup: * and ${AUDIT}.responseObject.data: * and not ${AUDIT}.requestURI: /healthz*`;
  const { lines } = derived({ reads, gets: `${AUDIT}.verb: get` }, { kubernetesMinor: 36 });
  expect(
    lines.flatMap(({ why, rule: { level, verbs, nonResourceURLs: paths, resources } }) =>
      ['needed', 'excluded'].includes(why)
        ? [{ level, verbs, paths, groups: resources.map(({ group }) => group) }]
        : [],
    ),
  ).toEqual([
    { level: 'Metadata', verbs: ['get'], paths: ['/healthz*'], groups: [] },
    { level: 'None', verbs: [], paths: ['/healthz*'], groups: [] },
    { level: 'RequestResponse', verbs: [], paths: [], groups: ['*'] },
    { level: 'Metadata', verbs: ['get'], paths: [], groups: [] },
  ]);
});
