import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readWindows } from './elastic-windows.ts';

function spec(rule: Readonly<Record<string, unknown>>): unknown {
  const { spec: read, problems } = readWindows(rule);
  assert.deepEqual(problems, []);
  return read;
}

const threshold = (settings: object, rule: object = {}) =>
  spec({ type: 'threshold', threshold: { value: 3, ...settings }, ...rule });

test('a threshold counts within what one run searches', () => {
  const expected = { field: ['user.name'], value: 3, cardinality: [], window: '6m' };
  assert.deepEqual(
    threshold({ field: ['user.name'] }),
    { threshold: expected },
    'from now-6m unless it says otherwise',
  );
  assert.deepEqual(threshold({ field: ['user.name'] }, { from: 'now-540s', interval: '5m' }), {
    threshold: { ...expected, window: '9m' },
  });
});

test('its field is a name, a list, or nothing', () => {
  const fields = (field: unknown) => Object(Object(threshold({ field })).threshold).field;
  assert.deepEqual(fields('user.name'), ['user.name']);
  assert.deepEqual(fields(['user.name', 'source.ip']), ['user.name', 'source.ip']);
  for (const none of [[], '', undefined, ['']]) assert.deepEqual(fields(none), []);
});

test('of its cardinalities the first counts', () => {
  const [one, other] = [
    { field: 'source.ip', value: 2 },
    { field: 'user.name', value: 9 },
  ];
  const read = (cardinality: unknown) => readWindows({ type: 'threshold', threshold: { value: 1, cardinality } });
  assert.deepEqual(Object(read([one]).spec.threshold).cardinality, [one]);
  assert.deepEqual(Object(read([one, other]).spec.threshold).cardinality, [one]);
  assert.deepEqual(read([one, other]).notes, ['only the first of its cardinalities counts, as in Elastic']);
  assert.deepEqual(Object(read([]).spec.threshold).cardinality, []);
});

test('a sequence looks back as far as one run; a query has no window', () => {
  assert.deepEqual(spec({ type: 'eql', from: 'now-9m' }), { window: '9m' });
  assert.deepEqual(spec({ type: 'query', from: 'whenever' }), {});
});

test('what is wrong is said at the setting', () => {
  const wrong = (rule: Readonly<Record<string, unknown>>) =>
    readWindows(rule).problems.map(({ path, message }) => `${path.join('.')}: ${message}`);
  const search = 'from: expected a start of the search such as now-6m, found';
  assert.deepEqual(wrong({ type: 'eql', from: 'yesterday' }), [`${search} "yesterday"`]);
  assert.deepEqual(wrong({ type: 'threshold', threshold: { value: 1 }, from: 'now' }), [`${search} "now"`]);
  assert.deepEqual(wrong({ type: 'threshold' }), ['threshold: expected a table with field and value, found nothing']);
});
