import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PRESENT } from './values.ts';
import { compilePath } from './walk.ts';

const read = (path: string, root: unknown) => compilePath(path)(root);

test('a path leads through objects and arrays to a set of values', () => {
  assert.equal(read('a.b', { a: { b: 'x' } }), 'x');
  assert.equal(read('a.b', { a: [{ b: 'x' }, { c: 1 }] }), 'x');
  assert.deepEqual(read('a.b', { a: [{ b: ['x', 'y'] }, { b: 'z' }] }), ['x', 'y', 'z']);
  assert.deepEqual(read('a', { a: [[1, [2]], true] }), [1, 2, true]);
  assert.equal(read('a.b', [[{ a: [{ b: 1 }] }]]), 1);
  assert.equal(read('', 'scalar'), 'scalar');
});

test('a value stands in the set once', () => {
  assert.equal(read('a.b', { a: new Array(5_000).fill({ b: true }) }), true);
  assert.deepEqual(read('a', { a: ['x', 'y', 'x'] }), ['y', 'x']);
  assert.deepEqual(read('a', { a: ['1', 1, false, 0] }), ['1', 1, false, 0]);
});

test('many values are cut, and the last ones stay', () => {
  const values = read('a', { a: Array.from({ length: 30_000 }, (_, index) => index) });
  assert(Array.isArray(values));
  assert.equal(values.length, 10_000);
  assert.equal(values.at(-1), 29_999);
});

test('a dot in a key is as good as a dot between keys', () => {
  assert.equal(read('a.b.c', { 'a.b': { c: 1 } }), 1);
  assert.equal(read('a.b.c', { 'a.b.c': 1 }), 1);
  assert.equal(read('a.b.c', { a: { 'b.c': 1 } }), 1);
  assert.deepEqual(read('a.b.c', { a: { b: { c: 1 }, 'b.c': 2 }, 'a.b': { c: 3 }, 'a.b.c': 4 }), [1, 2, 3, 4]);
  assert.equal(read('x.example.org/name', { x: { 'example.org/name': ['n'] } }), 'n');
});

test('what is empty is absent', () => {
  for (const empty of [null, '', {}, [], [[]], [{}], { b: null }, { b: { c: [''] } }]) {
    assert.equal(read('a', { a: empty }), undefined, JSON.stringify(empty));
  }
  assert.equal(read('a', { a: false }), false);
  assert.equal(read('a', { a: 0 }), 0);
  assert.deepEqual(read('a', { a: ['', 'x', null, {}, 'y'] }), ['x', 'y']);
});

test('a path to an object with something in it exists and has no value', () => {
  assert.equal(read('a', { a: { b: { c: [0] } } }), PRESENT);
  assert.equal(read('a', { a: [{ b: 1 }] }), PRESENT);
  assert.equal(read('a', { a: [{ b: 1 }, 'x'] }), 'x');
  assert.equal(read('a', { a: ['x', { b: 1 }] }), 'x');
  assert.deepEqual(read('a', { a: [{ b: 1 }, 'x', { b: 1 }, 'y'] }), ['x', 'y']);
  assert.deepEqual(PRESENT, []);
});

test('only own properties are read', () => {
  for (const path of ['constructor', 'toString', '__proto__', 'a.length', 'a.constructor.name', '__proto__.x']) {
    assert.equal(read(path, { a: 'text' }), undefined, path);
  }
  assert.equal(read('__proto__.x', JSON.parse('{"__proto__":{"x":1}}')), 1);
});

test('a tree of any depth and any path are read without a throw', () => {
  let deep: unknown = 'x';
  for (let level = 0; level < 100_000; level++) deep = level % 2 === 0 ? [deep] : { a: deep };
  assert.equal(read('a.a.a', deep), undefined);
  assert.equal(read('a', { b: deep, a: deep }), undefined);
  const keys = Object.fromEntries(
    Array.from({ length: 31 }, (_, index) => [new Array(index + 1).fill('a').join('.'), { a: 1 }]),
  );
  assert.equal(read(new Array(32).fill('a').join('.'), keys), 1);
});
