import { expect, test } from '@jest/globals';
import { compiledRule, ruleDocument } from '../../../test/support/rules.ts';
import type { RuleDocument } from '../../rules/document.ts';
import { DAY, HOUR } from '../../rules/limits.ts';
import { explainRule, formatExplanation } from './explain-rule.ts';

function explained(document: RuleDocument, notes: readonly string[] = []): string {
  return formatExplanation(
    explainRule({
      rule: compiledRule(document).rule,
      judged: { verdict: 'runs', why: [], notes, file: 'a.yaml', line: 4 },
    }),
  );
}

const ALLOWED = 'kubernetes.audit.annotations.authorization_k8s_io/decision: allow';

test('a rule of type query that has everything', () => {
  const document = ruleDocument({
    name: 'exec',
    title: 'Exec\u202e into a pod',
    enabled: false,
    query: `${ALLOWED} and kubernetes.audit.objectRef.resource: pods and kubernetes.audit.objectRef.subresource: exec and kubernetes.audit.requestObject.command: *sh`,
    severityMapping: [
      { field: 'kubernetes.audit.objectRef.namespace', value: 'kube-system', severity: 'critical' },
      { field: 'user.name', value: 'eve', severity: 'high' },
    ],
    riskScoreMapping: [
      { field: 'kubernetes.audit.responseStatus.code' },
      { field: 'user.name', value: 'eve', riskScore: 90 },
    ],
    ruleNameOverride: 'user.name',
    buildingBlock: true,
    suppression: { by: ['user.name', 'source.ip'], windowMicros: 2 * HOUR, missingFields: 'doNotSuppress' },
    budget: { alertsPerHour: 5 },
    exceptions: [
      {
        query: 'user.name: (ci or cd)',
        language: 'kuery',
        reason: 'the pipeline',
        expiresAt: Date.UTC(2027, 2, 31) * 1_000,
        lists: [{ field: 'source.ip', type: 'ip_range', values: ['10.0.0.0/8', '192.0.2.1'], excluded: true }],
      },
    ],
    threat: [{ tactic: { id: 'TA0002', name: 'Execution' }, technique: { id: 'T1609', name: 'Administration' } }],
  });
  expect(explained(document, ['a setting was left out'])).toBe(`exec: Exec\\u{202e} into a pod
type query, from a.yaml:4

Verdict
  runs, and is switched off
  - a setting was left out

Which events
  all of these hold:
  - kubernetes.audit.annotations.authorization_k8s_io/decision is "allow"
  - kubernetes.audit.objectRef.resource is "pods"
  - kubernetes.audit.objectRef.subresource is "exec"
  - kubernetes.audit.requestObject.command ends with "sh"

As text
  kubernetes.audit.annotations.authorization_k8s_io/decision: "allow"
  and kubernetes.audit.objectRef.resource: "pods"
  and kubernetes.audit.objectRef.subresource: "exec"
  and kubernetes.audit.requestObject.command: *sh

When it alerts
  It alerts for each request that matches.
  What an exception selects counts as if it did not match.
  Matches with the same user.name and source.ip join its alert for 2h, and raise its count.
  Those without one of these have an alert each.
  It opens at most 5 alerts in any hour, and all rules of a cluster 200; what is beyond counts on one overflow alert.

What the alert says
  Severity medium, risk score 47.
  Severity critical where kubernetes.audit.objectRef.namespace is "kube-system".
  Severity high where user.name is "eve".
  Of several that apply the highest severity counts.
  Risk score that of kubernetes.audit.responseStatus.code where kubernetes.audit.responseStatus.code has a value.
  Risk score 90 where user.name is "eve".
  Its title is the value of user.name, where there is one.
  It is a building block: recorded and logged, and shown to nobody.
  MITRE ATT&CK: TA0002 Execution, T1609 Administration.

Exceptions
  the pipeline, until 2027-03-31T00:00:00.000000Z
    user.name is one of "ci", "cd"
    and no value of source.ip is in a list of 2 values (ip_range)

Which events it is compared with
  all of these hold:
  - kubernetes.audit.annotations.authorization_k8s_io/decision is "allow"
  - kubernetes.audit.objectRef.resource is "pods"
  - kubernetes.audit.objectRef.subresource is "exec"

What the API server has to record
  level Metadata, stages ResponseStarted, ResponseComplete, Panic: patch of pods/exec
    without their bodies, which up to Kubernetes 1.36 may cost the whole batch
  level Request, stages ResponseStarted, ResponseComplete, Panic: every request of pods/exec
    for kubernetes.audit.requestObject.command
`);
});

test('a rule of type new_terms', () => {
  const document = ruleDocument({
    severity: 'low',
    riskScore: 21,
    query: 'source.ip: *',
    newTerms: { fields: ['user.name', 'source.ip', 'user_agent.original'], learningMicros: DAY },
  });
  const text = explained(document);
  expect(text).toContain(`
When it alerts
  It alerts when the combination of user.name, source.ip and user_agent.original was on no matching event in the 7d before; each sighting starts that time anew.
  An event without one of these fields neither alerts nor teaches.
  It only learns for 1d from when it first runs on a cluster.
  Matches of the same terms join its alert for 7d, and raise its count.
`);
  expect(text).toContain(`
Which events it is compared with
  every event: the query requires nothing of the fields that the index looks at
`);
});

