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

test('it asks for who, what, where and with which outcome', () => {
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

test('an object is not its subresources, and a name that somebody chose is asked for as it is', () => {
  const query = queryOf(alertOf({ verb: 'get', name: 'db-0' }, { user: 'alice' }));
  expect(query).toContain(`not (${AUDIT}.objectRef.subresource: *)`);
  expect(query).toContain(`${AUDIT}.objectRef.name: "db-0"`);
});

test('whoever gives no name is asked for by address', () => {
  const anonymous = queryOf(alertOf({ verb: 'list' }));
  expect(anonymous.slice(0, 2)).toEqual(['user.name: "system:anonymous"', 'firstseen.source.ip: "203.0.113.7"']);
  expect(queryOf(exec()).some((line) => line.startsWith('firstseen.source.ip'))).toBe(false);
});

test('an impersonated user, and a request for no resource', () => {
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

test('what was new is asked for without its version', () => {
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

test('of an alert about several events it asks for what they have in common', () => {
  const groupBy = [
    { field: 'source.ip', value: '203.0.113.7' },
    { field: 'failures', value: '12' },
  ];
  expect(queryOf(alertOf({}, {}, { groupBy }))).toEqual(['source.ip: "203.0.113.7"']);
});

test('wishes are followed, and a field that the alert does not tell is refused', () => {
  const wishes = { with: ['firstseen.source.ip'], without: [`${AUDIT}.objectRef.name`] };
  const query = queryOf(exec(), wishes);
  expect(query).toContain('firstseen.source.ip: "203.0.113.7"');
  expect(query.some((line) => line.includes('objectRef.name:'))).toBe(false);
  expect(() => queryOf(exec(), { with: ['user.nam'], without: [] })).toThrow(
    /does not tell user\.nam\n.*did you mean user\.name\?/,
  );
});

test('what the alert has cut, escaped or hidden is not asked for; without the user there is no exception', () => {
  const cut = queryOf(exec({ name: 'x'.repeat(300) }));
  expect(cut.some((line) => line.includes('objectRef.name:'))).toBe(false);
  expect(() => queryOf(exec({}, 'eve\u200b'))).toThrow(/does not tell enough/);
  expect(() => queryOf(exec({}, 'u'.repeat(400)))).toThrow(/does not tell enough/);
});

test('an overflow alert, and one about firstseen itself, are refused', () => {
  expect(() => queryOf(alertOf({}, {}, { overflow: true }))).toThrow(/tells no single event[\s\S]*spec\.budget/);
  const rule = { name: 'firstseen-tamper-rules', title: '', type: 'query' };
  expect(() => queryOf(alertOf({}, {}, { rule }))).toThrow(/tamper\.identities/);
});

test('it covers its alert and those like it, and no other', () => {
  const proposal = narrowestException(exec(), NO_WISHES);
  expect(covers(proposal, exec())).toBe(true);
  expect(covers(proposal, exec({ name: 'web-7d4b9c6f5d-zz4zz' }))).toBe(true);
  for (const other of [
    exec({}, 'bob'),
    exec({ name: 'webhook-0' }),
    exec({ subresource: 'attach' }),
    exec({ decision: 'forbid' }),
    { ...exec(), spec: { ...exec().spec, cluster: 'other' } },
    { ...exec(), spec: { ...exec().spec, overflow: true } },
    { ...exec(), spec: { ...exec().spec, rule: { name: 'other', title: '' } } },
  ]) {
    expect(covers(proposal, other)).toBe(false);
  }
  const whole = narrowestException(alertOf({ verb: 'get', name: 'db-0' }), NO_WISHES);
  expect(covers(whole, alertOf({ verb: 'get', name: 'db-0', subresource: 'log' }))).toBe(false);
});

test('the explanation says why, of each field, and shows nothing that moves a terminal', () => {
  const text = explainProposal(
    narrowestException(exec({ namespace: 'a\u001b[2J' }), NO_WISHES),
    '2027-01-31T00:00:00Z',
  );
  expect(text).toMatch(/^For the rule anonymous-request-unusual-agent on the cluster local, events of which/);
  expect(text).toMatch(/^ {2}user\.name: "alice" +who it was$/m);
  expect(text).toMatch(/^ {2}kubernetes\.audit\.objectRef\.name: web-\* +its controller/m);
  expect(text).toMatch(/^ {2}user_agent\.original: "masscan\/1\.3" +the client chooses it/m);
  expect(text).toMatch(/^ {2}kubernetes\.audit\.objectRef\.namespace: .*cut, escaped or hidden/m);
  expect(text).toMatch(/^It ends on 2027-01-31T00:00:00Z\. /m);
  expect(text.replaceAll('\n', '')).not.toMatch(/\p{C}/u);
});

test('names that Kubernetes makes, and names that only look so', () => {
  const bases: readonly (readonly [string, string | undefined])[] = [
    ['web-7d4b9c6f5d-x2x5q', 'web'],
    ['web-x2x5q', 'web'],
    ['backup-28512345', 'backup'],
    ['backup-28512345-x7x2z', 'backup'],
    ['db-0', undefined],
    ['node-local-dns', undefined],
    ['prod-https', undefined],
    ['my-proxy', undefined],
    ['x2x5q', undefined],
  ];
  for (const [name, base] of bases) expect([name, generatedFrom(name)]).toEqual([name, base]);
});
