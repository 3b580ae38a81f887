import { expect, test } from '@jest/globals';
import { readWindows } from './elastic-windows.ts';

function spec(rule: Readonly<Record<string, unknown>>): unknown {
  const { spec: read, problems } = readWindows(rule);
  expect(problems).toEqual([]);
  return read;
}

const threshold = (settings: object, rule: object = {}) =>
  spec({ type: 'threshold', threshold: { value: 3, ...settings }, ...rule });

test('a threshold counts within what one run searches', () => {
  const expected = { field: ['user.name'], value: 3, cardinality: [], window: '6m' };
  expect(threshold({ field: ['user.name'] })).toEqual({ threshold: expected }); // from now-6m unless it says otherwise
  expect(threshold({ field: ['user.name'] }, { from: 'now-540s', interval: '5m' })).toEqual({
    threshold: { ...expected, window: '9m' },
  });
});

test('its field is a name, a list, or nothing', () => {
  const fields = (field: unknown) => Object(Object(threshold({ field })).threshold).field;
  expect(fields('user.name')).toEqual(['user.name']);
  expect(fields(['user.name', 'source.ip'])).toEqual(['user.name', 'source.ip']);
  for (const none of [[], '', undefined, ['']]) expect(fields(none)).toEqual([]);
});

test('of its cardinalities the first counts', () => {
  const [one, other] = [
    { field: 'source.ip', value: 2 },
    { field: 'user.name', value: 9 },
  ];
  const read = (cardinality: unknown) => readWindows({ type: 'threshold', threshold: { value: 1, cardinality } });
  expect(Object(read([one]).spec.threshold).cardinality).toEqual([one]);
  expect(Object(read([one, other]).spec.threshold).cardinality).toEqual([one]);
  expect(read([one, other]).notes).toEqual(['only the first of its cardinalities counts, as in Elastic']);
  expect(Object(read([]).spec.threshold).cardinality).toEqual([]);
});

test('a sequence looks back as far as one run; a query has no window', () => {
  expect(spec({ type: 'eql', from: 'now-9m' })).toEqual({ window: '9m' });
  expect(spec({ type: 'query', from: 'whenever' })).toEqual({});
});

test('what is wrong is said at the setting', () => {
  const wrong = (rule: Readonly<Record<string, unknown>>) =>
    readWindows(rule).problems.map(({ path, message }) => `${path.join('.')}: ${message}`);
  const search = 'from: expected a start of the search such as now-6m, found';
  expect(wrong({ type: 'eql', from: 'yesterday' })).toEqual([`${search} "yesterday"`]);
  expect(wrong({ type: 'threshold', threshold: { value: 1 }, from: 'now' })).toEqual([`${search} "now"`]);
  expect(wrong({ type: 'threshold' })).toEqual(['threshold: expected a table with field and value, found nothing']);
});
