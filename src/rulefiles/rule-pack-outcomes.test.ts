/**
 * The rules of the pack about writes, on every answer that a write can have: docs/carried-out.md as data. Each event of their own
 * tests that fires is answered otherwise. An error that can follow a stored write alerts as well; any other does not.
 */

import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { CONNECTS, WRITES } from '../audit/identity.ts';
import { isObject } from '../audit/shape.ts';
import { sha256Hashes } from '../ingest/hashes.ts';
import { runRuleTest } from '../ingest/rule-test.ts';
import type { RuleTestDocument } from '../rules/document.ts';
import { openSqliteState } from '../state/sqlite/sqlite-state.ts';
import { compileLoaded } from './compile-loaded.ts';
import { loadRuleFiles } from './load.ts';

type Event = Readonly<Record<string, unknown>>;

interface Answer {
  readonly code: number;
  /** No reason and no message: the client took no error in words. */
  readonly reason?: string;
  readonly message?: string;
  /** Added to the query of the request. */
  readonly query?: string;
  /** In place of what stands in the event. */
  readonly event?: Event;
  /** All unless told. */
  readonly verbs?: readonly string[];
}

const SINGLE = ['create', 'update', 'patch', 'delete'];
const SENT = ['create', 'update', 'patch'];
const COLLECTION = ['deletecollection'];
const DELETIONS = ['delete', 'deletecollection'];
const DENIED = 'admission webhook "val.example.com" denied the request';
const NOT_ALLOWED = { annotations: { 'authorization.k8s.io/decision': 'forbid' } };

/** Errors that were seen after a stored write. */
const MAYBE_STORED: Readonly<Record<string, Answer>> = {
  'a Table with odd rows': { code: 400, query: 'includeObject=x' },
  'a Table with odd rows, in words': {
    code: 400,
    reason: 'BadRequest',
    message: 'Unable to convert to Table as requested: includeObject: Invalid value: "x"',
    query: 'includeObject=x',
  },
  'one object as a list': { code: 406, verbs: SINGLE },
  'one object as a list, in words': {
    code: 406,
    reason: 'NotAcceptable',
    message: 'you requested PartialObjectMetadataList, but the requested object is not a list',
    verbs: SINGLE,
  },
  'a collection as one object': { code: 406, verbs: COLLECTION },
  'one custom object as a list': { code: 500, message: 'content is not a list', verbs: SENT },
  'an answer that cannot be converted': { code: 500, verbs: SENT },
  'a timeout': { code: 504 },
  'a timeout, in words': { code: 504, reason: 'Timeout', message: 'Timeout: … - context deadline exceeded' },
  'a client that leaves': { code: 504, reason: 'Timeout', message: 'Timeout: … - context canceled' },
  'an aggregated API that does not answer': { code: 503 },
  'a cut answer': { code: 500, reason: 'InternalError', message: "APIServer panic'd", event: { stage: 'Panic' } },
  'a precondition that does not hold for all': { code: 409, reason: 'Conflict', verbs: COLLECTION },
  'a policy that denies one of many': { code: 422, reason: 'Invalid', message: 'b is forbidden', verbs: COLLECTION },
  'a webhook that denies one of many': { code: 400, message: DENIED, verbs: COLLECTION },
};

/** Answers after which nothing is stored. */
const NOT_STORED: Readonly<Record<string, Answer>> = {
  'not authenticated': { code: 401, reason: 'Unauthorized', event: { stage: 'ResponseStarted', annotations: {} } },
  forbidden: { code: 403, reason: 'Forbidden', event: NOT_ALLOWED },
  'forbidden, without words': { code: 403, event: NOT_ALLOWED },
  'a timeout of what was forbidden': { code: 504, event: NOT_ALLOWED },
  'a quota': { code: 403, reason: 'Forbidden', message: 'exceeded quota: q', verbs: SINGLE },
  'not found': { code: 404, reason: 'NotFound' },
  'there already': { code: 409, reason: 'AlreadyExists', verbs: SENT },
  conflict: { code: 409, reason: 'Conflict', message: 'the object has been modified', verbs: SINGLE },
  invalid: { code: 422, reason: 'Invalid', verbs: SINGLE },
  'invalid options': {
    code: 422,
    reason: 'Invalid',
    message: 'DeleteOptions.meta.k8s.io "" is invalid',
    verbs: COLLECTION,
  },
  'too many requests': { code: 429, reason: 'TooManyRequests' },
  'no such object': { code: 400, reason: 'BadRequest', message: 'the object provided is unrecognized' },
  'denied by a webhook': { code: 400, message: DENIED, verbs: SINGLE },
  'denied by a webhook as if it had timed out': { code: 504, reason: 'Timeout', message: DENIED, verbs: SINGLE },
  'a webhook that fails': { code: 500, reason: 'InternalError', message: 'failed calling webhook', verbs: SINGLE },
  'too large': { code: 413, reason: 'RequestEntityTooLarge' },
  'a media type that is not served': {
    code: 406,
    reason: 'NotAcceptable',
    message: 'only the following media types are accepted: application/json',
  },
  'a dry run': { code: 201, query: 'dryRun=All', verbs: SENT },
  'a dry run of a deletion': { code: 200, event: { requestObject: { dryRun: ['All'] } }, verbs: DELETIONS },
};

