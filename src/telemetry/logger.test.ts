import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import { test } from 'node:test';
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
  assert.equal(more.length, 0);
  assert.ok(line.endsWith('}\n'));
  return JSON.parse(line);
}

test('an entry is one line of JSON with the names of ECS first', () => {
  const lines = logged('json', (logger) => logger.info('batch accepted', { cluster: 'local', events: 3 }));
  assert.deepEqual(lines, [
    '{"@timestamp":"2030-01-02T03:04:05.678Z","log.level":"info","message":"batch accepted","cluster":"local","events":3}\n',
  ]);
});

test('a child adds its fields, and the entry wins over them', () => {
  const entry = json((logger) => logger.child({ a: 1, b: 1 }).child({ c: 1 }).warn('m', { b: 2 }));
  assert.equal(entry['log.level'], 'warn');
  assert.deepEqual([entry.a, entry.b, entry.c], [1, 2, 1]);
});

test('an error becomes its message, type, code, cause and stack', () => {
  const error = Object.assign(new Error('no answer', { cause: new Error('ECONNREFUSED') }), { code: 'store_away' });
  const entry = json((logger) => logger.error('m', { error }));
  assert.equal(entry['error.message'], 'no answer');
  assert.equal(entry['error.type'], 'Error');
  assert.equal(entry['error.code'], 'store_away');
  assert.equal(entry['error.cause'], 'ECONNREFUSED');
  assert.match(String(entry['error.stack_trace']), /^Error: no answer\n {4}at /);
});

test('a hostile string reaches no terminal unescaped, in a value, a key, or an error', () => {
  const hostile = 'a\u001b[2J\u009b31m\u202eb\u200b\nc';
  for (const format of ['json', 'text'] as const) {
    const [line = ''] = logged(format, (logger) =>
      logger.info('m', { value: hostile, nested: { [hostile]: [hostile] }, error: new Error(hostile) }),
    );
    for (const character of ['\u001b', '\u009b', '\u202e', '\u200b']) assert.ok(!line.includes(character), format);
    const pretenders = line.trimEnd().split('\n').slice(1);
    assert.ok(
      pretenders.every((part) => part.startsWith('    ')),
      line,
    );
  }
});

test('strings, depth and lists are bounded', () => {
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
  assert.ok(Buffer.byteLength(line) < 5_000, String(line.length));
});

test('a field cannot take the place of the time, the level or the message', () => {
  const entry = json((logger) => logger.info('m', { message: 'x', 'log.level': 'x', '@timestamp': 'x' }));
  assert.equal(entry.message, 'm');
  assert.equal(entry['log.level'], 'info');
  assert.equal(entry['fields.message'], 'x');
});

test('what JSON cannot hold is written as text, and what is undefined is left out', () => {
  const entry = json((logger) => logger.info('m', { big: 2n ** 64n, date: new Date(0), none: undefined }));
  assert.equal(entry.big, '18446744073709551616');
  assert.equal(entry.date, '1970-01-01T00:00:00.000Z');
  assert.ok(!('none' in entry));
});

test('the level may change at run time, for children too', () => {
  const lines = logged('text', (logger) => {
    const child = logger.child({ part: 'x' });
    child.debug('one');
    logger.setLevel('debug');
    child.debug('two');
    logger.setLevel('error');
    child.warn('three');
  });
  assert.deepEqual(lines, ['2030-01-02T03:04:05.678Z DEBUG two part=x\n']);
});

test('text is one line of name=value, quoted where it has to be', () => {
  const lines = logged('text', (logger) => logger.info('it runs', { at: 'here', why: 'two words', n: 1 }));
  assert.deepEqual(lines, ['2030-01-02T03:04:05.678Z INFO  it runs at=here why="two words" n=1\n']);
});
