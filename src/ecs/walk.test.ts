import { expect, test } from '@jest/globals';
import { expectArray } from '../../test/support/expect.ts';
import { PRESENT } from './values.ts';
import { compilePath } from './walk.ts';

const read = (path: string, root: unknown) => compilePath(path)(root);

test('a path leads through objects and arrays to a set of values', () => {
  expect(read('a.b', { a: { b: 'x' } })).toBe('x');
  expect(read('a.b', { a: [{ b: 'x' }, { c: 1 }] })).toBe('x');
  expect(read('a.b', { a: [{ b: ['x', 'y'] }, { b: 'z' }] })).toEqual(['x', 'y', 'z']);
  expect(read('a', { a: [[1, [2]], true] })).toEqual([1, 2, true]);
  expect(read('a.b', [[{ a: [{ b: 1 }] }]])).toBe(1);
  expect(read('', 'scalar')).toBe('scalar');
});

test('a value stands in the set once', () => {
  expect(read('a.b', { a: new Array(5_000).fill({ b: true }) })).toBe(true);
  expect(read('a', { a: ['x', 'y', 'x'] })).toEqual(['y', 'x']);
  expect(read('a', { a: ['1', 1, false, 0] })).toEqual(['1', 1, false, 0]);
});

test('many values are cut, and the last ones stay', () => {
  const values = read('a', { a: Array.from({ length: 30_000 }, (_, index) => index) });
  expectArray(values);
  expect(values).toHaveLength(10_000);
  expect(values.at(-1)).toBe(29_999);
});

test('a dot in a key is as good as a dot between keys', () => {
  expect(read('a.b.c', { 'a.b': { c: 1 } })).toBe(1);
  expect(read('a.b.c', { 'a.b.c': 1 })).toBe(1);
  expect(read('a.b.c', { a: { 'b.c': 1 } })).toBe(1);
  expect(read('a.b.c', { a: { b: { c: 1 }, 'b.c': 2 }, 'a.b': { c: 3 }, 'a.b.c': 4 })).toEqual([1, 2, 3, 4]);
  expect(read('x.example.org/name', { x: { 'example.org/name': ['n'] } })).toBe('n');
});

test('what is empty is absent', () => {
  expect(read('a', { a: false })).toBe(false);
  expect(read('a', { a: 0 })).toBe(0);
  expect(read('a', { a: ['', 'x', null, {}, 'y'] })).toEqual(['x', 'y']);
});

test.each([null, '', {}, [], [[]], [{}], { b: null }, { b: { c: [''] } }])('what is empty is absent: %j', (empty) => {
  expect(read('a', { a: empty })).toBeUndefined();
});

test('a path to an object with something in it exists and has no value', () => {
  expect(read('a', { a: { b: { c: [0] } } })).toBe(PRESENT);
  expect(read('a', { a: [{ b: 1 }] })).toBe(PRESENT);
  expect(read('a', { a: [{ b: 1 }, 'x'] })).toBe('x');
  expect(read('a', { a: ['x', { b: 1 }] })).toBe('x');
  expect(read('a', { a: [{ b: 1 }, 'x', { b: 1 }, 'y'] })).toEqual(['x', 'y']);
  expect(PRESENT).toEqual([]);
});

test('only own properties are read', () => {
  expect(read('__proto__.x', JSON.parse('{"__proto__":{"x":1}}'))).toBe(1);
});

test.each(['constructor', 'toString', '__proto__', 'a.length', 'a.constructor.name', '__proto__.x'])(
  'only own properties are read: %s',
  (path) => {
    expect(read(path, { a: 'text' })).toBeUndefined();
  },
);

test('a tree of any depth and any path are read without a throw', () => {
  let deep: unknown = 'x';
  for (let level = 0; level < 100_000; level++) deep = level % 2 === 0 ? [deep] : { a: deep };
  expect(read('a.a.a', deep)).toBeUndefined();
  expect(read('a', { b: deep, a: deep })).toBeUndefined();
  const keys = Object.fromEntries(
    Array.from({ length: 31 }, (_, index) => [new Array(index + 1).fill('a').join('.'), { a: 1 }]),
  );
  expect(read(new Array(32).fill('a').join('.'), keys)).toBe(1);
});
