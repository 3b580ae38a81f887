import { expect, test } from '@jest/globals';
import { fail } from '../../../../test/support/fail.ts';
import { importSigma } from './import-sigma.ts';

function imported(detection: unknown) {
  const logsource = { product: 'kubernetes', service: 'audit' };
  const [result] = importSigma([{ value: { title: 'A rule', level: 'low', logsource, detection } }]);
  return result?.kind === 'document' ? result : fail(JSON.stringify(result));
}

function never(selection: unknown): readonly string[] {
  return imported({ selection, condition: 'selection' }).neverMatches;
}

test('a field that no audit event has, with the one that was meant', () => {
  expect(never({ verb: 'get', apiGroup: 'apps' })).toEqual([
    'no audit event has a field apiGroup; did the author mean objectRef.apiGroup?',
  ]);
  expect(never({ 'objectRef.ressource': 'pods' })).toEqual([
    'no audit event has a field objectRef.ressource; did the author mean objectRef.resource?',
  ]);
  expect(never({ 'process.name': 'sh' })).toEqual([
    'process.name never has a value (Part of the Elastic Common Schema, but never set on a Kubernetes audit event)',
  ]);
  expect(never({ Verb: 'get' })).toEqual(['no audit event has a field Verb; did the author mean verb?']);
  expect(never({ 'requestObject.metadata.labels.app': 'x' }).join()).toMatch(
    /^requestObject\.metadata\.labels\.app never has/,
  );
});

test('a value that its field never has', () => {
  expect(never({ 'responseStatus.code': ['ALLOW', 'deny*'] })).toEqual([
    'responseStatus.code is a number and never ALLOW, deny*',
  ]);
  expect(never({ stage: 'Complete' })).toEqual([
    'stage is never Complete, only RequestReceived, ResponseStarted, ResponseComplete, Panic',
  ]);
  expect(never({ 'annotations.authorization.k8s.io/decision': 'deny' })).toEqual([
    'annotations.authorization.k8s.io/decision is never deny, only allow, forbid',
  ]);
  expect(never({ 'requestObject.spec.hostNetwork': 'yes' })).toEqual([
    'requestObject.spec.hostNetwork is true or false and never yes',
  ]);
  expect(never({ verb: ['replace', 'connect'], 'objectRef.resource': 'pods' })).toEqual([
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
  for (const selection of cases)
    expect([JSON.stringify(selection), never(selection)]).toEqual([JSON.stringify(selection), []]);
});

test('conditions: either is enough for and, all for or, nothing for not', () => {
  const detection = (condition: string) => imported({ a: { foo: 1 }, b: { verb: 'get' }, c: { bar: 1 }, condition });
  expect(detection('a and b and not c').neverMatches).toHaveLength(1);
  expect(detection('a or c and b').neverMatches).toHaveLength(2);
  expect(detection('a or b or c').neverMatches).toHaveLength(0);
  expect(detection('b and not (a or c)').neverMatches).toHaveLength(0);
  expect(detection('a and b and not c').neverMatches[0] ?? '').toMatch(/^no audit event has a field foo/);
});

test('of a list of verbs, one that never is stands in the notes', () => {
  const selection = { verb: ['patch', 'replace', 'update'], 'objectRef.resource': 'jobs' };
  expect(imported({ selection, condition: 'selection' }).notes).toEqual([
    'no request for a resource has the verb replace; the others may match',
  ]);
});
