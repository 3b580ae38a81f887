import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileGrok } from './grok.ts';
import { GROK_PATTERNS } from './grok-patterns.ts';

function first(pattern: string, text: string): unknown {
  const result = compileGrok(pattern);
  assert.ok(result.kind === 'ok', result.kind === 'invalid' ? result.message : '');
  return result.grok.match(text)?.[0]?.[0];
}

function refusal(pattern: string): string {
  const result = compileGrok(pattern);
  assert.ok(result.kind === 'invalid', `accepted: ${pattern}`);
  return `${result.message}; ${result.hint ?? ''}`;
}

test('every pattern of the library compiles', () => {
  for (const name of Object.keys(GROK_PATTERNS)) assert.equal(compileGrok(`%{${name}:x}`).kind, 'ok', name);
});

test('patterns of the library match what they are named after', () => {
  const cases: readonly (readonly [string, string, string])[] = [
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
  ];
  for (const [name, text, expected] of cases) assert.equal(first(`%{${name}:x}`, text), expected, name);
});

test('a dot stops at a line break, anchors stand at lines, and the first match wins', () => {
  assert.equal(first('a%{GREEDYDATA:x}', 'a b\nc'), ' b');
  assert.equal(first('^%{WORD:x}$', 'two words\none\n'), 'one');
  assert.equal(first('%{DATA:x}b', 'aabab'), 'aa');
  assert.equal(compileGrok('%{INT}').kind, 'ok');
  assert.equal(first('%{INT}', '5'), undefined);
});

test('types turn what was found, and leave out what does not fit', () => {
  assert.equal(first('%{INT:x:int}', '12'), 12);
  assert.equal(first('%{INT:x:long}', '9007199254740993'), 9007199254740993n);
  assert.equal(first('%{NUMBER:x:double}', '.5'), 0.5);
  assert.equal(first('%{WORD:x:boolean}', 'true'), true);
  assert.equal(first('%{INT:x:int}', '99999999999'), undefined);
});

test('what is wrong with a pattern is said, with what to do', () => {
  assert.match(refusal('%{IPV7:x}'), /Unable to find pattern \[IPV7\]; did you mean %\{IPV4\}\?/);
  assert.match(refusal('%{INT:x:uint}'), /unknown type uint; types are string, int/);
  assert.match(refusal('%{INT:x:int} %{INT:x}'), /cannot be of type integer and keyword/);
  assert.match(refusal('(a'), /missing closing \)/);
  assert.match(refusal('(?<!a)b'), /cannot be matched in linear time/);
  assert.match(refusal('%{URI:a}'.repeat(500)), /stands for more than 16384 characters/);
  assert.match(refusal('a'.repeat(5_000)), /more than 4096 characters/);
});
