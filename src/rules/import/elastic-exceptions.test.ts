import { expect, test } from '@jest/globals';
import { type ElasticLists, readExceptionLists } from './elastic-exceptions.ts';

const VERB = 'kubernetes.audit.verb';
const REFERENCE = { id: 'saved-object', list_id: 'noise', type: 'rule_default', namespace_type: 'single' };

function listsOf(items: readonly unknown[], values: Readonly<Record<string, readonly string[]>> = {}): ElasticLists {
  return {
    items: ({ id, namespace }) => (id === 'noise' && namespace === 'single' ? items : undefined),
    values: (id) => values[id],
    valuesPlace: (id) => `${id}.txt beside the export`,
  };
}

function read(...items: readonly unknown[]) {
  return readExceptionLists([REFERENCE], listsOf(items, { robots: ['ci', 'cd'] }));
}

const entry = (type: string, value: unknown, changes: object = {}) => ({
  field: VERB,
  type,
  operator: 'included',
  value,
  ...changes,
});

/** The query of the one exception that an item with these entries becomes. */
function query(...entries: readonly unknown[]): string | undefined {
  const { exceptions, problems } = read({ name: 'a', entries });
  expect(problems).toEqual([]);
  return exceptions[0]?.query;
}

function problem(...entries: readonly unknown[]): string {
  const { exceptions, problems } = read({ name: 'a', entries });
  expect(exceptions).toEqual([]);
  expect(problems[0]?.path).toEqual(['exceptions_list', 0]);
  return `${problems[0]?.message}${problems[0]?.hint === undefined ? '' : ` (${problems[0].hint})`}`;
}

test('each item is an exception, with its name and comments as the reason, and its end', () => {
  const items = [
    { name: 'CI', entries: [entry('match', 'get')], comments: [{ comment: ' asked for by Ann ' }, {}, 7] },
    { name: 'Night', entries: [entry('exists', undefined)], expire_time: '2026-03-01T13:00:00.000+01:00' },
  ];
  expect(read(...items).exceptions).toEqual([
    { query: `${VERB}: "get"`, language: 'kuery', reason: 'CI: asked for by Ann' },
    { query: `${VERB}: *`, language: 'kuery', reason: 'Night', expiresAt: Date.UTC(2026, 2, 1, 12) * 1_000 },
  ]);
});

test('entries: is, is one of, exists, matches; all of an item have to hold', () => {
  expect(query(entry('match', 'get'))).toBe(`${VERB}: "get"`);
  expect(query(entry('match', '*'))).toBe(`${VERB}: "*"`); // a wildcard is one only where it is said to be
  expect(query(entry('match_any', ['get', 'list']))).toBe(`${VERB}: ("get" or "list")`);
  expect(query(entry('wildcard', 'g*\\**'))).toBe(`${VERB}: g*\\**`);
  expect(query(entry('wildcard', 'get'))).toBe(`${VERB}: "get"`);
  expect(query(entry('match', 'get'), entry('exists', undefined, { field: 'user.name' }))).toBe(
    `(${VERB}: "get") and (user.name: *)`,
  );
});

test('excluded is the opposite, also where the field is absent', () => {
  const excluded = { operator: 'excluded' };
  expect(query(entry('match', 'get', excluded))).toBe(`not (${VERB}: "get")`);
  expect(query(entry('match_any', ['a', 'b'], excluded))).toBe(`not (${VERB}: ("a" or "b"))`);
  expect(query(entry('exists', undefined, excluded))).toBe(`not (${VERB}: *)`);
});

test('a wildcard for one character, and many values, are lists', () => {
  const lists = (one: object) => read({ name: 'a', entries: [one] }).exceptions.map((each) => [each.query, each.lists]);
  expect(lists(entry('wildcard', 'g?t', { operator: 'excluded' }))).toEqual([
    ['*: *', [{ field: VERB, type: 'wildcard', values: ['g?t'], excluded: true }]],
  ]);
  const many = Array.from({ length: 51 }, String);
  expect(lists(entry('match_any', many))).toEqual([
    ['*: *', [{ field: VERB, type: 'keyword', values: many, excluded: false }]],
  ]);
});

