import { expect, test } from '@jest/globals';
import { anonymousRequest, NOON, type RequestChanges } from '../../test/support/events.ts';
import { expectPresent } from '../../test/support/expect.ts';
import { detectorOf, ruleDocument } from '../../test/support/rules.ts';
import type { AuditEvent, DecodedEvent } from '../audit/event.ts';
import type { RuleDocument } from '../rules/document.ts';
import { draftAlert, draftOverflowAlert, sampleOf, sightingOf } from './draft.ts';

const anonymous = ruleDocument({ newTerms: {} });

function decisionOn(event: DecodedEvent, document: RuleDocument = ruleDocument()) {
  const [decision] = detectorOf(document).detect('local', [event]).decisions;
  expectPresent(decision);
  return decision;
}

const draft = (changes: RequestChanges = {}, document?: RuleDocument) =>
  draftAlert('local', decisionOn(anonymousRequest(changes), document));
const display = (event: Partial<AuditEvent>, document = ruleDocument({ query: 'not user.name: nobody' })) => {
  const { objectRef: _, ...bare } = anonymousRequest().event;
  return draftAlert('local', decisionOn({ ...anonymousRequest(), event: { ...bare, ...event } }, document)).display;
};

test('the event may override severity, score and title, except on an overflow alert', () => {
  const document = ruleDocument({
    severityMapping: [{ field: 'event.action', value: 'list', severity: 'critical' }],
    riskScoreMapping: [{ field: 'kubernetes.audit.responseStatus.code' }, { field: 'user.name', riskScore: 99 }],
    ruleNameOverride: 'user_agent.original',
  });
  const shown = ({ rule, severity, riskScore, buildingBlock }: ReturnType<typeof draft>) => [
    rule.title,
    severity,
    riskScore,
    buildingBlock,
  ];
  expect(shown(draft({}, document))).toEqual(['masscan/1.3', 'critical', 99, undefined]);
  const other = { userAgent: null, event: { verb: 'get', responseStatus: { code: 42 } } };
  expect(shown(draft(other, document))).toEqual(['Anonymous request', 'medium', 42, undefined]);
  const overflow = draftOverflowAlert('local', decisionOn(anonymousRequest(), document));
  expect(shown(overflow)).toEqual(['Anonymous request', 'medium', 47, undefined]);
  expect(draft({}, ruleDocument({ buildingBlock: true })).buildingBlock).toBe(true);
});

test('an alert describes the request completely', () => {
  const threat = [{ tactic: { id: 'TA0001', name: 'Initial Access' } }];
  const document = ruleDocument({ newTerms: {}, version: '3', id: 'an-id', threat });
  expect(draft({}, document)).toEqual({
    rule: { name: 'anonymous', title: 'Anonymous request', type: 'new_terms', version: '3', id: 'an-id' },
    severity: 'medium',
    riskScore: 47,
    threat,
    request: {
      time: '2026-03-01T12:00:00.000000Z',
      auditID: `request-at-${NOON}`,
      stage: 'ResponseComplete',
      verb: 'list',
      uri: '/api/v1/namespaces/default/pods?limit=500',
      resource: 'pods',
      apiVersion: 'v1',
      namespace: 'default',
      code: 200,
      decision: 'allow',
      dryRun: false,
      truncated: false,
    },
    actor: {
      user: 'system:anonymous',
      groups: ['system:unauthenticated'],
      sourceIP: '203.0.113.7',
      sourceIPs: ['203.0.113.7'],
      userAgent: 'masscan/1.3',
    },
    cluster: 'local',
    display: {
      user: 'system:anonymous',
      action: 'list pods',
      object: 'default',
      source: '203.0.113.7',
      newTerm: 'masscan/1.3',
    },
    reason: 'user agent "masscan/1.3" not seen in 7d: system:anonymous list pods in default, allowed',
    newTerms: [{ field: 'user_agent.original', value: 'masscan/1.3' }],
    overflow: false,
  });
});

test('an alert of a rule without terms has no terms', () => {
  const alert = draft();
  expect(alert).not.toHaveProperty('newTerms');
  expect(alert.display.newTerm).toBe('');
  expect(alert.reason).toBe('Anonymous request: system:anonymous list pods in default, allowed');
});

test('uses the reason of the rule', () => {
  const reason = '{user.name} came from {firstseen.source.ip}';
  const said = 'system:anonymous came from 203.0.113.7';
  expect(draft({}, ruleDocument({ reason })).reason).toBe(`Anonymous request: ${said}`);
  const terms = ruleDocument({ reason, newTerms: {} });
  expect(draft({}, terms).reason).toBe(`user agent "masscan/1.3" not seen in 7d: ${said}`);
});

test('fills every column for each kind of request', () => {
  expect(display({ user: {} }).user).toBe('unauthenticated');
  expect(display({ user: { username: '' } }).user).toBe('unauthenticated');
  expect(display({ impersonatedUser: { username: 'admin' } }).user).toBe('system:anonymous as admin');
  expect(display({ objectRef: { resource: 'pods', subresource: 'exec' } }).action).toBe('list pods/exec');
  expect(display({}).action).toBe('list');
  expect(display({ objectRef: { namespace: 'default', name: 'p' } }).object).toBe('default/p');
  expect(display({ objectRef: { name: 'node-1' } }).object).toBe('node-1');
  expect(display({ objectRef: {} }).object).toBe('');
  expect(display({ requestURI: '/version?token=secret' }).object).toBe('/version');
  expect(display({ sourceIPs: ['1.1.1.1', '2.2.2.2'] }).source).toBe('2.2.2.2');
  expect(display({ sourceIPs: [] }).source).toBe('');
  const terms = ruleDocument({ newTerms: { fields: ['user.name', 'user_agent.original'] } });
  expect(display({}, terms).newTerm).toBe('system:anonymous, masscan/1.3');
});

