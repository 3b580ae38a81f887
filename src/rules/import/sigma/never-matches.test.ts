import assert from 'node:assert/strict';
import { test } from 'node:test';
import { importSigma } from './import-sigma.ts';

function imported(detection: unknown) {
  const logsource = { product: 'kubernetes', service: 'audit' };
  const [result] = importSigma([{ value: { title: 'A rule', level: 'low', logsource, detection } }]);
  return result?.kind === 'document' ? result : assert.fail(JSON.stringify(result));
}

function never(selection: unknown): readonly string[] {
  return imported({ selection, condition: 'selection' }).neverMatches;
}

test('a field that no audit event has, with the one that was meant', () => {
  assert.deepEqual(never({ verb: 'get', apiGroup: 'apps' }), [
    'no audit event has a field apiGroup; did its author mean objectRef.apiGroup?',
  ]);
  assert.deepEqual(never({ 'objectRef.ressource': 'pods' }), [
    'no audit event has a field objectRef.ressource; did its author mean objectRef.resource?',
  ]);
  assert.deepEqual(never({ 'process.name': 'sh' }), [
    'process.name never has a value (Known to the Elastic Common Schema, and on no Kubernetes audit event)',
  ]);
  assert.deepEqual(never({ Verb: 'get' }), ['no audit event has a field Verb; did its author mean verb?']);
  assert.match(
    never({ 'requestObject.metadata.labels.app': 'x' }).join(),
    /^requestObject\.metadata\.labels\.app never has/,
  );
});

test('a value that its field never has', () => {
  assert.deepEqual(never({ 'responseStatus.code': ['ALLOW', 'deny*'] }), [
    'responseStatus.code is a number and never ALLOW, deny*',
  ]);
  assert.deepEqual(never({ stage: 'Complete' }), [
    'stage is never Complete, only RequestReceived, ResponseStarted, ResponseComplete, Panic',
  ]);
  assert.deepEqual(never({ 'annotations.authorization.k8s.io/decision': 'deny' }), [
    'annotations.authorization.k8s.io/decision is never deny, only allow, forbid',
  ]);
  assert.deepEqual(never({ 'requestObject.spec.hostNetwork': 'yes' }), [
    'requestObject.spec.hostNetwork is true or false and never yes',
  ]);
  assert.deepEqual(never({ verb: ['replace', 'connect'], 'objectRef.resource': 'pods' }), [
    'verb is never replace, connect on a request for a resource',
  ]);
});

test('where it is not sure it says nothing', () => {
  const cases: readonly unknown[] = [
    { verb: 'get' },
    // A client may send any method to a path that is no resource.
    { verb: 'replace' },
    { verb: ['replace', 'get'], 'objectRef.resource': 'pods' },
    { verb: 'deleteColl*', 'objectRef.resource': 'pods' },
    { 'responseStatus.code': '4*' },
    { 'responseStatus.code': ['ALLOW', 403] },
    { stage: 'response*' },
    { level: ['Everything', 'request'] },
    { apiGroup: null },
    { 'apiGroup|exists': false },
    { 'annotations.something.example/x': 'y' },
    { 'requestObject.spec.anything': 1 },
    [{ apiGroup: 'apps' }, { verb: 'get' }],
  ];
  for (const selection of cases) assert.deepEqual(never(selection), [], JSON.stringify(selection));
});

test('conditions: either is enough for and, all for or, nothing for not', () => {
  const detection = (condition: string) => imported({ a: { foo: 1 }, b: { verb: 'get' }, c: { bar: 1 }, condition });
  assert.equal(detection('a and b and not c').neverMatches.length, 1);
  assert.equal(detection('a or c and b').neverMatches.length, 2);
  assert.equal(detection('a or b or c').neverMatches.length, 0);
  assert.equal(detection('b and not (a or c)').neverMatches.length, 0);
  assert.match(detection('a and b and not c').neverMatches[0] ?? '', /^no audit event has a field foo/);
});

test('of a list of verbs, one that never is stands in the notes', () => {
  const selection = { verb: ['patch', 'replace', 'update'], 'objectRef.resource': 'jobs' };
  assert.deepEqual(imported({ selection, condition: 'selection' }).notes, [
    'no request for a resource has the verb replace; the others may match',
  ]);
});
