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

test('a query rule with all settings', () => {
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
  runs, disabled
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
  It alerts on each matching request.
  Events that an exception selects do not match.
  For 2h, matches with the same user.name and source.ip join the alert and raise its count.
  Matches without one of these open an alert each.
  It opens at most 5 alerts per hour, and all rules of a cluster together 200; further matches count on one overflow alert.

The alert
  Severity medium, risk score 47.
  Severity critical where kubernetes.audit.objectRef.namespace is "kube-system".
  Severity high where user.name is "eve".
  If several apply, the highest severity counts.
  Risk score from kubernetes.audit.responseStatus.code where kubernetes.audit.responseStatus.code has a value.
  Risk score 90 where user.name is "eve".
  Its title is the value of user.name, if present.
  It is a building block: its matches are recorded and logged but never shown as alerts.
  MITRE ATT&CK: TA0002 Execution, T1609 Administration.

Exceptions
  the pipeline, until 2027-03-31T00:00:00.000000Z
    user.name is one of "ci", "cd"
    and no value of source.ip is in a list of 2 values (ip_range)

Which events it is tried on
  all of these hold:
  - kubernetes.audit.annotations.authorization_k8s_io/decision is "allow"
  - kubernetes.audit.objectRef.resource is "pods"
  - kubernetes.audit.objectRef.subresource is "exec"

What the API server must record
  level Metadata, stages ResponseStarted, ResponseComplete, Panic: patch of pods/exec
    without bodies: up to Kubernetes 1.36 they may lose the whole batch
  level Request, stages ResponseStarted, ResponseComplete, Panic: every request of pods/exec
    for kubernetes.audit.requestObject.command
`);
});

test('a new_terms rule', () => {
  const document = ruleDocument({
    severity: 'low',
    riskScore: 21,
    query: 'source.ip: *',
    newTerms: { fields: ['user.name', 'source.ip', 'user_agent.original'], learningMicros: DAY },
  });
  const text = explained(document);
  expect(text).toContain(`
When it alerts
  It alerts on a combination of user.name, source.ip and user_agent.original that no matching event had in the 7d before. Each sighting restarts that time.
  It ignores events without one of these fields.
  On a new cluster it first learns for 1d without alerts.
  For 7d, matches of the same terms join the alert and raise its count.
`);
  expect(text).toContain(`
Which events it is tried on
  every event: the query requires no value of an indexed field
`);
});

test('a threshold rule', () => {
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
  Each request counts for one alert only.
  For 1d, matches of the same group join the alert and raise its count.
  It opens at most 20 alerts per hour; further matches count on one overflow alert.
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
  1. an event, 3 times in a row, joined by user.name, source.ip (or none), for which
     event.outcome is "failure"
  2. an event, joined by user.name, client.ip (or none), for which
     all of these hold:
     - event.outcome is "success"
     - kubernetes.audit.verb is one of "create", "patch"
  It ends with an event, joined by user.name, source.ip (or none), for which
     kubernetes.audit.verb is "delete"

As text
  sequence with maxspan=10m
    [event.outcome: "failure"] by user.name, ?source.ip with runs=3
    [event.outcome: "success" and kubernetes.audit.verb: ("create" or "patch")] by user.name, ?client.ip
  until [kubernetes.audit.verb: "delete"] by user.name, ?source.ip

When it alerts
  It alerts when these 4 events come one after another within 10m, with the same join values.
  For 1h, matches of the same join values join the alert and raise its count.
  It opens at most 20 alerts per hour; further matches count on one overflow alert.
`);
});

test('a sequence in any order, without join values or maxspan', () => {
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
    /^ {2}It alerts when these 2 events come in any order within 2h \(its window, as it has no maxspan\)\.$/m,
  );
});

test('a threshold on different values only', () => {
  const cardinality = [{ field: 'user.name', value: 4 }];
  const text = explained(
    ruleDocument({ type: 'threshold', threshold: { fields: [], value: 1, cardinality, windowMicros: HOUR } }),
  );
  expect(text).toMatch(
    /^ {2}It alerts when matching requests come within 1h, with at least 4 different values of user\.name\.$/m,
  );
});

test('a threshold of one request without groups', () => {
  const text = explained(
    ruleDocument({ type: 'threshold', threshold: { fields: [], value: 1, cardinality: [], windowMicros: HOUR } }),
  );
  expect(text).toMatch(/^ {2}It alerts on each matching request\.$/m);
});

test('a rule that no event can match needs no audit policy', () => {
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

test('ES|QL rules show their commands and when a group or row alerts', () => {
  const query = 'FROM logs-* | WHERE event.action == "get" | STATS n = COUNT(*) BY user.name | WHERE n >= 3';
  const text = explained(ruleDocument({ type: 'esql', language: 'esql', query, windowMicros: HOUR }));
  for (const start of [
    '  1. rows for which event.action == "get"',
    '  2. of the rows with the same user.name:',
    '  | STATS n = COUNT(*) BY user.name',
    '  For each new event it computes the groups of the last 1h, and alerts when a row of a group remains.',
    '  For 1h, matches of the same group join the alert and raise its count.',
    '  event.action is "get"',
    '  level Metadata, stages ResponseStarted, ResponseComplete, Panic: get',
  ]) {
    expect(`\n${text}`).toContain(`\n${start}`);
  }
  const row = explained(
    ruleDocument({ type: 'esql', language: 'esql', query: 'FROM logs-* | WHERE process.name IS NULL' }),
  );
  expect(row).toMatch(/It alerts on each request from which a row remains\./);
});