test('the reason says where, whether it was allowed, whether it was a dry run, and whether it is sure', () => {
  const reason = (event: Partial<AuditEvent>) => draft({ event }).reason.replace('Anonymous request: ', '');
  expect(reason({ objectRef: { resource: 'pods', namespace: 'a', name: 'b' } })).toBe(
    'system:anonymous list pods a/b, allowed',
  );
  expect(reason({ annotations: { 'authorization.k8s.io/decision': 'forbid' } })).toBe(
    'system:anonymous list pods in default, forbidden',
  );
  expect(reason({ annotations: {} })).toBe('system:anonymous list pods in default');
  expect(reason({ annotations: { 'authorization.k8s.io/decision': 'constructor' } })).toBe(
    'system:anonymous list pods in default',
  );
  const doubtful: Partial<AuditEvent> = { verb: 'create', responseStatus: { code: 406 } };
  expect(reason(doubtful)).toBe(
    'system:anonymous create pods in default, allowed (error 406, may have been carried out)',
  );
  expect(draft({ event: doubtful }, ruleDocument({ reason: 'A pod was made' })).reason).toBe(
    'Anonymous request: A pod was made (error 406, may have been carried out)',
  );
  expect(reason({ verb: 'create', requestURI: '/api/v1/namespaces/default/pods?dryRun=All' })).toBe(
    'system:anonymous create pods in default, allowed (dry run)',
  );
});

test('omits missing values of the request', () => {
  const { request, actor } = draftAlert(
    'local',
    decisionOn(
      { ...anonymousRequest(), event: { user: {} }, truncated: true },
      ruleDocument({ query: 'not user.name: nobody' }),
    ),
  );
  expect(request).toEqual({ time: '2026-03-01T12:00:00.000000Z', dryRun: false, truncated: true });
  expect(actor).toEqual({});
});

const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;

function stringsOf(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(stringsOf) : [];
}

test('sanitises and cuts hostile strings, and bounds the whole alert', () => {
  const hostile = `\u001b[31m\u202egnp\u200b\r\n${'\u0000é😀'.repeat(20_000)}`;
  const many = Array.from({ length: 1_000 }, () => hostile);
  const event = {
    ...anonymousRequest({ at: NOON }).event,
    auditID: hostile,
    stage: hostile,
    verb: hostile,
    requestURI: hostile,
    user: { username: hostile, groups: many },
    impersonatedUser: { username: hostile },
    sourceIPs: many,
    userAgent: hostile,
    objectRef: {
      resource: hostile,
      namespace: hostile,
      name: hostile,
      uid: hostile,
      apiGroup: hostile,
      apiVersion: hostile,
      subresource: hostile,
    },
    annotations: { 'authorization.k8s.io/decision': hostile },
  };
  const document = ruleDocument({
    query: 'not user.name: nobody',
    newTerms: { fields: ['user.name', 'user_agent.original', 'event.action'] },
  });
  const decision = decisionOn({ ...anonymousRequest(), event }, document);
  const all = [
    draftAlert('local', decision),
    draftOverflowAlert('local', decision),
    sampleOf(decision),
    sightingOf(decision).evidence[0],
  ];
  for (const text of stringsOf(all)) {
    expect(text).not.toMatch(UNSEEN);
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(512);
  }
  const [alert, overflow, sample] = all;
  for (const text of stringsOf([draftAlert('local', decision).display, sample])) {
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(128);
  }
  expect(draftAlert('local', decision).display.user).toMatch(
    /^\\u\{1b\}\[31m\\u\{202e\}gnp\\u\{200b\}\\u\{d\}\\u\{a\}/,
  );
  for (const spec of [alert, overflow]) {
    const bytes = Buffer.byteLength(JSON.stringify(spec));
    expect(bytes).toBeLessThan(32 * 1024);
  }
});

test('keeps the last addresses and the first groups', () => {
  const list = (prefix: string, n: number) => Array.from({ length: n }, (_, i) => `${prefix}${i}`);
  const { actor } = draft({
    sourceIPs: list('10.0.0.', 20),
    event: { user: { username: 'system:anonymous', groups: list('g', 20) } },
  });
  expect(actor.sourceIPs).toEqual(list('10.0.0.', 20).slice(-8));
  expect(actor.sourceIP).toBe('10.0.0.19');
  expect(actor.groups).toEqual(list('g', 16));
});

test('an overflow alert names the budget and has no terms', () => {
  const document = ruleDocument({ newTerms: {}, budget: { alertsPerHour: 7 } });
  const alert = draftOverflowAlert('local', decisionOn(anonymousRequest(), document));
  expect(alert.reason).toMatch(/^Anonymous request: more than 7 alerts in an hour/);
  expect(alert.overflow).toBe(true);
  expect(alert).not.toHaveProperty('newTerms');
});

test('a sample names user, action, object and new term', () => {
  const event = anonymousRequest();
  expect(sampleOf(decisionOn(event))).toBe('system:anonymous list pods default');
  expect(sampleOf(decisionOn(event, anonymous))).toBe('system:anonymous list pods default: masscan/1.3');
});

test('evidence is the time, the auditID and the request key', () => {
  const decision = decisionOn(anonymousRequest({ id: 'a' }));
  expect(sightingOf(decision).evidence[0]).toEqual({
    time: '2026-03-01T12:00:00.000000Z',
    auditID: 'a',
    requestKey: decision.requestKey,
  });
});
