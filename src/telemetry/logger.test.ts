import { Writable } from 'node:stream';
import { expect, test } from '@jest/globals';
import { createLogger, type LogFormat, type LogLevel, type RootLogger } from './logger.ts';

function logged(format: LogFormat, act: (logger: RootLogger) => void, level: LogLevel = 'info'): readonly string[] {
  const lines: string[] = [];
  const stream = new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk));
      done();
    },
  });
  act(createLogger({ level, format, stream, now: () => new Date('2030-01-02T03:04:05.678Z') }));
  return lines;
}

function json(act: (logger: RootLogger) => void): Record<string, unknown> {
  const [line = '', ...more] = logged('json', act);
  expect(more).toHaveLength(0);
  expect(line).toMatch(/\}\n$/);
  return JSON.parse(line);
}

test('writes an entry as one line of JSON with ECS field names first', () => {
  const lines = logged('json', (logger) => logger.info('batch accepted', { cluster: 'local', events: 3 }));
  expect(lines).toEqual([
    '{"@timestamp":"2030-01-02T03:04:05.678Z","log.level":"info","message":"batch accepted","cluster":"local","events":3}\n',
  ]);
});

test('a child adds its fields; fields of the entry win', () => {
  const entry = json((logger) => logger.child({ a: 1, b: 1 }).child({ c: 1 }).warn('m', { b: 2 }));
  expect(entry).toMatchObject({ 'log.level': 'warn', a: 1, b: 2, c: 1 });
});

test('splits an error into message, type, code, cause and stack', () => {
  const error = Object.assign(new Error('no answer', { cause: new Error('ECONNREFUSED') }), { code: 'store_away' });
  const entry = json((logger) => logger.error('m', { error }));
  expect(entry['error.message']).toBe('no answer');
  expect(entry['error.type']).toBe('Error');
  expect(entry['error.code']).toBe('store_away');
  expect(entry['error.cause']).toBe('ECONNREFUSED');
  expect(String(entry['error.stack_trace'])).toMatch(/^Error: no answer\n {4}at /);
});

test.each(['json', 'text'] as const)('format %s: escapes hostile text in values, keys and errors', (format) => {
  const hostile = 'a\u001b[2J\u009b31m\u202eb\u200b\nc';
  const [line = ''] = logged(format, (logger) =>
    logger.info('m', { value: hostile, nested: { [hostile]: [hostile] }, error: new Error(hostile) }),
  );
  for (const character of ['\u001b', '\u009b', '\u202e', '\u200b']) expect(line).not.toContain(character);
  for (const part of line.trimEnd().split('\n').slice(1)) expect(part).toMatch(/^ {4}/);
});

test('bounds strings, depth and lists', () => {
  const deep: unknown[] = [];
  let at = deep;
  for (let depth = 0; depth < 100_000; depth++) {
    const next: unknown[] = [];
    at.push(next);
    at = next;
  }
  const [line = ''] = logged('json', (logger) =>
    logger.info('m', { long: 'é'.repeat(100_000), deep, wide: Array.from({ length: 10_000 }, () => 0) }),
  );
  expect(Buffer.byteLength(line)).toBeLessThan(5_000);
});

test('a field cannot replace the time, the level or the message', () => {
  const entry = json((logger) => logger.info('m', { message: 'x', 'log.level': 'x', '@timestamp': 'x' }));
  expect(entry.message).toBe('m');
  expect(entry['log.level']).toBe('info');
  expect(entry['fields.message']).toBe('x');
});

test('writes values that JSON lacks as text, and skips undefined', () => {
  const entry = json((logger) => logger.info('m', { big: 2n ** 64n, date: new Date(0), none: undefined }));
  expect(entry.big).toBe('18446744073709551616');
  expect(entry.date).toBe('1970-01-01T00:00:00.000Z');
  expect(entry).not.toHaveProperty(['none']);
});

test('changes the level at run time, for children too', () => {
  const lines = logged('text', (logger) => {
    const child = logger.child({ part: 'x' });
    child.debug('one');
    logger.setLevel('debug');
    child.debug('two');
    logger.setLevel('error');
    child.warn('three');
  });
  expect(lines).toEqual(['2030-01-02T03:04:05.678Z DEBUG two part=x\n']);
});

test('format text: one line of name=value, quoted where needed', () => {
  const lines = logged('text', (logger) => logger.info('it runs', { at: 'here', why: 'two words', n: 1 }));
  expect(lines).toEqual(['2030-01-02T03:04:05.678Z INFO  it runs at=here why="two words" n=1\n']);
});
