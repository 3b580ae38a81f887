import assert from 'node:assert/strict';
import { test } from 'node:test';
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
  assert.deepEqual(problems, []);
  return exceptions[0]?.query;
}

function problem(...entries: readonly unknown[]): string {
  const { exceptions, problems } = read({ name: 'a', entries });
  assert.deepEqual(exceptions, []);
  assert.deepEqual(problems[0]?.path, ['exceptions_list', 0]);
  return `${problems[0]?.message}${problems[0]?.hint === undefined ? '' : ` (${problems[0].hint})`}`;
}

test('each item is an exception, with its name and comments as the reason, and its end', () => {
  const items = [
    { name: 'CI', entries: [entry('match', 'get')], comments: [{ comment: ' asked for by Ann ' }, {}, 7] },
    { name: 'Night', entries: [entry('exists', undefined)], expire_time: '2026-03-01T13:00:00.000+01:00' },
  ];
  assert.deepEqual(read(...items).exceptions, [
    { query: `${VERB}: "get"`, language: 'kuery', reason: 'CI: asked for by Ann' },
    { query: `${VERB}: *`, language: 'kuery', reason: 'Night', expiresAt: Date.UTC(2026, 2, 1, 12) * 1_000 },
  ]);
});

test('entries: is, is one of, exists, matches; all of an item have to hold', () => {
  assert.equal(query(entry('match', 'get')), `${VERB}: "get"`);
  assert.equal(query(entry('match', '*')), `${VERB}: "*"`, 'a wildcard is one only where it is said to be');
  assert.equal(query(entry('match_any', ['get', 'list'])), `${VERB}: ("get" or "list")`);
  assert.equal(query(entry('wildcard', 'g*\\**')), `${VERB}: g*\\**`);
  assert.equal(query(entry('wildcard', 'get')), `${VERB}: "get"`);
  assert.equal(
    query(entry('match', 'get'), entry('exists', undefined, { field: 'user.name' })),
    `(${VERB}: "get") and (user.name: *)`,
  );
});

test('excluded is the opposite, also where the field is absent', () => {
  const excluded = { operator: 'excluded' };
  assert.equal(query(entry('match', 'get', excluded)), `not (${VERB}: "get")`);
  assert.equal(query(entry('match_any', ['a', 'b'], excluded)), `not (${VERB}: ("a" or "b"))`);
  assert.equal(query(entry('exists', undefined, excluded)), `not (${VERB}: *)`);
});

test('a wildcard for one character, and many values, are lists', () => {
  const lists = (one: object) => read({ name: 'a', entries: [one] }).exceptions.map((each) => [each.query, each.lists]);
  assert.deepEqual(lists(entry('wildcard', 'g?t', { operator: 'excluded' })), [
    ['*: *', [{ field: VERB, type: 'wildcard', values: ['g?t'], excluded: true }]],
  ]);
  const many = Array.from({ length: 51 }, String);
  assert.deepEqual(lists(entry('match_any', many)), [
    ['*: *', [{ field: VERB, type: 'keyword', values: many, excluded: false }]],
  ]);
});

test('is in list: the values of the list, whole; a text list with its difference', () => {
  const inList = (type: string) => entry('list', undefined, { list: { id: 'robots', type } });
  const { exceptions, differences } = read({ name: 'a', entries: [inList('keyword')] });
  assert.deepEqual(exceptions[0]?.lists, [{ field: VERB, type: 'keyword', values: ['ci', 'cd'], excluded: false }]);
  assert.deepEqual(differences, []);
  assert.match(
    read({ name: 'a', entries: [inList('text')] }).differences.join(),
    /^exception "a": the text list robots is compared with whole values/,
  );
  assert.match(problem(inList('geo_point')), /value lists of type "geo_point" are not known here/);
});

test('a list that is missing refuses the rule, and says what to put where', () => {
  assert.equal(
    problem(entry('list', undefined, { list: { id: 'gone', type: 'ip' } })),
    'exception "a": the value list gone is not there: without it the rule would alert more than it should (export it ' +
      '(Kibana: Rules, Manage value lists) and put it there as gone.txt beside the export, one value a line)',
  );
  for (const reference of [
    { ...REFERENCE, list_id: 'other' },
    { ...REFERENCE, namespace_type: 'agnostic' },
  ]) {
    const { problems } = readExceptionLists([reference], listsOf([]));
    assert.match(problems[0]?.message ?? '', /^the exception list (other|noise) is not among the files/);
    assert.match(problems[0]?.hint ?? '', /export the rule again with its exceptions/);
  }
  assert.deepEqual(readExceptionLists([REFERENCE], listsOf([])).problems, [], 'an empty list is there');
});

test('what no audit event has never applies, or always where it is excluded, and is said', () => {
  const { exceptions, notes } = read({ name: 'a', entries: [entry('match', 'x', { field: 'okta.actor.id' })] });
  assert.deepEqual(
    [exceptions[0]?.query, notes],
    ['not *: *', ['exception "a": no audit event has okta.actor.id, so it never applies']],
  );
  assert.equal(query(entry('match', 'x', { field: 'okta.actor.id', operator: 'excluded' })), '*: *');
  const hosts = read({ name: 'b', os_types: ['linux'], entries: [entry('match', 'x')] });
  assert.equal(hosts.exceptions[0]?.query, `(not *: *) and (${VERB}: "x")`);
  assert.match(hosts.notes.join(), /^exception "b": it is for hosts \(linux\)/);
  const endpoint = readExceptionLists([{ ...REFERENCE, list_id: 'endpoint_list', type: 'endpoint' }], listsOf([]));
  assert.deepEqual([endpoint.problems, endpoint.exceptions], [[], []]);
  assert.match(endpoint.notes.join(), /^the list endpoint_list is for hosts of Elastic Defend/);
});

test('nested: the fields below the parent, and that elements are not kept apart', () => {
  const entries = [entry('match', 'x', { field: 'image' }), entry('exists', undefined, { field: 'name' })];
  const field = 'kubernetes.audit.requestObject.spec.containers';
  const { exceptions, differences } = read({ name: 'a', entries: [{ field, type: 'nested', entries }] });
  assert.equal(exceptions[0]?.query, `(${field}.image: "x") and (${field}.name: *)`);
  assert.match(differences.join(), /may be met by different elements of an array/);
});

test('what is wrong with an item is a problem with its name', () => {
  assert.match(
    problem(entry('match', 'x', { operator: 'is' })),
    /^exception "a": expected the operator included or excl/,
  );
  assert.match(problem(entry('match_phrase', 'x')), /entries of type "match_phrase" are not known here/);
  assert.match(problem(entry('match', { a: 1 })), /expected a value, found a mapping/);
  assert.match(
    problem(entry('wildcard', '10.*', { field: 'source.ip' })),
    /source\.ip is no text, and 10\.\* has wild/,
  );
  assert.match(problem({ type: 'match' }), /expected an entry with a field/);
  assert.match(
    problem({ field: 'a', type: 'nested', entries: [{ field: 'b', type: 'nested', entries: [] }] }),
    /nested/,
  );
  const late = { name: 'x', entries: [entry('match', 'x')], expire_time: 'soon' };
  for (const item of [null, {}, { name: 'x', entries: 7 }, { name: 'x', entries: [] }, late]) {
    assert.equal(read(item).problems.length, 1, JSON.stringify(item));
  }
  for (const reference of [null, 'x', {}, { list_id: 7 }]) {
    assert.match(readExceptionLists(reference, listsOf([])).problems[0]?.message ?? '', /^expected an exception list/);
  }
});
