import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { AuditEvent, DecodedEvent } from '../../src/audit/event.ts';
import { createRuleIndex } from '../../src/detect/rule-index.ts';
import type { Predicate } from '../../src/query/predicate/predicate.ts';
import { anonymousRequest, NOON } from '../support/events.ts';
import { naiveMatches } from '../support/naive-interpreter.ts';
import { inOtherNodes, picks } from '../support/random-conditions.ts';
import { compiledRules, ruleDocument, rulesOf } from '../support/rules.ts';

const AUDIT = 'kubernetes.audit';

/** Fields that the index looks at, fields that it does not, and values that make them meet. */
const VALUES: Readonly<Record<string, readonly string[]>> = {
  [`${AUDIT}.verb`]: ['get', 'list', 'create', 'l*', '*'],
  'event.action': ['get', 'list', '*t'],
  [`${AUDIT}.stage`]: ['ResponseComplete', 'Response*', 'Panic'],
  [`${AUDIT}.level`]: ['Metadata', 'RequestResponse'],
  [`${AUDIT}.objectRef.resource`]: ['pods', 'secrets', 'p*'],
  [`${AUDIT}.objectRef.subresource`]: ['exec', 'log', '*'],
  [`${AUDIT}.objectRef.namespace`]: ['default', 'kube-*', '*system'],
  [`${AUDIT}.user.username`]: ['eve', 'system\\:*', '""'],
  'user.name': ['eve', '"system:anonymous"', '*'],
  'orchestrator.resource.type': ['pods', '*s'],
  'orchestrator.namespace': ['default', '*'],
  'event.outcome': ['success', 'failure'],
  [`${AUDIT}.annotations.authorization_k8s_io/decision`]: ['allow', 'forbid', '*'],
  [`${AUDIT}.impersonatedUser.username`]: ['bob', 'system\\:*', '*'],
  [`${AUDIT}.impersonatedUser.groups`]: ['system\\:masters', '*'],
  'user_agent.original': ['curl', 'kube*', '*'],
  'source.ip': ['10.0.0.1', '"10.0.0.0/8"'],
  [`${AUDIT}.responseStatus.code`]: ['200', '403'],
  [`${AUDIT}.requestObject.spec.hostNetwork`]: ['true', '*'],
  'process.name': ['sh', '*'],
};

const condition = fc
  .constantFrom(...Object.entries(VALUES))
  .chain(([field, values]) =>
    fc
      .array(fc.constantFrom(...values), { minLength: 1, maxLength: 3 })
      .map((some) => (some.length === 1 ? `${field}: ${some[0]}` : `${field}: (${some.join(' or ')})`)),
  );

const queries = fc.letrec<{ query: string }>((tie) => {
  const joined = (word: string) =>
    fc.array(tie('query'), { minLength: 2, maxLength: 3 }).map((all) => `(${all.join(` ${word} `)})`);
  return {
    query: fc.oneof(
      { maxDepth: 4, depthSize: 'max' },
      { weight: 5, arbitrary: condition },
      { weight: 4, arbitrary: joined('and') },
      { weight: 2, arbitrary: joined('or') },
      { weight: 2, arbitrary: tie('query').map((query) => `not ${query}`) },
    ),
  };
}).query;

const some = <T>(...values: readonly T[]) => fc.option(fc.constantFrom(...values), { nil: undefined });

const events: fc.Arbitrary<DecodedEvent> = fc
  .record({
    verb: some('get', 'list', 'create', ''),
    stage: some('ResponseComplete', 'ResponseStarted', 'Panic'),
    level: some('Metadata', 'RequestResponse'),
    objectRef: fc.record({
      resource: some('pods', 'secrets', 'services'),
      subresource: some('exec', 'log', ''),
      namespace: some('default', 'kube-system', '*system'),
    }),
    user: fc.record({ username: some('eve', 'system:anonymous', '', '__proto__') }),
    impersonatedUser: some(
      { username: 'bob' },
      { username: 'system:admin', groups: ['system:masters'] },
      { groups: ['system:masters', 'dev'] },
    ),
    decision: some('allow', 'forbid', 'other'),
    userAgent: some('curl', 'kubectl', ''),
    sourceIPs: some(['10.0.0.1'], ['10.0.0.1', '192.0.2.1'], ['no address'], []),
    code: some(200, 403),
    requestObject: some<unknown>({ spec: { hostNetwork: true } }, { spec: { hostNetwork: [] } }),
    // The index remembers by value what each leaves possible: a wrong type in its place must not be taken for one of them.
    odd: some<Record<string, unknown>>({ verb: ['get', 'list'] }, { level: 7 }, { stage: true }, { verb: {} }),
  })
  .map(({ decision, code, odd, ...rest }) => {
    const event = {
      ...rest,
      annotations: decision === undefined ? undefined : { 'authorization.k8s.io/decision': decision },
      responseStatus: { code },
      ...odd,
    };
    return { ...anonymousRequest({ at: NOON }), event: JSON.parse(JSON.stringify(event)) as AuditEvent };
  });

test('with the index, without it and for a plain interpreter the same rules match, in the order of the rules', () => {
  let matched = 0;
  let spared = 0;
  fc.assert(
    fc.property(
      fc.array(fc.tuple(queries, picks), { minLength: 0, maxLength: 70, size: 'max' }),
      fc.array(events, { minLength: 1, maxLength: 25, size: 'max' }),
      (said, some) => {
        const rewrite = (predicate: Predicate, index: number) => inOtherNodes(predicate, said[index]?.[1] ?? []);
        const texts = said.map(([query]) => query);
        const { rules, slots } = rulesOf(texts, rewrite);
        const index = createRuleIndex(rules, slots);
        const memo = slots.createMemo();
        const ofItsOwn = rulesOf(texts, rewrite);
        const plain = ofItsOwn.slots.createMemo();
        for (const event of [...some, ...some]) {
          memo.reset(event);
          const candidates: string[] = [];
          const found: string[] = [];
          index.candidates(memo, (rule) => {
            candidates.push(rule.document.name);
            if (rule.matches(event, memo)) found.push(rule.document.name);
          });
          plain.reset(event);
          const all = ofItsOwn.rules.filter((rule) => rule.matches(event, plain));
          const naive = rules.filter(({ predicate }) => naiveMatches(predicate, (field) => field.read(event)));
          const names = naive.map(({ document }) => document.name);
          expect(found).toEqual(names);
          expect(all.map(({ document }) => document.name)).toEqual(names);
          expect(new Set(candidates).size).toBe(candidates.length); // none twice
          matched += names.length;
          spared += rules.length - candidates.length;
        }
      },
    ),
    { numRuns: 400 },
  );
  expect(matched).toBeGreaterThan(10_000);
  expect(spared).toBeGreaterThan(10_000);
});

test('more values of a field than are remembered change nothing', () => {
  const { rules, slots } = compiledRules([
    ruleDocument({ name: 'even', query: 'user.name: *0' }),
    ruleDocument({ name: 'any', query: 'user.name: *' }),
    ruleDocument({ name: 'other', query: 'kubernetes.audit.verb: get' }),
  ]);
  const index = createRuleIndex(rules, slots);
  const memo = slots.createMemo();
  for (let i = 0; i < 10_000; i++) {
    memo.reset(anonymousRequest({ username: `user-${i % 5_000}` }));
    const candidates: string[] = [];
    index.candidates(memo, ({ document }) => candidates.push(document.name));
    expect(candidates).toEqual(i % 10 === 0 ? ['even', 'any'] : ['any']);
  }
});
