import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readFilters } from './elastic-filters.ts';

const VERB = 'kubernetes.audit.verb';
const CODE = 'kubernetes.audit.responseStatus.code';

/** What has to hold for an event to pass the filters, as text: the exceptions say the opposite. */
function excepted(...filters: readonly unknown[]): readonly string[] {
  const { exceptions, refused } = readFilters(filters);
  assert.deepEqual(refused, []);
  return exceptions.map(({ query }) => query);
}

function refusal(filter: unknown): string {
  const { exceptions, refused } = readFilters([filter]);
  assert.deepEqual(exceptions, []);
  return refused.map(({ message }) => message).join();
}

const phrase = { meta: { type: 'phrase', key: VERB, disabled: false }, query: { match_phrase: { [VERB]: 'get' } } };

test('a filter becomes an exception for what it leaves out', () => {
  assert.deepEqual(excepted(phrase), [`not (${VERB}: "get")`]);
  assert.deepEqual(excepted({ ...phrase, meta: { negate: true } }), [`${VERB}: "get"`]);
  assert.equal(readFilters([phrase]).exceptions[0]?.reason, `filter of the rule: ${VERB}: "get"`);
});

test('a filter that is switched off says nothing, and a note says how many are', () => {
  const off = { meta: { disabled: true }, query: { script: {} } };
  assert.deepEqual(excepted(off, phrase, off).length, 1);
  assert.deepEqual(readFilters([off, off]).notes, ['2 of its filters switched off in Kibana: left out']);
});

test('the plain forms: one of several, exists, range, prefix, wildcard, older ones without a query', () => {
  const one = (query: object) => excepted({ meta: {}, query })[0];
  const phrases = ['get', 'list'].map((verb) => ({ match_phrase: { [VERB]: verb } }));
  const either = `not ((${VERB}: "get") or (${VERB}: "list"))`;
  assert.equal(one({ bool: { should: phrases, minimum_should_match: 1 } }), either);
  assert.equal(one({ terms: { [VERB]: ['get', 'list'] } }), `not (${VERB}: ("get" or "list"))`);
  assert.equal(one({ exists: { field: VERB } }), `not (${VERB}: *)`);
  assert.equal(one({ range: { [CODE]: { gte: 400, lt: '500' } } }), `not ((${CODE} >= "400") and (${CODE} < "500"))`);
  assert.equal(one({ prefix: { [VERB]: { value: 'li' } } }), `not (${VERB}: li*)`);
  assert.equal(one({ wildcard: { [VERB]: { value: 'l*\\*t' } } }), `not (${VERB}: l*\\*t)`);
  assert.equal(one({ match: { [VERB]: { query: 'get', type: 'phrase' } } }), `not (${VERB}: "get")`);
  assert.equal(one({ term: { [VERB]: { value: 'get', boost: 2 } } }), `not (${VERB}: "get")`);
  assert.equal(one({ match_none: {} }), '*: *', 'nothing passes');
  assert.deepEqual(excepted({ meta: {}, query: { match_all: {} } }), [], 'everything passes');
  assert.deepEqual(excepted({ meta: { negate: true }, exists: { field: VERB } }), [`${VERB}: *`]);
});

test('bool: all of must and filter, none of must_not, one of should where nothing else is asked for', () => {
  const is = (verb: string) => ({ term: { [VERB]: verb } });
  const bool = (body: object) => excepted({ query: { bool: body } })[0];
  assert.equal(
    bool({ must: is('a'), filter: [is('b')], should: [is('c')], must_not: [is('d')] }),
    `not ((${VERB}: "a") and (${VERB}: "b") and (not (${VERB}: "d")))`,
  );
  assert.equal(
    bool({ filter: [is('b')], should: [is('c')], minimum_should_match: 1 }),
    `not ((${VERB}: "b") and (${VERB}: "c"))`,
  );
});

test('filters combined in Kibana', () => {
  const negated = { ...phrase, meta: { negate: true } };
  const off = { ...phrase, meta: { disabled: true } };
  const combined = (relation: string) => ({ meta: { type: 'combined', relation, params: [phrase, negated, off] } });
  const [get, not] = [`(${VERB}: "get")`, `(not (${VERB}: "get"))`];
  assert.deepEqual(excepted(combined('OR')), [`not (${get} or ${not})`]);
  assert.deepEqual(excepted(combined('AND')), [`not (${get} and ${not})`]);
});

test('what is not plain is refused, by its name and number', () => {
  const query = (body: object) => refusal({ meta: {}, query: body });
  assert.equal(
    query({ query_string: { query: 'a' } }),
    'filter 1 of the rule cannot be honoured: it uses query_string',
  );
  assert.match(query({ script: { script: {} } }), /it uses script$/);
  assert.match(query({ match: { [VERB]: { query: 'a', operator: 'and' } } }), /match has the option operator$/);
  assert.match(query({ term: { [VERB]: { value: 'a', case_insensitive: true } } }), /the option case_insensitive$/);
  assert.match(query({ range: { '@timestamp': { gte: 'now-1d' } } }), /range counts from now \(now-1d\)$/);
  assert.match(query({ range: { '@timestamp': { gte: '2026', time_zone: 'CET' } } }), /the option time_zone$/);
  assert.match(query({ bool: { should: [], minimum_should_match: '75%' } }), /bool wants "75%" of its conditions$/);
  assert.match(query({ wildcard: { [VERB]: 'g?t' } }), /a wildcard \?/);
  assert.match(query({ terms: { [VERB]: [{ id: 1 }] } }), /expected a value, found a mapping$/);
  for (const odd of [null, 7, 'x', {}, { meta: 3 }, { query: { a: 1, b: 2 } }]) assert.notEqual(refusal(odd), '');
});

test('filters in filters are refused before they use up the stack', () => {
  let filter: object = phrase;
  for (let depth = 0; depth < 10_000; depth += 1)
    filter = { meta: { type: 'combined', relation: 'OR', params: [filter] } };
  assert.match(refusal(filter), /more than 16 deep$/);
  let query: object = { match_all: {} };
  for (let depth = 0; depth < 10_000; depth += 1) query = { bool: { must: [query] } };
  assert.match(refusal({ query }), /more than 16 deep$/);
});
