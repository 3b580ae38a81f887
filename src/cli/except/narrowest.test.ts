import { expect, test } from '@jest/globals';
import { type SampleAlertChanges, sampleAlert } from '../../../test/support/sample-alert.ts';
import type { AlertActor, AlertRequest } from '../../detect/alert.ts';
import { alertResource } from '../../kubernetes/alert-resource.ts';
import { type AlertObject, readAlert } from '../alerts/alert-object.ts';
import { generatedFrom } from './generated-name.ts';
import { covers, narrowestException, type Wishes } from './narrowest.ts';
import { explainProposal } from './proposal-text.ts';

const NO_WISHES: Wishes = { with: [], without: [] };
const AUDIT = 'kubernetes.audit';

function alertOf(
  request: Partial<AlertRequest>,
  actor: Partial<AlertActor> = {},
  spec: SampleAlertChanges['spec'] = {},
): AlertObject {
  const { newTerms: _, ...usual } = sampleAlert().spec;
  const record = sampleAlert();
  const all = { ...usual, request: { ...usual.request, ...request }, actor: { ...usual.actor, ...actor }, ...spec };
  return readAlert(alertResource({ ...record, spec: all }));
}

const exec = (changes: Partial<AlertRequest> = {}, user = 'alice') =>
  alertOf({ verb: 'create', subresource: 'exec', name: 'web-7d4b9c6f5d-x2x5q', ...changes }, { user });

function queryOf(alert: AlertObject, wishes = NO_WISHES): readonly string[] {
  return narrowestException(alert, wishes).query.split('\nand ');
}

test('the conditions are user, action, object and outcome', () => {
  expect(queryOf(exec())).toEqual([
    'user.name: "alice"',
    'event.action: "create"',
    `${AUDIT}.objectRef.resource: "pods"`,
    `${AUDIT}.objectRef.subresource: "exec"`,
    `${AUDIT}.objectRef.namespace: "default"`,
    `${AUDIT}.objectRef.name: web-*`,
    `${AUDIT}.annotations.authorization_k8s_io/decision: "allow"`,
  ]);
});

test('an exception for an object excludes its subresources and keeps a chosen name', () => {
  const query = queryOf(alertOf({ verb: 'get', name: 'db-0' }, { user: 'alice' }));
  expect(query).toContain(`not (${AUDIT}.objectRef.subresource: *)`);
  expect(query).toContain(`${AUDIT}.objectRef.name: "db-0"`);
});

test('only anonymous users get a condition on the address', () => {
  const anonymous = queryOf(alertOf({ verb: 'list' }));
  expect(anonymous.slice(0, 2)).toEqual(['user.name: "system:anonymous"', 'firstseen.source.ip: "203.0.113.7"']);
  expect(queryOf(exec()).join('\n')).not.toContain('firstseen.source.ip');
});

test('conditions for an impersonated user and a non-resource request', () => {
  const query = queryOf(
    alertOf(
      { verb: 'get', uri: '/metrics', resource: '', namespace: '', name: '' },
      { user: 'alice', impersonated: 'bob' },
    ),
  );
  expect(query.slice(0, 4)).toEqual([
    'user.name: "alice"',
    `${AUDIT}.impersonatedUser.username: "bob"`,
    'event.action: "get"',
    `${AUDIT}.requestURI: "/metrics"`,
  ]);
});

test('new terms lose their version', () => {
  const termed = (field: string, value: string) =>
    queryOf(alertOf({}, { user: 'alice' }, { newTerms: [{ field, value }] })).at(-1);
  expect(termed('user_agent.original', 'kubectl/v1.36.0 (linux/amd64)')).toBe('user_agent.original: kubectl/*');
  expect(termed('user_agent.original', 'curl')).toBe('user_agent.original: "curl"');
  const image = 'firstseen.pod.containers.image';
  expect(termed(image, 'r.example:5000/app:1.2')).toBe(`${image}: r.example\\:5000/app\\:*`);
  expect(termed(image, 'r.example:5000/app@sha256:ab')).toBe(`${image}: r.example\\:5000/app@sha256\\:*`);
  expect(termed(image, 'r.example:5000/app')).toBe(`${image}: "r.example:5000/app"`);
  expect(termed('firstseen.image.registry', 'r.example:5000')).toBe('firstseen.image.registry: "r.example:5000"');
});

