import { expect, test } from '@jest/globals';
import { CLUSTER, evaluation } from '../../test/support/evaluation.ts';
import { anonymousRequest, NOON, type RequestChanges } from '../../test/support/events.ts';
import { compiledRule, ruleDocument } from '../../test/support/rules.ts';
import { entriesOf, hashOf } from '../../test/support/state-access.ts';
import { MINUTE, SECOND } from '../rules/limits.ts';
import { stateKeys } from '../rules/state-keys.ts';

const SECRET = 'hunter2-hunter2';

function nth(n: number, event: RequestChanges['event'], changes: RequestChanges = {}) {
  return anonymousRequest({ at: NOON + n * SECOND, event: event ?? {}, ...changes });
}

test('remembers a term with a secret by its hash, so that two secrets are two terms', async () => {
  const rule = ruleDocument({ newTerms: { fields: ['user_agent.original'] } });
  const { send, store, alerts } = evaluation([rule]);
  const agent = (n: number, userAgent: string) => nth(n, {}, { userAgent });
  expect(
    await send(agent(1, `a token=${SECRET}`), agent(2, 'a token=other'), agent(3, `a token=${SECRET}`), agent(4, 'b')),
  ).toEqual(['opened', 'opened', 'attached', 'opened']);
  const terms = await entriesOf(store, CLUSTER, stateKeys.terms(compiledRule(rule).rule.memoryKey));
  expect(terms.map(({ member }) => member.replace(/^#[\w-]{43}$/, '#'))).toEqual(['#', '#', '["b"]']);
  expect((await alerts()).map(({ spec }) => spec.newTerms?.[0]?.value).sort()).toEqual([
    'a token=REDACTED',
    'a token=REDACTED',
    'b',
  ]);
  expect(JSON.stringify(await alerts())).not.toMatch(/hunter2/);
});

test('shows the raw and the canonical form of a value without secrets', async () => {
  const normalize = { 'user_agent.original': 'lowercase' };
  const { send, alerts } = evaluation([ruleDocument({ newTerms: { fields: ['user_agent.original'], normalize } })]);
  await send(nth(1, {}, { userAgent: 'Curl/8' }), nth(2, {}, { userAgent: `A token=${SECRET}` }));
  const reasons = (await alerts()).map(({ spec }) => spec.reason).sort();
  expect(reasons[0] ?? '').toMatch(/^user agent "A token=REDACTED" \(as a token=REDACTED\) not seen/);
  expect(reasons[1] ?? '').toMatch(/^user agent "Curl\/8" \(as curl\/8\) not seen/);
});

test('a rule matches the content of a Secret, and the alert hides it', async () => {
  const rule = ruleDocument({
    query: `kubernetes.audit.requestObject.data.password: "${SECRET}"`,
    newTerms: { fields: ['kubernetes.audit.requestObject.data.password'] },
    ruleNameOverride: 'kubernetes.audit.requestObject.data.password',
  });
  const { send, alerts } = evaluation([rule]);
  expect(await send(nth(1, { requestObject: { data: { password: SECRET } } }))).toEqual(['opened']);
  const [alert] = await alerts();
  expect(alert?.spec.newTerms).toEqual([{ field: 'kubernetes.audit.requestObject.data.password', value: 'REDACTED' }]);
  expect(alert?.spec.rule.title).toBe('REDACTED');
});

test('a threshold tells secrets apart without storing them', async () => {
  const rule = ruleDocument({
    type: 'threshold',
    query: 'event.action: list',
    threshold: {
      fields: ['user_agent.original'],
      value: 2,
      cardinality: [{ field: 'kubernetes.audit.requestURI', value: 2 }],
      windowMicros: MINUTE,
    },
  });
  const { send, store, alerts } = evaluation([rule]);
  const request = (n: number, secret: string) =>
    nth(n, { requestURI: `/x?key=${secret}` }, { userAgent: `a token=${SECRET}` });
  expect(await send(request(1, SECRET), request(2, SECRET), request(3, 'other-secret'))).toEqual([
    'held',
    'held',
    'opened',
  ]);
  const [alert] = await alerts();
  expect(alert?.spec.groupBy).toEqual([{ field: 'user_agent.original', value: 'a token=REDACTED' }]);
  const { memoryKey } = compiledRule(rule).rule;
  const [group] = await entriesOf(store, CLUSTER, stateKeys.groups(memoryKey));
  const rows = await hashOf(store, CLUSTER, stateKeys.rows(memoryKey, group?.member ?? ''));
  expect(rows.size).toBe(3);
  expect(JSON.stringify([[...rows], alert])).not.toMatch(/hunter2|other-secret/);
});

test('hides secrets that an ES|QL query passes on, cuts out or transforms', async () => {
  const rows = ruleDocument({
    name: 'rows',
    type: 'esql',
    language: 'esql',
    query: `FROM logs-kubernetes.audit_logs-* | WHERE kubernetes.audit.requestObject.data.password IS NOT NULL
      | EVAL whole = kubernetes.audit.requestObject.data.password, part = SUBSTRING(whole, 1, 7), loud = TO_UPPER(whole),
        size = LENGTH(whole), who = user.name`,
  });
  const groups = ruleDocument({
    name: 'groups',
    type: 'esql',
    language: 'esql',
    query: `FROM logs-kubernetes.audit_logs-*
      | STATS n = COUNT_DISTINCT(kubernetes.audit.requestURI), uris = VALUES(kubernetes.audit.requestURI) BY user.name, user_agent.original
      | WHERE n > 1`,
    windowMicros: MINUTE,
  });
  const { send, store, alerts } = evaluation([rows, groups]);
  const request = (n: number, secret: string) =>
    nth(
      n,
      { requestURI: `/x?key=${secret}`, requestObject: { data: { password: SECRET } } },
      { userAgent: `a token=${SECRET}` },
    );
  await send(request(1, SECRET), request(2, 'other-secret'));
  const found = await alerts();
  expect(found.map(({ spec }) => spec.rule.name).sort()).toEqual(['groups', 'rows']);
  const columns = found.find(({ spec }) => spec.rule.name === 'rows')?.spec.groupBy;
  expect(columns?.map(({ field, value }) => `${field} ${value}`)).toEqual([
    'whole REDACTED',
    'part REDACTED',
    'loud REDACTED',
    'size 15',
    'who system:anonymous',
  ]);
  const grouped = found.find(({ spec }) => spec.rule.name === 'groups')?.spec;
  expect(grouped?.groupBy).toEqual([
    { field: 'user.name', value: 'system:anonymous' },
    { field: 'user_agent.original', value: 'a token=REDACTED' },
  ]);
  const { memoryKey } = compiledRule(groups).rule;
  const [group] = await entriesOf(store, CLUSTER, stateKeys.groups(memoryKey));
  const held = await hashOf(store, CLUSTER, stateKeys.rows(memoryKey, group?.member ?? ''));
  expect(held.size).toBe(2);
  expect(JSON.stringify([[...held], found])).not.toMatch(/hunter2|other-secret/i);
});

test('the text about an event of a sequence has no secrets', async () => {
  const rule = ruleDocument({
    type: 'eql',
    language: 'eql',
    query: 'sequence by user_agent.original [any where event.action == "list"] [any where event.action == "get"]',
  });
  const { send, alerts } = evaluation([rule]);
  const changes = { userAgent: `a token=${SECRET}` };
  const object = (name: string) => ({ objectRef: { resource: 'pods', name }, requestURI: '/x' });
  await send(
    nth(1, { verb: 'list', ...object(`password=${SECRET}`) }, changes),
    nth(2, { verb: 'get', ...object('a') }, changes),
  );
  const [alert] = await alerts();
  expect(alert?.spec.reason ?? '').toMatch(/token=REDACTED.*list pods password=REDACTED, allowed, then .*get pods a/);
});
