import { expect, test } from '@jest/globals';
import { EVERY_REQUEST, type PolicyRule } from '../policy/audit-policy.ts';
import { levelOf, type PolicyRequest } from './policy-decision.ts';

const REQUEST: PolicyRequest = {
  user: 'u',
  groups: ['g'],
  verb: 'patch',
  group: 'firstseen.dev',
  resource: 'alerts',
  subresource: 'status',
};
const alerts = (...resources: string[]) => ({ group: 'firstseen.dev', resources, resourceNames: [] });

function level(rule: Partial<PolicyRule>): string {
  return levelOf({ omitStages: [], rules: [{ ...EVERY_REQUEST, level: 'Metadata', ...rule }] }, REQUEST);
}

test.each([
  {},
  { users: ['u'] },
  { userGroups: ['g', 'h'] },
  { verbs: ['patch'] },
  { verbs: ['*'] },
  { resources: [alerts()] },
  { resources: [alerts('alerts/status')] },
  { resources: [alerts('alerts/*')] },
  { resources: [alerts('*/status')] },
  { resources: [{ ...alerts('*'), group: '*' }] },
])('%j matches the request', (rule) => {
  expect(level(rule)).toBe('Metadata');
});

test('the first rule that matches decides', () => {
  const none: PolicyRule = { ...EVERY_REQUEST, level: 'None', users: ['u'] };
  expect(levelOf({ omitStages: [], rules: [none, { ...none, level: 'Request' }] }, REQUEST)).toBe('None');
});

test.each([
  { users: ['v'] },
  { userGroups: ['h'] },
  { verbs: ['create'] },
  { resources: [alerts('alerts')] },
  { resources: [{ ...alerts(), group: '' }] },
  { resources: [{ ...alerts('*'), resourceNames: ['a'] }] },
  { namespaces: ['default'] },
  { nonResourceURLs: ['/healthz*'] },
])('%j does not match the request', (rule) => {
  expect(level(rule)).toBe('None');
});