test('an alert on several events gives conditions on its group only', () => {
  const groupBy = [
    { field: 'source.ip', value: '203.0.113.7' },
    { field: 'failures', value: '12' },
  ];
  expect(queryOf(alertOf({}, {}, { groupBy }))).toEqual(['source.ip: "203.0.113.7"']);
});

test('flags add and remove conditions, and unknown fields are refused', () => {
  const wishes = { with: ['firstseen.source.ip'], without: [`${AUDIT}.objectRef.name`] };
  const query = queryOf(exec(), wishes);
  expect(query).toContain('firstseen.source.ip: "203.0.113.7"');
  expect(query.join('\n')).not.toContain('objectRef.name:');
  expect(() => queryOf(exec(), { with: ['user.nam'], without: [] })).toThrow(
    /the alert has no field user\.nam\n.*did you mean user\.name\?/,
  );
});

test('cut and escaped values get no condition, and without a user there is no exception', () => {
  const cut = queryOf(exec({ name: 'x'.repeat(300) }));
  expect(cut.join('\n')).not.toContain('objectRef.name:');
  expect(() => queryOf(exec({}, 'eve\u200b'))).toThrow(/the alert has too few values/);
  expect(() => queryOf(exec({}, 'u'.repeat(400)))).toThrow(/the alert has too few values/);
});

test('overflow alerts and alerts about firstseen itself are refused', () => {
  expect(() => queryOf(alertOf({}, {}, { overflow: true }))).toThrow(/describes no single event[\s\S]*spec\.budget/);
  const rule = { name: 'firstseen-tamper-rules', title: '', type: 'query' };
  expect(() => queryOf(alertOf({}, {}, { rule }))).toThrow(/tamper\.identities/);
});

const PROPOSAL = narrowestException(exec(), NO_WISHES);

test.each([
  ['the same alert', exec()],
  ['another pod of the same controller', exec({ name: 'web-7d4b9c6f5d-zz4zz' })],
])('the exception covers %s', (_, alert) => {
  expect(covers(PROPOSAL, alert)).toBe(true);
});

test.each([
  ['user', exec({}, 'bob')],
  ['name', exec({ name: 'webhook-0' })],
  ['subresource', exec({ subresource: 'attach' })],
  ['outcome', exec({ decision: 'forbid' })],
  ['cluster', { ...exec(), spec: { ...exec().spec, cluster: 'other' } }],
  ['kind of alert', { ...exec(), spec: { ...exec().spec, overflow: true } }],
  ['rule', { ...exec(), spec: { ...exec().spec, rule: { name: 'other', title: '' } } }],
])('the exception does not cover another %s', (_, alert) => {
  expect(covers(PROPOSAL, alert)).toBe(false);
});

test('an exception for an object does not cover its subresources', () => {
  const whole = narrowestException(alertOf({ verb: 'get', name: 'db-0' }), NO_WISHES);
  expect(covers(whole, alertOf({ verb: 'get', name: 'db-0', subresource: 'log' }))).toBe(false);
});

test('the explanation gives a reason for each field and no control characters', () => {
  const text = explainProposal(
    narrowestException(exec({ namespace: 'a\u001b[2J' }), NO_WISHES),
    '2027-01-31T00:00:00Z',
  );
  expect(text).toMatch(
    /^The exception covers events of the rule anonymous-request-unusual-agent on the cluster local that/,
  );
  expect(text).toMatch(/^ {2}user\.name: "alice" +the user$/m);
  expect(text).toMatch(/^ {2}kubernetes\.audit\.objectRef\.name: web-\* +the object; its controller/m);
  expect(text).toMatch(/^ {2}user_agent\.original: "masscan\/1\.3" +the client sets it/m);
  expect(text).toMatch(/^ {2}kubernetes\.audit\.objectRef\.namespace: .*cut, escaped or redacted/m);
  expect(text).toMatch(/^It ends at 2027-01-31T00:00:00Z\. /m);
  expect(text.replaceAll('\n', '')).not.toMatch(/\p{C}/u);
});

test.each([
  ['web-7d4b9c6f5d-x2x5q', 'web'],
  ['web-x2x5q', 'web'],
  ['backup-28512345', 'backup'],
  ['backup-28512345-x7x2z', 'backup'],
  ['db-0', undefined],
  ['node-local-dns', undefined],
  ['prod-https', undefined],
  ['my-proxy', undefined],
  ['x2x5q', undefined],
])('the constant part of the generated name %s is %s', (name, base) => {
  expect(generatedFrom(name)).toBe(base);
});
