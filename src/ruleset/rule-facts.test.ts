import { expect, test } from '@jest/globals';
import { CLUSTER, evaluation } from '../../test/support/evaluation.ts';
import { anonymousRequest, NOON } from '../../test/support/events.ts';
import { compiledRule, compiledRules, ruleDocument } from '../../test/support/rules.ts';
import { DAY, HOUR, MINUTE } from '../rules/limits.ts';
import { readRuleFacts } from './rule-facts.ts';

test('reads counts, terms and learning of a rule on each cluster', async () => {
  const document = ruleDocument({
    newTerms: { learningMicros: HOUR },
    suppression: { by: [], windowMicros: DAY, missingFields: 'suppress' },
  });
  const { send, store } = evaluation([document]);
  const { rule } = compiledRule(document);
  await send(anonymousRequest({ userAgent: 'learned' }));
  const after = NOON + 2 * HOUR;
  await send(anonymousRequest({ userAgent: 'new', at: after }));
  await send(anonymousRequest({ userAgent: 'new', at: after + MINUTE }));
  const [here, elsewhere] = (await readRuleFacts(store, [CLUSTER, 'other'], [rule], after)).get(rule) ?? [];
  expect(here).toEqual({
    cluster: CLUSTER,
    matches: 3,
    alerts: 1,
    attached: 1,
    overflowed: 0,
    termsHeld: 2,
    lastMatch: after + MINUTE,
    since: NOON,
    reached: after + MINUTE,
    isSpent: false,
  });
  expect(elsewhere?.matches).toBe(0);
  expect(elsewhere?.lastMatch).toBeUndefined();
  expect(elsewhere?.reached).toBe(0);
});

test('a budget is used up while the last hour has its full number of openings', async () => {
  const document = ruleDocument({ budget: { alertsPerHour: 2 } });
  const { send, store } = evaluation([document]);
  const { rule } = compiledRule(document);
  const isSpent = async (now: number) => (await readRuleFacts(store, [CLUSTER], [rule], now)).get(rule)?.[0]?.isSpent;
  await send(anonymousRequest({ sourceIPs: ['203.0.113.1'] }));
  expect(await isSpent(NOON)).toBe(false);
  await send(anonymousRequest({ sourceIPs: ['203.0.113.2'], id: 'second' }));
  expect(await isSpent(NOON)).toBe(true);
  expect(await isSpent(NOON + HOUR)).toBe(false);
});

test('reads facts of more rules than fit into one read', async () => {
  const documents = Array.from({ length: 120 }, (_, n) =>
    ruleDocument({ name: `rule-${n}`, query: `user_agent.original: a${n}` }),
  );
  const { send, store } = evaluation(documents);
  await send(anonymousRequest({ userAgent: 'a7', id: 'a' }), anonymousRequest({ userAgent: 'a101', id: 'b' }));
  const { rules } = compiledRules(documents);
  const facts = await readRuleFacts(store, [CLUSTER], rules, NOON);
  const matched = rules.filter((rule) => facts.get(rule)?.[0]?.matches === 1).map((rule) => rule.document.name);
  expect(matched).toEqual(['rule-7', 'rule-101']);
});
