import { expect, test } from '@jest/globals';
import { expectPresent } from '../../../test/support/expect.ts';
import { createBudget } from '../match/budget.ts';
import type { Value } from '../predicate/function-row.ts';
import { FUNCTIONS, functionNames, functionOf } from './functions.ts';

type Case = readonly [values: readonly Value[], expected: Value];

function call(name: string, values: readonly Value[], isDouble = false): Value {
  const caseless = name.endsWith('~');
  const row = functionOf(caseless ? name.slice(0, -1) : name);
  expectPresent(row);
  expect(!caseless || row.caseless).toBeTruthy();
  return row.evaluate(values, createBudget(), { caseless, isDouble });
}

function check(name: string, ...cases: readonly Case[]): void {
  for (const [values, expected] of cases) {
    expect([`${name}(${values.map((value) => JSON.stringify(value)).join(', ')})`, call(name, values)]).toEqual([
      `${name}(${values.map((value) => JSON.stringify(value)).join(', ')})`,
      expected,
    ]);
  }
}

test('arithmetic: null if an argument is null or no number, or the result none', () => {
  check('add', [[4, 0.5], 4.5], [[null, 4], null], [['1', 2], null]);
  check('subtract', [[10.5, 0.5], 10], [[2, null], null]);
  check('multiply', [[-2, -2], 4], [[1e300, 1e300], null]);
  check('divide', [[4, 3], 1], [[-7, 2], -3], [[4, 0.5], 8], [[1, 0], null], [[0, 0], null]);
  check('modulo', [[10, 6], 4], [[10, -6], 4], [[-10, -6], -4], [[10, 0.5], 0], [[1, 0], null]);
  expect(call('divide', [7, 2], true)).toBe(3.5);
});

test('between', () => {
  const path = '/api/v1/namespaces/dev/pods/web';
  check(
    'between',
    [[path, 'namespaces/', '/'], 'dev'],
    [[path, 'namespaces/', '/', true], 'dev/pods'],
    [[path, 'NAMESPACES/', '/'], ''],
    [[path, 'namespaces/', 'services'], ''],
    [[path, '', '/'], path],
    [[path, '/', ''], path],
    [['', 'a', 'b'], ''],
    [[null, 'a', 'b'], null],
    [[path, null, 'b'], null],
    [['<>', '>', '<', true], null],
    [[1, 'a', 'b'], null],
  );
  check('between~', [[path, 'NAMESPACES/', '/PODS'], 'dev']);
});

test('cidrMatch', () => {
  check(
    'cidrMatch',
    [['192.168.1.2', '10.0.0.0/8', '192.168.0.0/16'], true],
    [['192.168.1.2', '10.0.0.0/8'], false],
    [['2001:db8::1', '2001:db8::/32'], true],
    [[null, '10.0.0.0/8'], null],
    [['192.168.1.2', null], null],
    [['here', '10.0.0.0/8'], null],
    [['192.168.1.2', 'there'], null],
  );
});

test('concat and string', () => {
  check('concat', [['a', ' ', 42, true, 4.5], 'a 42true4.5'], [['a', null], null], [[''], '']);
  check('string', [[42], '42'], [[true], 'true'], [['a'], 'a'], [[null], null]);
});

test('endsWith, startsWith, stringContains', () => {
  check('endsWith', [['web.exe', '.exe'], true], [['web.exe', '.EXE'], false], [['', ''], true], [['a', null], null]);
  check('endsWith~', [['web.exe', '.EXE'], true], [['CAFÉ', 'é'], true]);
  check(
    'startsWith',
    [['kube-system', 'kube-'], true],
    [['kube', 'Kube'], false],
    [[null, 'a'], null],
    [[1, '1'], null],
  );
  check('startsWith~', [['kube', 'KU'], true]);
  check('stringContains', [['a secret', 'sec'], true], [['a', 'A'], false], [['', ''], false], [['a', ''], false]);
  check('stringContains', [[null, 'a'], null], [['a', null], null]);
  check('stringContains~', [['a secret', 'SEC'], true]);
});

test('indexOf', () => {
  const name = 'subdomain.example.com';
  check(
    'indexOf',
    [[name, 'd'], 3],
    [[name, 'D'], null],
    [[name, '.', 9], 9],
    [[name, '.', 10], 17],
    [[name, '.', -6], 9],
    [[name, '.', 30], null],
    [[name, '.', null], 9],
    [[name, '', 9], 9],
    [['', ''], 0],
    [[name, null], null],
    [[null, '.'], null],
    [[name, '.', '1'], null],
  );
  check('indexOf~', [[name, 'D'], 3]);
});

test('length counts UTF-16 units', () => {
  check('length', [[''], 0], [['web'], 3], [['😀'], 2], [[null], null], [[12], null]);
});

test('number', () => {
  check(
    'number',
    [['1337'], 1337],
    [['42.5'], 42.5],
    [['-1337'], -1337],
    [['+1337'], 1337],
    [['  1337  '], 1337],
    [['1E3'], 1000],
    [['1.5e-1'], 0.15],
    [['.5'], 0.5],
    [['deadbeef', 16], 0xdeadbeef],
    [['0xdeadbeef'], 0xdeadbeef],
    [['0xdeadbeef', 16], 0xdeadbeef],
    [['0xdeadbeef', null], 0xdeadbeef],
    [['-101', 2], -5],
    [['z', 36], 35],
    [['102', 2], null],
    [['1', 1], null],
    [['1', 37], null],
    [['0x10', 10], null],
    [['ffffffffffffffffffff', 16], null],
    [[''], null],
    [['12x'], null],
    [[' ff', 16], null],
    [['Infinity'], null],
    [[null], null],
    [[null, 16], null],
    [[7], null],
    [['7', '16'], null],
  );
});

test('substring', () => {
  const text = 'start web.exe';
  check(
    'substring',
    [[text, 6], 'web.exe'],
    [[text, 0, 5], 'start'],
    [[text, -4], '.exe'],
    [[text, -4, -1], '.ex'],
    [[text, 5, 2], ''],
    [[text, 99], ''],
    [[text, -99, 5], 'start'],
    [['', 1], ''],
    [[text, null], text],
    [[null, 1], null],
    [[text, '1'], null],
  );
});

test('long texts: searching is linear, building has a bound, and both spend', () => {
  const text = 'a'.repeat(500_000);
  const part = `${'a'.repeat(250_000)}b`;
  expect(call('stringContains', [text, part])).toBe(false);
  expect(call('indexOf', [text, part])).toBeNull();
  expect(call('between', [text, 'a', part, true])).toBe('');
  const budget = createBudget();
  const row = functionOf('concat');
  expect(row?.evaluate([text, text, text], budget, { caseless: false, isDouble: false })).toBeNull();
  expect(budget.isOverrun).toBe(true);
});

test('each function is there once, under its name, and says what it does in one sentence', () => {
  const names = FUNCTIONS.map(({ name }) => name);
  expect(names).toEqual([...new Set(names)].sort((a, b) => a.localeCompare(b, 'en')));
  for (const { doc } of FUNCTIONS) expect(doc).toMatch(/^[A-Z].*\.$/);
  expect(functionOf('Length')).toBeUndefined();
  expect(functionNames()).toContain('length');
});
