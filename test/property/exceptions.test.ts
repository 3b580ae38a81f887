/** An event is excepted if and only if a plain reading of the exceptions says so; and an exception for an alert excepts what raised it. */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { DecodedEvent } from '../../src/audit/event.ts';
import { type AlertObject, readAlert } from '../../src/cli/alerts/alert-object.ts';
import { exceptionObject } from '../../src/cli/except/exception-object.ts';
import { covers, narrowestException } from '../../src/cli/except/narrowest.ts';
import { CommandError } from '../../src/cli/io.ts';
import { draftAlert } from '../../src/detect/draft.ts';
import { sha256Hashes } from '../../src/ingest/hashes.ts';
import { alertResource } from '../../src/kubernetes/alert-resource.ts';
import { createLiveExceptions } from '../../src/ruleset/live-exceptions.ts';
import { createLiveRules } from '../../src/ruleset/live-rules.ts';
import { type RuleResource, toRuleResource } from '../../src/ruleset/rule-resource.ts';
import { anonymousRequest, batchOf, NOON } from '../support/events.ts';
import { expectPresent } from '../support/expect.ts';
import { sampleAlert } from '../support/sample-alert.ts';

const API_VERSION = 'firstseen.dev/v1alpha1';
const RULES = [
  { name: 'a', tags: ['noisy'] },
  { name: 'b', tags: ['noisy', 'exec'] },
  { name: 'c', tags: [] },
] as const;
const CLUSTERS = ['east', 'west'] as const;
const USERS = ['ann', 'bob', 'system:anonymous'] as const;
/** Address, and the prefixes of the lists that it is in. */
const ADDRESSES: readonly (readonly [string, readonly string[]])[] = [
  ['10.0.0.7', ['10.0.0.0/8']],
  ['192.0.2.9', ['192.0.2.0/24']],
  ['2001:db8::1', ['2001:db8::/32']],
];
const LISTS = ['10.0.0.0/8', '192.0.2.0/24', '2001:db8::/32'] as const;
const SECOND = 1_000_000;

/** An exception in the words of the test; times are seconds from noon. */
interface Plain {
  readonly rules: readonly string[];
  readonly tags: readonly string[];
  readonly clusters: readonly string[];
  readonly user: string | undefined;
  readonly verb: string | undefined;
  readonly starts: number | undefined;
  readonly expires: number | undefined;
  /** Prefixes, where they stand, and whether they are left out. */
  readonly list:
    | { readonly values: readonly string[]; readonly inConfigMap: boolean; readonly excluded: boolean }
    | undefined;
  readonly language: 'kuery' | 'eql';
}

const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
const seconds = fc.integer({ min: -3, max: 3 });
const exceptions: fc.Arbitrary<Plain> = fc
  .record({
    rules: fc.subarray(['a', 'b', 'c', 'gone']),
    tags: fc.subarray(['noisy', 'exec', 'gone']),
    clusters: fc.subarray([...CLUSTERS]),
    user: maybe(fc.constantFrom(...USERS)),
    verb: maybe(fc.constantFrom('get', 'list')),
    starts: maybe(seconds),
    expires: maybe(seconds),
    list: maybe(fc.record({ values: fc.subarray([...LISTS]), inConfigMap: fc.boolean(), excluded: fc.boolean() })),
    language: fc.constantFrom('kuery' as const, 'eql' as const),
  })
  .filter(({ rules, tags }) => rules.length + tags.length > 0)
  .filter(({ starts = -9, expires = 9 }) => starts < expires);

const requests = fc
  .record({
    user: fc.constantFrom(...USERS),
    verb: fc.constantFrom('get', 'list', 'create'),
    address: fc.constantFrom(...ADDRESSES.map(([address]) => address)),
    at: fc.integer({ min: -4, max: 4 }),
  })
  .map(({ user, verb, address, at }) =>
    anonymousRequest({ at: NOON + at * SECOND, username: user, sourceIPs: [address], event: { verb } }),
  );

