import { expect, test } from '@jest/globals';
import { readFilters } from './elastic-filters.ts';

const VERB = 'kubernetes.audit.verb';
const CODE = 'kubernetes.audit.responseStatus.code';

/** What has to hold for an event to pass the filters, as text: the exceptions say the opposite. */
function excepted(...filters: readonly unknown[]): readonly string[] {
  const { exceptions, refused } = readFilters(filters);
  expect(refused).toEqual([]);
  return exceptions.map(({ query }) => query);
}

function refusal(filter: unknown): string {
  const { exceptions, refused } = readFilters([filter]);
  expect(exceptions).toEqual([]);
  return refused.map(({ message }) => message).join();
}

const phrase = { meta: { type: 'phrase', key: VERB, disabled: false }, query: { match_phrase: { [VERB]: 'get' } } };

test('a filter becomes an exception for what it leaves out', () => {
  expect(excepted(phrase)).toEqual([`not (${VERB}: "get")`]);
  expect(excepted({ ...phrase, meta: { negate: true } })).toEqual([`${VERB}: "get"`]);
  expect(readFilters([phrase]).exceptions[0]?.reason).toBe(`filter of the rule: ${VERB}: "get"`);
});

test('a filter that is switched off says nothing, and a note says how many are', () => {
  const off = { meta: { disabled: true }, query: { script: {} } };
  expect(excepted(off, phrase, off).length).toEqual(1);
  expect(readFilters([off, off]).notes).toEqual(['2 filters are disabled in Kibana and left out']);
});

test('the plain forms: one of several, exists, range, prefix, wildcard, older ones without a query', () => {
  const one = (query: object) => excepted({ meta: {}, query })[0];
  const phrases = ['get', 'list'].map((verb) => ({ match_phrase: { [VERB]: verb } }));
  const either = `not ((${VERB}: "get") or (${VERB}: "list"))`;
  expect(one({ bool: { should: phrases, minimum_should_match: 1 } })).toBe(either);
  expect(one({ terms: { [VERB]: ['get', 'list'] } })).toBe(`not (${VERB}: ("get" or "list"))`);
  expect(one({ exists: { field: VERB } })).toBe(`not (${VERB}: *)`);
  expect(one({ range: { [CODE]: { gte: 400, lt: '500' } } })).toBe(`not ((${CODE} >= "400") and (${CODE} < "500"))`);
  expect(one({ prefix: { [VERB]: { value: 'li' } } })).toBe(`not (${VERB}: li*)`);
  expect(one({ wildcard: { [VERB]: { value: 'l*\\*t' } } })).toBe(`not (${VERB}: l*\\*t)`);
  expect(one({ match: { [VERB]: { query: 'get', type: 'phrase' } } })).toBe(`not (${VERB}: "get")`);
  expect(one({ term: { [VERB]: { value: 'get', boost: 2 } } })).toBe(`not (${VERB}: "get")`);
  expect(one({ match_none: {} })).toBe('*: *'); // nothing passes
  expect(excepted({ meta: {}, query: { match_all: {} } })).toEqual([]); // everything passes
  expect(excepted({ meta: { negate: true }, exists: { field: VERB } })).toEqual([`${VERB}: *`]);
});

test('bool: all of must and filter, none of must_not, one of should where nothing else is asked for', () => {
  const is = (verb: string) => ({ term: { [VERB]: verb } });
  const bool = (body: object) => excepted({ query: { bool: body } })[0];
  expect(bool({ must: is('a'), filter: [is('b')], should: [is('c')], must_not: [is('d')] })).toBe(
    `not ((${VERB}: "a") and (${VERB}: "b") and (not (${VERB}: "d")))`,
  );
  expect(bool({ filter: [is('b')], should: [is('c')], minimum_should_match: 1 })).toBe(
    `not ((${VERB}: "b") and (${VERB}: "c"))`,
  );
});

test('filters combined in Kibana', () => {
  const negated = { ...phrase, meta: { negate: true } };
  const off = { ...phrase, meta: { disabled: true } };
  const combined = (relation: string) => ({ meta: { type: 'combined', relation, params: [phrase, negated, off] } });
  const [get, not] = [`(${VERB}: "get")`, `(not (${VERB}: "get"))`];
  expect(excepted(combined('OR'))).toEqual([`not (${get} or ${not})`]);
  expect(excepted(combined('AND'))).toEqual([`not (${get} and ${not})`]);
});

test('what is not plain is refused, by its name and number', () => {
  const query = (body: object) => refusal({ meta: {}, query: body });
  expect(query({ query_string: { query: 'a' } })).toBe('filter 1 of the rule is not supported: it uses query_string');
  expect(query({ script: { script: {} } })).toMatch(/it uses script$/);
  expect(query({ match: { [VERB]: { query: 'a', operator: 'and' } } })).toMatch(/match has the option operator$/);
  expect(query({ term: { [VERB]: { value: 'a', case_insensitive: true } } })).toMatch(/the option case_insensitive$/);
  expect(query({ range: { '@timestamp': { gte: 'now-1d' } } })).toMatch(/range is relative to now \(now-1d\)$/);
  expect(query({ range: { '@timestamp': { gte: '2026', time_zone: 'CET' } } })).toMatch(/the option time_zone$/);
  expect(query({ bool: { should: [], minimum_should_match: '75%' } })).toMatch(
    /bool requires "75%" of its conditions$/,
  );
  expect(query({ wildcard: { [VERB]: 'g?t' } })).toMatch(/the wildcard \?/);
  expect(query({ terms: { [VERB]: [{ id: 1 }] } })).toMatch(/expected a value, found a mapping$/);
  for (const odd of [null, 7, 'x', {}, { meta: 3 }, { query: { a: 1, b: 2 } }]) expect(refusal(odd)).not.toBe('');
});

test('filters in filters are refused before they use up the stack', () => {
  let filter: object = phrase;
  for (let depth = 0; depth < 10_000; depth += 1)
    filter = { meta: { type: 'combined', relation: 'OR', params: [filter] } };
  expect(refusal(filter)).toMatch(/more than 16 deep$/);
  let query: object = { match_all: {} };
  for (let depth = 0; depth < 10_000; depth += 1) query = { bool: { must: [query] } };
  expect(refusal({ query })).toMatch(/more than 16 deep$/);
});