/** Carried out whatever its query says of a dry run. */
const NEVER_DRY = ['account-asks-what-it-may', 'token-requested'];
/** Whose tests read, and who ask of what was written as well. */
const ANY_VERB = ['impersonation-first-use', 'impersonation-of-masters', 'service-account-from-public-address'];
const READS = [
  'many-secrets-read',
  'refused-then-read-secret',
  'secret-first-read-by-account',
  'secrets-listed-everywhere',
  'secrets-listed-first-time',
];
/** Tests of what stands in no request, but in the object as it is stored: that is in the answer, and in no error. */
const SEEN_IN_THE_ANSWER = [
  'access-for-everyone: a subject that is seen in the answer',
  'cluster-admin-binding-created: a patch that adds a subject, seen in the answer',
  'cluster-admin-binding-created: a patch that adds a subject, with a decoy in it that is no part of a patch',
];

const { ready, slots } = compileLoaded(await loadRuleFiles([join(import.meta.dirname, '../../rules')]), sha256Hashes);

function verbOf({ verb, objectRef }: Event): string | undefined {
  const connects = isObject(objectRef) && CONNECTS.has(String(objectRef.subresource));
  return typeof verb === 'string' && WRITES.has(verb) && !connects ? verb : undefined;
}

/** The events with another answer, where they are writes that can have it; undefined if the last write cannot. */
function answered(events: readonly unknown[], answer: Answer): readonly unknown[] | undefined {
  const { code, reason, message, query, event: changes, verbs } = answer;
  const applies = (event: unknown): event is Event => {
    const verb = isObject(event) ? verbOf(event) : undefined;
    return verb !== undefined && (verbs === undefined || verbs.includes(verb));
  };
  if (!applies(events.findLast((event) => isObject(event) && verbOf(event) !== undefined))) return undefined;
  return events.map((event) => {
    if (!applies(event)) return event;
    const { responseObject: _, requestURI = '/', ...rest } = event;
    const joint = String(requestURI).includes('?') ? '&' : '?';
    const uri = query === undefined ? requestURI : `${requestURI}${joint}${query}`;
    return { ...rest, requestURI: uri, responseStatus: { code, reason, message }, ...changes };
  });
}

const cases = ready
  .map(({ rule }) => rule)
  .filter(({ document }) => document.query.includes('firstseen.carriedOut'))
  .map((rule) => {
    const { name } = rule.document;
    const written = (event: unknown) =>
      ANY_VERB.includes(name) && isObject(event) ? { ...event, verb: 'create' } : event;
    const tests = rule.document.tests
      .map((tested) => ({ ...tested, events: tested.events.map(written) }))
      .filter(({ events, expect: outcome }) => {
        return outcome === 'fire' && events.some((event) => isObject(event) && verbOf(event) !== undefined);
      });
    return { name, rule, tests };
  });

test('all rules that ask whether it was carried out are looked at, but those about reads', () => {
  const reading = cases.filter(({ tests }) => tests.length === 0).map(({ name }) => name);
  expect(reading.sort()).toEqual(READS);
  expect(cases.length - reading.length).toBeGreaterThanOrEqual(45);
});

test.each(cases.filter(({ tests }) => tests.length > 0))('$name', async ({ name, rule, tests }) => {
  const wrong: string[] = [];
  async function check(tested: RuleTestDocument, what: string, answer: Answer, outcome: 'fire' | 'silent') {
    const events = answered(tested.events, answer);
    if (events === undefined) return;
    const store = openSqliteState({ kind: 'sqlite', path: ':memory:' });
    const run = { ...tested, events, expect: outcome } as RuleTestDocument;
    const failure = await runRuleTest(rule, run, { slots, store, hashes: sha256Hashes });
    await store.close();
    if (failure !== undefined) wrong.push(`${name}: ${tested.name}: ${what}: ${failure}`);
  }
  for (const tested of tests) {
    const isUnseen = SEEN_IN_THE_ANSWER.includes(`${name}: ${tested.name}`);
    for (const [what, answer] of Object.entries(MAYBE_STORED)) {
      await check(tested, what, answer, isUnseen ? 'silent' : 'fire');
    }
    for (const [what, answer] of Object.entries(NOT_STORED)) {
      const isDone = what === 'a dry run' && NEVER_DRY.includes(name);
      await check(tested, what, answer, isDone ? 'fire' : 'silent');
    }
  }
  expect(wrong).toEqual([]);
});