test('an event is excepted iff a plain reading of the exceptions says so', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(exceptions, { maxLength: 4 }),
      fc.array(requests, { minLength: 1, maxLength: 6 }),
      fc.constantFrom(...CLUSTERS),
      async (plain, events, cluster) => {
        const live = createLiveRules({ hashes: sha256Hashes });
        live.setResources(RULES.map(ruleResource));
        const maps = new Map(plain.map(({ list }, i) => [`lists-${i}`, configMap(list?.values ?? [])]));
        const told = createLiveExceptions({ onDocuments: live.setExceptions });
        told.setConfigMaps(maps);
        told.setResources(plain.map(exceptionResource));
        expect(told.entries().flatMap(({ problems }) => problems)).toEqual([]);
        await live.settled();
        const { matches, excepted } = live.detector().detect(cluster, batchOf(...events));

        for (const { name, tags } of RULES) {
          const kept = events.filter((event) => !plain.some((one) => isExcepted(one, { name, tags }, cluster, event)));
          const rule = [...matches.keys()].find(({ document }) => document.name === name);
          expect([name, rule === undefined ? 0 : matches.get(rule)]).toEqual([name, kept.length]);
          const silenced = [...excepted]
            .filter(([{ document }]) => document.name === name)
            .flatMap(([, uses]) => [...uses.values()].map(({ count }) => count));
          expect([`what is silenced of ${name}`, silenced.reduce((sum, count) => sum + count, 0)]).toEqual([
            `what is silenced of ${name}`,
            events.length - kept.length,
          ]);
        }
      },
    ),
    { numRuns: 200 },
  );
});

/** As a person reads the resource. */
function isExcepted(
  { rules, tags, clusters, user, verb, starts, expires, list }: Plain,
  rule: { readonly name: string; readonly tags: readonly string[] },
  cluster: string,
  { event, at }: DecodedEvent,
): boolean {
  if (!rules.includes(rule.name) && !rule.tags.some((tag) => tags.includes(tag))) return false;
  if (clusters.length > 0 && !clusters.includes(cluster)) return false;
  if (starts !== undefined && at < NOON + starts * SECOND) return false;
  if (expires !== undefined && at >= NOON + expires * SECOND) return false;
  if (user !== undefined && event.user?.username !== user) return false;
  if (verb !== undefined && event.verb !== verb) return false;
  if (list === undefined) return true;
  const [, prefixes] = ADDRESSES.find(([address]) => address === event.sourceIPs?.[0]) ?? ['', []];
  return list.values.some((value) => prefixes.includes(value)) !== list.excluded;
}

function ruleResource({ name, tags }: (typeof RULES)[number]): RuleResource {
  const spec = { title: name, type: 'query', query: 'kubernetes.audit.verb: *', severity: 'low', tags };
  return resourceOf('DetectionRule', name, spec);
}

function exceptionResource(
  { rules, tags, clusters, user, verb, starts, expires, list, language }: Plain,
  index: number,
): RuleResource {
  const conditions = [
    ...(user === undefined ? [] : [['user.name', user] as const]),
    ...(verb === undefined ? [] : [['event.action', verb] as const]),
  ];
  const query =
    language === 'kuery'
      ? [...conditions.map(([field, value]) => `${field}: "${value}"`), '*: *'].join(' and ')
      : `any where ${[...conditions.map(([field, value]) => `${field} == "${value}"`), 'true'].join(' and ')}`;
  const where =
    list === undefined
      ? undefined
      : list.inConfigMap
        ? { configMap: { name: `lists-${index}`, key: 'addresses' } }
        : { values: list.values };
  return resourceOf('RuleException', `exception-${index}`, {
    rules,
    tags,
    clusters,
    query,
    language,
    reason: 'a property',
    ...(starts !== undefined && { starts: timeOf(starts) }),
    ...(expires !== undefined && { expires: timeOf(expires) }),
    ...(where !== undefined && { lists: [{ field: 'source.ip', type: 'ip', excluded: list?.excluded, ...where }] }),
  });
}