test('a rule of type threshold', () => {
  const text = explained(
    ruleDocument({
      type: 'threshold',
      threshold: {
        fields: ['user.name', 'source.ip'],
        value: 5,
        cardinality: [{ field: 'kubernetes.audit.objectRef.resource', value: 3 }],
        windowMicros: 2 * HOUR,
      },
      suppression: { by: [], windowMicros: DAY, missingFields: 'suppress' },
      severity: 'high',
    }),
  );
  expect(text).toContain(`
When it alerts
  It alerts when 5 matching requests with the same user.name and source.ip come within 2h, with at least 3 different values of kubernetes.audit.objectRef.resource.
  Requests that an alert has counted count for no other.
  Matches of the same group join its alert for 1d, and raise its count.
  It opens at most 20 alerts in any hour; what is beyond counts on one overflow alert.
`);
});

test('a sequence', () => {
  const text = explained(
    ruleDocument({
      type: 'eql',
      language: 'eql',
      query: `sequence by user.name with maxspan=10m
        [any where event.outcome == "failure"] by ?source.ip with runs=3
        [any where event.outcome == "success" and kubernetes.audit.verb in ("create", "patch")] by ?client.ip
        until [any where kubernetes.audit.verb == "delete"] by ?source.ip`,
      severity: 'high',
    }),
  );
  expect(text).toContain(`
Which events
  1. an event, 3 times in turn, joined by user.name, source.ip (or none), for which
     event.outcome is "failure"
  2. an event, joined by user.name, client.ip (or none), for which
     all of these hold:
     - event.outcome is "success"
     - kubernetes.audit.verb is one of "create", "patch"
  It is over with an event, joined by user.name, source.ip (or none), for which
     kubernetes.audit.verb is "delete"

As text
  sequence with maxspan=10m
    [event.outcome: "failure"] by user.name, ?source.ip with runs=3
    [event.outcome: "success" and kubernetes.audit.verb: ("create" or "patch")] by user.name, ?client.ip
  until [kubernetes.audit.verb: "delete"] by user.name, ?source.ip

When it alerts
  It alerts when these 4 events come one after another within 10m, with the same values of what they are joined by.
  Matches of the same join values join its alert for 1h, and raise its count.
  It opens at most 20 alerts in any hour; what is beyond counts on one overflow alert.
`);
});

test('a sequence in any order, without anything in common, over the window of the rule', () => {
  const text = explained(
    ruleDocument({
      type: 'eql',
      language: 'eql',
      query: 'sequence [any where user.name == "a"] [any where user.name == "b"]',
      sequenceOrder: 'any',
      windowMicros: 2 * HOUR,
    }),
  );
  expect(text).toMatch(
    /^ {2}It alerts when these 2 events come in any order within 2h \(it has no maxspan: this is its window\)\.$/m,
  );
});

test('a threshold of different values alone', () => {
  const cardinality = [{ field: 'user.name', value: 4 }];
  const text = explained(
    ruleDocument({ type: 'threshold', threshold: { fields: [], value: 1, cardinality, windowMicros: HOUR } }),
  );
  expect(text).toMatch(
    /^ {2}It alerts when matching requests come within 1h, with at least 4 different values of user\.name\.$/m,
  );
});

test('a threshold without a group, of one request', () => {
  const text = explained(
    ruleDocument({ type: 'threshold', threshold: { fields: [], value: 1, cardinality: [], windowMicros: HOUR } }),
  );
  expect(text).toMatch(/^ {2}It alerts for each request that matches\.$/m);
});

test('a rule that can match no event says so, and what it would need is left out', () => {
  const document = ruleDocument({ query: 'process.name: bash' });
  const { verdict, neverSet, record } = explainRule({
    rule: compiledRule(document).rule,
    judged: { verdict: 'needs other data', why: ['can never fire'], notes: [], file: 'a.yaml', line: 1 },
  });
  expect({ verdict, neverSet, record }).toEqual({
    verdict: 'needs other data',
    neverSet: ['process.name'],
    record: [],
  });
});

test('a rule in ES|QL: its commands, and when a group of it alerts', () => {
  const query = 'FROM logs-* | WHERE event.action == "get" | STATS n = COUNT(*) BY user.name | WHERE n >= 3';
  const text = explained(ruleDocument({ type: 'esql', language: 'esql', query, windowMicros: HOUR }));
  for (const line of [
    '  1. rows for which event.action == "get"',
    '  2. of the rows with the same user.name:',
    '  | STATS n = COUNT(*) BY user.name',
    '  It alerts when a row is left of a group, computed from the events of the 1h before each new one, that one among them.',
    '  Matches of the same group join its alert for 1h, and raise its count.',
    '  event.action is "get"',
    '  level Metadata, stages ResponseStarted, ResponseComplete, Panic: get',
  ]) {
    expect([`${line}\n${text}`, text.split('\n').some((each) => each.startsWith(line))]).toEqual([
      `${line}\n${text}`,
      true,
    ]);
  }
  const row = explained(
    ruleDocument({ type: 'esql', language: 'esql', query: 'FROM logs-* | WHERE process.name IS NULL' }),
  );
  expect(row).toMatch(/It alerts for each request of which a row is left\./);
});
