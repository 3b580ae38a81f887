import { expect, test } from '@jest/globals';
import { indexKind, mentionsAudit } from './audit-index.ts';

test.each(['logs-kubernetes.audit_logs-*', 'logs-kubernetes.audit_logs-prod', 'eu:logs-kubernetes.audit_logs-*'])(
  'an index pattern reads audit events, more than them, or something else: %s',
  (pattern) => {
    expect(indexKind(pattern)).toBe('audit');
  },
);

test.each(['*', 'logs-*', 'logs-*-default', 'logs-kubernetes*', '*:logs-*', 'logs-*audit*-*'])(
  'an index pattern reads audit events, more than them, or something else: %s',
  (pattern) => {
    expect(indexKind(pattern)).toBe('broad');
  },
);

test.each([
  '',
  'logs',
  'logs-aws*',
  'filebeat-*',
  'logs-gcp.audit-*',
  'logs-kubernetes.container_logs-*',
  'logs-*-other',
])('an index pattern reads audit events, more than them, or something else: %j', (pattern) => {
  expect(indexKind(pattern)).toBe('other');
});

test('a query speaks of audit events by their dataset or their fields', () => {
  expect(mentionsAudit('event.dataset : "kubernetes.audit_logs"')).toBe(true);
  expect(mentionsAudit('kubernetes.audit.verb : create')).toBe(true);
  expect(mentionsAudit('process.name : nsenter')).toBe(false);
});