function resourceOf(kind: string, name: string, spec: object): RuleResource {
  const metadata = { name, uid: `uid-of-${name}`, generation: 1 };
  const resource = toRuleResource({ apiVersion: API_VERSION, kind, metadata, spec });
  expectPresent(resource);
  return resource;
}

function timeOf(seconds: number): string {
  return new Date((NOON + seconds * SECOND) / 1_000).toISOString();
}

function configMap(values: readonly string[]) {
  return { version: '1', data: { addresses: values.join('\n') } };
}

/** Texts that have to be quoted in a query, that an alert escapes, and that it cuts. */
const text = fc.oneof(
  fc.constantFrom('ann', 'a"b\\c', 'not', 'x: *', '(', '*', 'web-7d4b9c6f5d-x2x5q', 'backup-28512345', 'é', 'a\u200bb'),
  fc.string({ maxLength: 12 }),
  fc.constant('long'.repeat(100)),
);
const anyRequest = fc
  .record({
    verb: maybe(text),
    username: maybe(text),
    impersonated: maybe(text),
    sourceIPs: fc.constantFrom([], ['10.0.0.7'], ['no address'], ['::1', '192.0.2.1']),
    userAgent: maybe(text),
    resource: maybe(text),
    subresource: maybe(text),
    apiGroup: maybe(text),
    namespace: maybe(text),
    name: maybe(text),
    decision: maybe(fc.constantFrom('allow', 'forbid')),
    uri: maybe(text),
  })
  .map((made) => {
    const { verb, username, impersonated, sourceIPs, userAgent, decision, uri, ...objectRef } = made;
    return anonymousRequest({
      sourceIPs,
      userAgent: userAgent ?? null,
      event: JSON.parse(
        JSON.stringify({
          verb: verb ?? null,
          user: { username },
          impersonatedUser: impersonated === undefined ? null : { username: impersonated },
          objectRef: objectRef.resource === undefined ? null : objectRef,
          requestURI: uri ?? null,
          annotations: decision === undefined ? {} : { 'authorization.k8s.io/decision': decision },
        }),
        (_key, value) => value ?? undefined,
      ),
    });
  });

test('the exception for an alert excepts the event that raised it, and covers the alert', async () => {
  let made = 0;
  const newTerms = { fields: ['user_agent.original'], window: '7d' };
  const spec = { title: 't', type: 'new_terms', query: 'kubernetes.audit.stage: *', newTerms, severity: 'high' };
  const rule = resourceOf('DetectionRule', 'a', spec);
  const live = createLiveRules({ hashes: sha256Hashes });
  live.setResources([rule]);
  await live.settled();
  const plain = live.detector();
  await fc.assert(
    fc.asyncProperty(anyRequest, fc.boolean(), async (event, asQuery) => {
      const [decision] = plain.detect('east', [event]).decisions;
      if (decision === undefined) return;
      const { newTerms: terms, ...spec } = draftAlert('east', decision);
      const record = { ...sampleAlert(), cluster: 'east', spec: asQuery ? spec : { ...spec, newTerms: terms ?? [] } };
      const alert = readAlert(alertResource(record));
      const proposal = proposalOf(alert);
      if (proposal === undefined) return;
      made += 1;
      expect(covers(proposal, alert)).toBe(true);
      const { metadata, spec: exception } = exceptionObject(proposal, { reason: 'a property' });
      const told = createLiveExceptions({ onDocuments: live.setExceptions });
      told.setResources([resourceOf('RuleException', metadata.name, exception)]);
      expect(told.entries().flatMap(({ problems }) => problems)).toEqual([]);
      await live.settled();
      expect(live.detector().detect('east', [event]).matches.size).toBe(0);
      expect(live.detector().detect('west', [event]).matches.size).toBe(1);
    }),
    { numRuns: 300 },
  );
  expect(made).toBeGreaterThan(50);
});

/** Undefined for an alert that does not tell enough. */
function proposalOf(alert: AlertObject) {
  try {
    return narrowestException(alert, { with: [], without: [] });
  } catch (error) {
    if (error instanceof CommandError) return undefined;
    throw error;
  }
}
