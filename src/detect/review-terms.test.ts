import { expect, test } from '@jest/globals';
import { CLUSTER, evaluation } from '../../test/support/evaluation.ts';
import { anonymousRequest, NOON } from '../../test/support/events.ts';
import { compiledRule, ruleDocument } from '../../test/support/rules.ts';
import { createAlertLifecycle } from '../alerts/lifecycle.ts';
import { sha256Hashes } from '../ingest/hashes.ts';
import type { RuleDocument } from '../rules/document.ts';
import { DAY, HOUR, MINUTE } from '../rules/limits.ts';
import { approveTerms, forgetTerms, reviewTerms } from './review-terms.ts';

function memoryOf(document: RuleDocument) {
  const at = evaluation([document]);
  const { rule } = compiledRule(document);
  const run = <T>({
    reads,
    step,
  }: {
    reads: Parameters<typeof at.store.update>[1];
    step: Parameters<typeof at.store.update<T>>[2];
  }) => at.store.update(CLUSTER, reads, step);
  return {
    ...at,
    review: () => run(reviewTerms(rule, sha256Hashes)),
    approve: (...terms: string[]) => run(approveTerms(rule, terms)),
    forget: (...terms: string[]) => run(forgetTerms(rule, terms)),
  };
}

const agent = (userAgent: string, at = NOON) => anonymousRequest({ userAgent, at });
const learning = ruleDocument({ newTerms: { learningMicros: HOUR } });

test('lists each term with its sightings, and its alert or the event that taught it', async () => {
  const { send, review, alerts } = memoryOf(learning);
  await send(agent('a'), agent('a', NOON + MINUTE));
  await send(agent('b', NOON + 2 * HOUR), agent('b', NOON + 3 * HOUR));
  const { terms, since, learningUntil, evicted } = await review();
  const [alert] = await alerts();
  const { request, ...silent } = terms[0]?.silent ?? {};
  expect(String(request)).toMatch(/^[\w-]{22}$/);
  expect(silent).toEqual({ at: NOON, what: 'system:anonymous list pods in default, allowed', by: 'learning' });
  expect(terms.map(({ term, last, alert }) => [term, last, alert])).toEqual([
    ['["a"]', NOON + MINUTE, undefined],
    ['["b"]', NOON + 3 * HOUR, { id: alert?.id, firstSeen: NOON + 2 * HOUR }],
  ]);
  expect(since).toBe(NOON + MINUTE);
  expect(learningUntil).toBe(NOON + MINUTE + HOUR);
  expect(evicted).toBe(0);
});

test('a rule before its first run knows nothing; a closed alert is not listed', async () => {
  const { send, review, store, alerts } = memoryOf(learning);
  expect(await review()).toEqual({ terms: [], since: undefined, learningUntil: undefined, evicted: 0 });
  await send(agent('a'));
  await send(agent('b', NOON + 2 * HOUR));
  const [alert] = await alerts();
  await createAlertLifecycle(store, []).setPhase(CLUSTER, alert?.id ?? '', 'Closed');
  const { terms } = await review();
  expect(terms.map(({ term, silent, alert }) => [term, silent?.by, alert])).toEqual([
    ['["a"]', 'learning', undefined],
    ['["b"]', undefined, undefined],
  ]);
});

test('lists the cut values of a long term, and the raw value of a canonical one', async () => {
  const document = ruleDocument({ newTerms: { learningMicros: DAY, normalize: { 'user_agent.original': 'product' } } });
  const { send, review } = memoryOf(document);
  await send(agent(`${'x'.repeat(300)}/1`), agent('curl/8.5.0', NOON + 1));
  const { terms } = await review();
  expect(terms[0]?.term ?? '').toMatch(/^#/);
  expect(terms[0]?.silent?.values?.[0]).toBe(`${'x'.repeat(125)}…`);
  expect(terms[1]?.term).toBe('["curl"]');
  expect(terms[1]?.silent?.values).toEqual(['curl/8.5.0']);
});

test('an approved term stays known and is no longer listed as learned without an alert', async () => {
  const { send, review, approve } = memoryOf(learning);
  await send(agent('a'), agent('b'));
  expect(await approve('["a"]', '["c"]')).toEqual({ known: ['["a"]'], silent: ['["a"]'] });
  expect(await approve('["a"]')).toEqual({ known: ['["a"]'], silent: [] });
  const { terms } = await review();
  expect(terms.map(({ term, silent }) => [term, silent !== undefined])).toEqual([
    ['["a"]', false],
    ['["b"]', true],
  ]);
  expect(await send(agent('a', NOON + 2 * HOUR))).toEqual(['known']);
});

test('a forgotten term is new', async () => {
  const { send, review, forget } = memoryOf(learning);
  await send(agent('a'), agent('b'));
  expect(await forget('["a"]', '["c"]')).toEqual({ known: ['["a"]'], silent: ['["a"]'] });
  expect((await review()).terms.map(({ term }) => term)).toEqual(['["b"]']);
  expect(await send(agent('a', NOON + 2 * HOUR), agent('b', NOON + 2 * HOUR))).toEqual(['opened', 'known']);
});
