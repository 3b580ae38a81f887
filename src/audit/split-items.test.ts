import { expect, test } from '@jest/globals';
import { splitItems } from './split-items.ts';

test('a list is cut at the commas between its items', () => {
  const text = '{"kind":"EventList","items": [{"a":[1,2]}, {"b":"],{"},3],"metadata":{}}';
  expect(splitItems(text, 10)).toEqual({
    frame: '{"kind":"EventList","items": [],"metadata":{}}',
    items: ['{"a":[1,2]}', ' {"b":"],{"}', '3'],
  });
});

test('quotes and backslashes inside strings do not end them', () => {
  expect(splitItems('{"items":["a\\",",{"b":"\\\\"},"\\\\\\","]}', 10)?.items).toEqual([
    '"a\\","',
    '{"b":"\\\\"}',
    '"\\\\\\","',
  ]);
});

test('only the items of the outermost object count', () => {
  const text = '{"x":{"items":[1]},"y":["items"],"z":"\\"items\\":[9]","items":[2]}';
  expect(splitItems(text, 10)?.items).toEqual(['2']);
  expect(splitItems('[{"items":[1]}]', 10)).toBeUndefined();
});

test('a list that does not end, or that is too long, is not split', () => {
  expect(splitItems('{"items":[{"a":1},{"b":[}', 10)).toBeUndefined();
  expect(splitItems('{"items":[{"a":1},{"b":"', 10)).toBeUndefined();
  expect(splitItems('{"kind":"x"}', 10)).toBeUndefined();
  expect(splitItems('', 10)).toBeUndefined();
  expect(splitItems('{"items":[1,2,3,4]}', 2)).toBeUndefined();
});
