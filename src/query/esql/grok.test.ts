import { expect, test } from '@jest/globals';
import { expectKind } from '../../../test/support/expect.ts';
import { compileGrok } from './grok.ts';
import { GROK_PATTERNS } from './grok-patterns.ts';

function first(pattern: string, text: string): unknown {
  const result = compileGrok(pattern);
  expectKind(result, 'ok');
  return result.grok.match(text)?.[0]?.[0];
}

function refusal(pattern: string): string {
  const result = compileGrok(pattern);
  expectKind(result, 'invalid');
  return `${result.message}; ${result.hint ?? ''}`;
}

test.each(Object.keys(GROK_PATTERNS))('every pattern of the library compiles: %j', (name) => {
  expect(compileGrok(`%{${name}:x}`).kind).toBe('ok');
});

test.each<readonly [string, string, string]>([
  ['IP', 'from 10.0.0.255 here', '10.0.0.255'],
  ['IPV6', 'from 2001:db8::5 here', '2001:db8::5'],
  ['WORD', ' two words', 'two'],
  ['NUMBER', 'load -1.5', '-1.5'],
  ['NOTSPACE', ' a/b c', 'a/b'],
  ['UUID', 'id 123e4567-e89b-12d3-a456-426614174000.', '123e4567-e89b-12d3-a456-426614174000'],
  ['TIMESTAMP_ISO8601', 'at 2026-11-20T10:00:00.5Z', '2026-11-20T10:00:00.5Z'],
  ['HTTPDATE', '[20/Nov/2026:10:00:00 +0100]', '20/Nov/2026:10:00:00 +0100'],
  ['QUOTEDSTRING', 'say "a \\" b" now', '"a \\" b"'],
  ['EMAILADDRESS', 'to ann@example.org', 'ann@example.org'],
  ['URI', 'see https://example.org:8080/a/b?c=d ', 'https://example.org:8080/a/b?c=d'],
  ['MAC', 'mac 00:1A:2b:3c:4d:5e', '00:1A:2b:3c:4d:5e'],
  ['LOGLEVEL', 'a WARNING', 'WARNING'],
  ['UNIXPATH', 'in /var/log', '/var/log'],
  ['SYSLOGTIMESTAMP', 'Nov  7 10:00:01 host', 'Nov  7 10:00:01'],
])('patterns of the library match what they are named after: %s', (name, text, expected) => {
  expect(first(`%{${name}:x}`, text)).toEqual(expected);
});

test('a dot stops at a line break, anchors stand at lines, and the first match wins', () => {
  expect(first('a%{GREEDYDATA:x}', 'a b\nc')).toBe(' b');
  expect(first('^%{WORD:x}$', 'two words\none\n')).toBe('one');
  expect(first('%{DATA:x}b', 'aabab')).toBe('aa');
  expect(compileGrok('%{INT}').kind).toBe('ok');
  expect(first('%{INT}', '5')).toBeUndefined();
});

test('types turn what was found, and leave out what does not fit', () => {
  expect(first('%{INT:x:int}', '12')).toBe(12);
  expect(first('%{INT:x:long}', '9007199254740993')).toBe(9007199254740993n);
  expect(first('%{NUMBER:x:double}', '.5')).toBe(0.5);
  expect(first('%{WORD:x:boolean}', 'true')).toBe(true);
  expect(first('%{INT:x:int}', '99999999999')).toBeUndefined();
});

test('what is wrong with a pattern is said, with what to do', () => {
  expect(refusal('%{IPV7:x}')).toMatch(/Unable to find pattern \[IPV7\]; did you mean %\{IPV4\}\?/);
  expect(refusal('%{INT:x:uint}')).toMatch(/unknown type uint; types are string, int/);
  expect(refusal('%{INT:x:int} %{INT:x}')).toMatch(/cannot be of type integer and keyword/);
  expect(refusal('(a')).toMatch(/missing closing \)/);
  expect(refusal('(?<!a)b')).toMatch(/cannot be matched in linear time/);
  expect(refusal('%{URI:a}'.repeat(500))).toMatch(/expands to more than 16384 characters/);
  expect(refusal('a'.repeat(5_000))).toMatch(/more than 4096 characters/);
});
