import { expect, test } from '@jest/globals';
import { expectKind } from '../../test/support/expect.ts';
import type { RuleDocument } from '../rules/document.ts';
import { parseDetectionRule } from '../rules/rule-schema.ts';
import { toDetectionRule } from '../rules/to-detection-rule.ts';
import type { RuleResource } from '../ruleset/rule-resource.ts';
import { planPack } from './pack-plan.ts';

function packRule(name: string): RuleDocument {
  const parsed = parseDetectionRule({
    apiVersion: 'firstseen.dev/v1alpha1',
    kind: 'DetectionRule',
    metadata: { name },
    spec: { title: name, type: 'query', query: 'event.action: create', severity: 'low', tags: ['test'] },
  });
  expectKind(parsed, 'ok');
  return parsed.document;
}

const APPLIED = { manager: 'firstseen', operation: 'Apply', fieldsV1: { 'f:spec': { 'f:title': {} } } };
const EDITED = { manager: 'kubectl-edit', operation: 'Update', fieldsV1: { 'f:spec': { 'f:severity': {} } } };

/** A DetectionRule in the cluster, with who set its fields. */
function held(name: string, ...managedFields: readonly object[]): RuleResource {
  return { name, uid: `uid-${name}`, generation: 1, value: { metadata: { name, managedFields } } };
}

const pack = [packRule('a'), packRule('b')];

test('applies a missing rule completely, with its labels', () => {
  const { apply, remove } = planPack(pack, [], true);
  expect([...apply.keys()]).toEqual(['a', 'b']);
  const labels = { 'app.kubernetes.io/managed-by': 'firstseen', 'app.kubernetes.io/part-of': 'firstseen' };
  expect(apply.get('a')).toEqual({ ...toDetectionRule(packRule('a')), metadata: { name: 'a', labels } });
  expect(remove).toEqual([]);
});

test('keeps fields that somebody else has set, and names the uid of the rule', () => {
  const { apply } = planPack(pack, [held('a', APPLIED, EDITED)], true);
  const { spec, metadata } = apply.get('a') as { readonly spec: object; readonly metadata: object };
  const { severity: _severity, ...rest } = toDetectionRule(packRule('a')).spec;
  expect(spec).toEqual(rest);
  expect('uid' in metadata && metadata.uid).toBe('uid-a');
});

test('does not touch a rule that somebody else created', () => {
  const { apply, taken } = planPack(pack, [held('a', EDITED)], true);
  expect([...apply.keys()]).toEqual(['b']);
  expect(taken).toEqual(['a']);
});

test('removes a rule that left the pack, unless somebody else has changed it', () => {
  const resources = [held('old', APPLIED), held('tuned', APPLIED, EDITED), held('theirs', EDITED)];
  const { remove, left } = planPack(pack, resources, true);
  expect(remove.map(({ name }) => name)).toEqual(['old']);
  expect(left).toEqual(['tuned']);
});

test('removes nothing if parts of the pack could not be read', () => {
  const { remove, left } = planPack([], [held('old', APPLIED), held('tuned', APPLIED, EDITED)], false);
  expect(remove).toEqual([]);
  expect(left).toEqual([]);
});
