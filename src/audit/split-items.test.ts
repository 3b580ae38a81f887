import assert from 'node:assert/strict';
import { test } from 'node:test';
import { splitItems } from './split-items.ts';

test('a list is cut at the commas between its items', () => {
  const text = '{"kind":"EventList","items": [{"a":[1,2]}, {"b":"],{"},3],"metadata":{}}';
  assert.deepEqual(splitItems(text, 10), {
    frame: '{"kind":"EventList","items": [],"metadata":{}}',
    items: ['{"a":[1,2]}', ' {"b":"],{"}', '3'],
  });
});

test('quotes and backslashes inside strings do not end them', () => {
  assert.deepEqual(splitItems('{"items":["a\\",",{"b":"\\\\"},"\\\\\\","]}', 10)?.items, [
    '"a\\","',
    '{"b":"\\\\"}',
    '"\\\\\\","',
  ]);
});

test('only the items of the outermost object count', () => {
  const text = '{"x":{"items":[1]},"y":["items"],"z":"\\"items\\":[9]","items":[2]}';
  assert.deepEqual(splitItems(text, 10)?.items, ['2']);
  assert.equal(splitItems('[{"items":[1]}]', 10), undefined);
});

test('a list that does not end, or that is too long, is not split', () => {
  assert.equal(splitItems('{"items":[{"a":1},{"b":[}', 10), undefined);
  assert.equal(splitItems('{"items":[{"a":1},{"b":"', 10), undefined);
  assert.equal(splitItems('{"kind":"x"}', 10), undefined);
  assert.equal(splitItems('', 10), undefined);
  assert.equal(splitItems('{"items":[1,2,3,4]}', 2), undefined);
});
