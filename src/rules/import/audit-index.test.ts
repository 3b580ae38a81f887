import assert from 'node:assert/strict';
import { test } from 'node:test';
import { indexKind, mentionsAudit } from './audit-index.ts';

test('an index pattern reads audit events, more than them, or something else', () => {
  for (const pattern of [
    'logs-kubernetes.audit_logs-*',
    'logs-kubernetes.audit_logs-prod',
    'eu:logs-kubernetes.audit_logs-*',
  ]) {
    assert.equal(indexKind(pattern), 'audit', pattern);
  }
  for (const pattern of ['*', 'logs-*', 'logs-*-default', 'logs-kubernetes*', '*:logs-*', 'logs-*audit*-*']) {
    assert.equal(indexKind(pattern), 'broad', pattern);
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
    assert.equal(indexKind(pattern), 'other', pattern);
  }
});

test('a query speaks of audit events by their dataset or their fields', () => {
  assert.ok(mentionsAudit('event.dataset : "kubernetes.audit_logs"'));
  assert.ok(mentionsAudit('kubernetes.audit.verb : create'));
  assert.ok(!mentionsAudit('process.name : nsenter'));
});
