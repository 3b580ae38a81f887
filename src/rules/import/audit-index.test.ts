import { expect, test } from '@jest/globals';
import { indexKind, mentionsAudit } from './audit-index.ts';

test('an index pattern reads audit events, more than them, or something else', () => {
  for (const pattern of [
    'logs-kubernetes.audit_logs-*',
    'logs-kubernetes.audit_logs-prod',
    'eu:logs-kubernetes.audit_logs-*',
  ]) {
    expect([pattern, indexKind(pattern)]).toEqual([pattern, 'audit']);
  }
  for (const pattern of ['*', 'logs-*', 'logs-*-default', 'logs-kubernetes*', '*:logs-*', 'logs-*audit*-*']) {
    expect([pattern, indexKind(pattern)]).toEqual([pattern, 'broad']);
  }
  for (const pattern of [
    '',
    'logs',
    'logs-aws*',
    'filebeat-*',
    'logs-gcp.audit-*',
    'logs-kubernetes.container_logs-*',
    'logs-*-other',
  ]) {
    expect([pattern, indexKind(pattern)]).toEqual([pattern, 'other']);
  }
});

test('a query speaks of audit events by their dataset or their fields', () => {
  expect(mentionsAudit('event.dataset : "kubernetes.audit_logs"')).toBe(true);
  expect(mentionsAudit('kubernetes.audit.verb : create')).toBe(true);
  expect(mentionsAudit('process.name : nsenter')).toBe(false);
});