test('is in list: the values of the list, whole; a text list with its difference', () => {
  const inList = (type: string) => entry('list', undefined, { list: { id: 'robots', type } });
  const { exceptions, differences } = read({ name: 'a', entries: [inList('keyword')] });
  expect(exceptions[0]?.lists).toEqual([{ field: VERB, type: 'keyword', values: ['ci', 'cd'], excluded: false }]);
  expect(differences).toEqual([]);
  expect(read({ name: 'a', entries: [inList('text')] }).differences.join()).toMatch(
    /^exception "a": the text list robots matches whole values/,
  );
  expect(problem(inList('geo_point'))).toMatch(/value lists of type "geo_point" are not supported/);
});

test('a list that is missing refuses the rule, and says what to put where', () => {
  expect(problem(entry('list', undefined, { list: { id: 'gone', type: 'ip' } }))).toBe(
    'exception "a": the value list gone is missing: without it the rule would raise too many alerts (export it ' +
      '(Kibana: Rules, Manage value lists) and save it as gone.txt beside the export, one value per line)',
  );
  expect(readExceptionLists([REFERENCE], listsOf([])).problems).toEqual([]); // an empty list is there
});

test.each([
  { ...REFERENCE, list_id: 'other' },
  { ...REFERENCE, namespace_type: 'agnostic' },
])('a list that is missing refuses the rule, and says what to put where: %j', (reference) => {
  const { problems } = readExceptionLists([reference], listsOf([]));
  expect(problems[0]?.message ?? '').toMatch(/^the exception list (other|noise) is missing/);
  expect(problems[0]?.hint ?? '').toMatch(/export the rule again with its exceptions/);
});

test('what no audit event has never applies, or always where it is excluded, and is said', () => {
  const { exceptions, notes } = read({ name: 'a', entries: [entry('match', 'x', { field: 'okta.actor.id' })] });
  expect([exceptions[0]?.query, notes]).toEqual([
    'not *: *',
    ['exception "a": no audit event has okta.actor.id, so this entry never matches'],
  ]);
  expect(query(entry('match', 'x', { field: 'okta.actor.id', operator: 'excluded' }))).toBe('*: *');
  const hosts = read({ name: 'b', os_types: ['linux'], entries: [entry('match', 'x')] });
  expect(hosts.exceptions[0]?.query).toBe(`(not *: *) and (${VERB}: "x")`);
  expect(hosts.notes.join()).toMatch(/^exception "b": it is for hosts \(linux\)/);
  const endpoint = readExceptionLists([{ ...REFERENCE, list_id: 'endpoint_list', type: 'endpoint' }], listsOf([]));
  expect([endpoint.problems, endpoint.exceptions]).toEqual([[], []]);
  expect(endpoint.notes.join()).toMatch(/^the list endpoint_list is for hosts of Elastic Defend/);
});

test('nested: the fields below the parent, and that elements are not kept apart', () => {
  const entries = [entry('match', 'x', { field: 'image' }), entry('exists', undefined, { field: 'name' })];
  const field = 'kubernetes.audit.requestObject.spec.containers';
  const { exceptions, differences } = read({ name: 'a', entries: [{ field, type: 'nested', entries }] });
  expect(exceptions[0]?.query).toBe(`(${field}.image: "x") and (${field}.name: *)`);
  expect(differences.join()).toMatch(/may be met by different elements of an array/);
});

test('what is wrong with an item is a problem with its name', () => {
  expect(problem(entry('match', 'x', { operator: 'is' }))).toMatch(
    /^exception "a": expected the operator included or excl/,
  );
  expect(problem(entry('match_phrase', 'x'))).toMatch(/entries of type "match_phrase" are not supported/);
  expect(problem(entry('match', { a: 1 }))).toMatch(/expected a value, found a mapping/);
  expect(problem(entry('wildcard', '10.*', { field: 'source.ip' }))).toMatch(
    /source\.ip is not text, but 10\.\* has wild/,
  );
  expect(problem({ type: 'match' })).toMatch(/expected an entry with a field/);
  expect(problem({ field: 'a', type: 'nested', entries: [{ field: 'b', type: 'nested', entries: [] }] })).toMatch(
    /nested/,
  );
  const late = { name: 'x', entries: [entry('match', 'x')], expire_time: 'soon' };
  for (const item of [null, {}, { name: 'x', entries: 7 }, { name: 'x', entries: [] }, late]) {
    expect([JSON.stringify(item), read(item).problems.length]).toEqual([JSON.stringify(item), 1]);
  }
  for (const reference of [null, 'x', {}, { list_id: 7 }]) {
    expect(readExceptionLists(reference, listsOf([])).problems[0]?.message ?? '').toMatch(
      /^expected an exception list/,
    );
  }
});
