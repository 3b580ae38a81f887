/** `firstseen query`. */

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { type RunResult, runProcess } from '../support/child-process.ts';
import { runCommand } from '../support/command-line.ts';
import { createTemporaryFolder } from '../support/temporary-folder.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const MAIN = join(ROOT, 'src', 'main.ts');
const folder = createTemporaryFolder('cli-query');

const query = (...args: readonly string[]): Promise<RunResult> => runCommand(['query', ...args]);

/** A line of an audit log with spaces and numbers that our encoder would not write. */
function line(n: number, verb: string, user: string, rest = ''): string {
  const time = `2026-03-02T08:00:0${n}.000000Z`;
  return `{"kind":"Event", "apiVersion":"audit.k8s.io/v1","auditID":"id-${n}","stage":"ResponseComplete","verb":"${verb}","user":{"username":"${user}"},"stageTimestamp":"${time}","big":12345678901234567890${rest}}`;
}

const LINES = [
  line(1, 'get', 'eve', ', "requestURI":"/a?x=\\u003c\\u001b[31m"'),
  line(2, 'list', 'eve', ',"sourceIPs":["192.0.2.1"],"objectRef":{"resource":"secrets","namespace":"web"}'),
  line(3, 'get', 'bob', ',"responseStatus":{"code":403}'),
  line(4, 'delete', 'eve', ',"userAgent":"käse \u202e"'),
];
const [GET, LIST, FORBIDDEN, DELETE] = LINES as [string, string, string, string];
const LOG = LINES.map((text) => `${text}\n`).join('');

/** Writes a file and gives its path. */
function file(name: string, content: string | Buffer): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const log = file('audit.log', LOG);

describe('events', () => {
  test('matching lines are printed byte for byte, in KQL and EQL', async () => {
    const found = await query('user.name: eve and not event.action: list', log);
    expect(found).toMatchObject({ code: 0, stdout: `${GET}\n${DELETE}\n`, stderr: '' });
    const same = await query('any where user.name == "eve" and event.action != "list"', log);
    expect(same).toMatchObject({ code: 0, stdout: `${GET}\n${DELETE}\n`, stderr: '' });
  });

  test('invalid UTF-8 and Windows line endings are printed unchanged', async () => {
    const bytes = Buffer.concat([
      Buffer.from(GET.slice(0, -1)),
      Buffer.from(',"userAgent":"'),
      Buffer.from([0xff, 0xfe]),
    ]);
    const path = file('bytes.log', Buffer.concat([bytes, Buffer.from('"}\r\n'), Buffer.from(LIST)]));
    const out = join(folder, 'bytes.out');
    const script = '"$0" "$1" query "event.action: *" "$2" > "$3"';
    await runProcess('sh', ['-c', script, process.execPath, MAIN, path, out], { cwd: ROOT });
    expect(readFileSync(out)).toEqual(Buffer.concat([readFileSync(path), Buffer.from('\n')]));
  });

  test('exit code 1 if nothing is found', async () => {
    const { code, stdout, stderr } = await query('user.name: nobody', log);
    expect({ code, stdout, stderr }).toEqual({ code: 1, stdout: '', stderr: '' });
  });

  test('-c counts, -m stops, -H names the file', async () => {
    const count = await query('-c', 'user.name: eve', log, log);
    expect(count).toMatchObject({ code: 0, stdout: '6\n' });
    const none = await query('-c', 'user.name: nobody', log);
    expect(none).toMatchObject({ code: 1, stdout: '0\n' });
    const first = await query('-m', '1', '-H', 'user.name: eve', log, log);
    expect(first.stdout).toBe(`${log}:${GET}\n`);
  });

  test('gzip, standard input, several files in order', async () => {
    const packed = file('audit.log.gz', gzipSync(LOG));
    expect((await query('event.action: (list or delete)', packed)).stdout).toBe(`${LIST}\n${DELETE}\n`);
    for (const args of [[], ['-']]) {
      const { stdout } = await runCommand(['query', 'event.action: list', ...args], { input: LOG });
      expect(stdout).toBe(`${LIST}\n`);
    }
    const other = file('other.log', `${FORBIDDEN}\n`);
    expect((await query('event.action: get', other, packed)).stdout).toBe(`${FORBIDDEN}\n${GET}\n${FORBIDDEN}\n`);
  });

  test('each event of a list is one complete line', async () => {
    const spread = LINES.map((text) => text.replaceAll(',"', ',\n   "'));
    const list = `{\n "kind":"EventList","apiVersion":"audit.k8s.io/v1","items":[\n  ${spread.join(',\n  ')}\n ]\n}\n`;
    const expected = `${GET.replaceAll(', "', ',"')}\n${FORBIDDEN.replaceAll(', "', ',"')}\n`;
    const { stdout } = await query('event.action: get', file('list.json', list));
    expect(stdout.replaceAll(', "', ',"')).toBe(expected);
    const one = `{"kind":"EventList","apiVersion":"audit.k8s.io/v1","items":[${LINES.join(',')}]}`;
    expect((await query('event.action: (get or list)', file('one.json', one))).stdout).toBe(
      `${GET}\n${LIST}\n${FORBIDDEN}\n`,
    );
  });

  test('an event over many lines is printed as one line', async () => {
    const path = file('spread.json', JSON.stringify(JSON.parse(LIST), null, 2));
    expect(JSON.parse((await query('event.action: list', path)).stdout)).toEqual(JSON.parse(LIST));
  });

  test('--from and --to, times and dates', async () => {
    const between = ['--from', '2026-03-02T08:00:02Z', '--to', '2026-03-02T09:00:04+01:00'];
    expect((await query(...between, '*: *', log)).stdout).toBe(`${LIST}\n${FORBIDDEN}\n`);
    expect((await query('--from', '2026-03-03', '*: *', log)).code).toBe(1);
    const wrong = await query('--from', 'yesterday', '*: *', log);
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toMatch(/'yesterday' is invalid. expected a time such as 2026-03-02T08:00:00Z, or a date/);
  });

  test('-o table prints escaped columns', async () => {
    const hostile = line(5, 'get', 'a\\u001b[2J\\u202eb');
    const { stdout } = await query('-o', 'table', 'event.action: *', file('hostile.log', `${LOG}${hostile}\n`));
    expect(stdout).toBe(
      [
        'TIME                          USER                  ACTION         OBJECT   CODE   SOURCE',
        '2026-03-02T08:00:01.000000Z   eve                   get            /a',
        '2026-03-02T08:00:02.000000Z   eve                   list secrets   web             192.0.2.1',
        '2026-03-02T08:00:03.000000Z   bob                   get                     403',
        '2026-03-02T08:00:04.000000Z   eve                   delete',
        '2026-03-02T08:00:05.000000Z   a\\u{1b}[2J\\u{202e}b   get',
        '',
      ].join('\n'),
    );
  });

  test('-o json prints one event per line', async () => {
    expect((await query('-o', 'json', '-H', 'event.action: list', log)).stdout).toBe(`${LIST}\n`);
  });

  test('lines that are not events are reported once and counted', async () => {
    const { code, stdout, stderr } = await query('event.action: list', file('bad.log', `x\n${LOG}{"kind":"Pod"}\n`));
    expect({ code, stdout }).toEqual({ code: 0, stdout: `${LIST}\n` });
    expect(stderr).toMatch(/bad\.log:1: skipped: .*\n2 lines or items skipped\n$/);
  });

  test('-v prints the detected language', async () => {
    expect((await query('-v', '-c', 'any where true', log)).stderr).toBe('read as EQL; events: 4, found: 4\n');
  });
});

describe('ES|QL', () => {
  test('a query that only selects events prints their lines', async () => {
    const { code, stdout, stderr } = await query('FROM logs | WHERE user.name == "eve" | LIMIT 2', log);
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: `${GET}\n${LIST}\n`, stderr: '' });
    expect((await query('-c', 'FROM logs | WHERE user.name == "eve"', log)).stdout).toBe('3\n');
  });

  const STATS = 'FROM logs | STATS n = COUNT(*), a = MV_SORT(VALUES(event.action)) BY user.name | SORT n DESC';

  test('rows are printed as a table or JSON', async () => {
    const table = [
      'n   a                     user.name',
      '3   [delete, get, list]   eve',
      '1   get                   bob',
      '',
    ];
    expect((await query(STATS, log)).stdout).toBe(table.join('\n'));
    const json = ['{"n":3,"a":["delete","get","list"],"user.name":"eve"}', '{"n":1,"a":"get","user.name":"bob"}', ''];
    expect((await query('-o', 'json', STATS, log)).stdout).toBe(json.join('\n'));
    expect((await query('-c', STATS, log)).stdout).toBe('2\n');
    expect((await query('-m', '1', STATS, log)).stdout).toBe(
      table
        .filter((_, i) => i !== 2)
        .join('\n')
        .replaceAll(/ +$/gm, ''),
    );
  });

  test('rows are escaped', async () => {
    const { stdout } = await query(
      'FROM x | KEEP user.name',
      file('hostile-2.log', `${line(5, 'get', 'a\\u001b[2J\\u202eb')}\n`),
    );
    expect(stdout).toBe('user.name\na\\u{1b}[2J\\u{202e}b\n');
  });

  test('exit code 1 without rows; ROW needs no events', async () => {
    expect((await query('FROM x | KEEP user.name | WHERE user.name == "x"', log)).code).toBe(1);
    expect((await query('--now', '2026-03-02', 'ROW t = NOW()')).stdout).toBe('t\n2026-03-02T00:00:00.000Z\n');
  });

  test('errors and warnings show their place', async () => {
    const { code, stderr } = await query('FROM x | WHERE user.nam == 1', log);
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /line 1, column 16: unknown column `user\.nam`\n.*\n {17}\^\n {2}hint: did you mean user\.name\?\n.*language: ES\|QL/s,
    );
    expect((await query('FROM x | EVAL d = 1 / 0 | KEEP d | LIMIT 1', log)).stderr).toMatch(
      /^warning: line 1, column 19: /,
    );
  });
});

describe('sequences', () => {
  const PAIR = 'sequence by user.name [any where event.action == "get"] [any where event.action in ("list", "delete")]';

  test('join values, then lines, in time order', async () => {
    const shuffled = file('shuffled.log', `${[DELETE, LIST, FORBIDDEN, GET].join('\n')}\n`);
    const { code, stdout, stderr } = await query(PAIR, shuffled);
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: `-- user.name: "eve"\n${GET}\n${LIST}\n`, stderr: '' });
    expect((await query('-c', PAIR, log)).stdout).toBe('1\n');
    expect((await query(PAIR, file('none.log', `${LIST}\n${FORBIDDEN}\n`))).code).toBe(1);
  });

  test('JSON lines and tables', async () => {
    const json = await query('-o', 'json', PAIR, log);
    expect(json.stdout).toBe(`{"by":{"user.name":"eve"},"events":[${GET},${LIST}]}\n`);
    const table = await query('-o', 'table', PAIR, log);
    expect(table.stdout).toMatch(
      /^-- user\.name: "eve"\nTIME .*\n2026\S+ +eve +get .*\n2026\S+ +eve +list secrets .*\n$/,
    );
  });

  test('-m, and a sequence without join values', async () => {
    const any = 'sequence with maxspan=1s [any where true] [any where true]';
    const expected = [
      [GET, LIST],
      [LIST, FORBIDDEN],
      [FORBIDDEN, DELETE],
    ].map((lines) => `--\n${lines.join('\n')}\n`);
    expect((await query(any, log)).stdout).toBe(expected.join(''));
    expect((await query('-m', '2', any, log)).stdout).toBe(expected.slice(0, 2).join(''));
  });
});

describe('documents of any kind', () => {
  const DOCUMENTS = [
    '{"host":{"ip":"10.0.0.7","name":"a"},"n":5,"tags":["x","y"],"@timestamp":"2026-03-02T08:00:02Z"}',
    '{"host":[{"ip":"192.0.2.1"},{"name":"b"}],"n":70,"ok":true,"@timestamp":"2026-03-02T08:00:01Z"}',
    '{"host.name":"c","n":8.5}',
  ];
  const path = file('documents.jsonl', `${DOCUMENTS.join('\n')}\n[1]\n`);
  const types = file('types.yaml', 'host.ip: ip\nn: double\nok: boolean\n"@timestamp": date\n');
  const raw = (...args: readonly string[]) => query('--raw', '--types', types, ...args, path);
  const found = async (text: string) =>
    (await raw(text)).stdout
      .split('\n')
      .filter(Boolean)
      .map((document) => DOCUMENTS.indexOf(document));

  test('fields are paths with the given type, or keyword', async () => {
    expect(await found('host.ip: 10.0.0.0/8')).toEqual([0]);
    expect(await found('n > 6')).toEqual([1, 2]);
    expect(await found('host.name: *')).toEqual([0, 1, 2]);
    expect(await found('tags: y or ok: true')).toEqual([0, 1]);
    expect(await found('any where n < 6 or host.name == "c"')).toEqual([0, 2]);
    expect(await found('sequence with maxspan=1s [any where ok] [any where n == 5]')).toEqual([-1, 1, 0]);
    expect(await found('FROM x | WHERE n > 6 AND host.name IS NOT NULL')).toEqual([1]);
    const stats = await raw(
      '-o',
      'json',
      'FROM x | STATS n = SUM(n), last = MAX(@timestamp) BY tags | SORT tags | LIMIT 1',
    );
    expect(stats.stdout).toBe('{"n":5,"last":"2026-03-02T08:00:02.000Z","tags":"x"}\n');
    expect(stats.stderr).toMatch(/documents\.jsonl:4: skipped: not a JSON object/);
    expect((await raw('--from', '2026-03-02T08:00:02Z', '*: *')).stdout).toEqual(`${DOCUMENTS[0]}\n`);
  });

  test('a field without documents and type is an error', async () => {
    const { code, stderr } = await raw('hots.ip: x');
    expect(code).toBe(2);
    expect(stderr).toMatch(/^unknown field hots\.ip: no document has it\n {2}hint: did you mean host\.ip\?$/m);
    expect((await raw('ok: false')).code).toBe(1);
    const early = await raw('-m', '1', 'n: 5 or host.nmae: x');
    expect(early).toMatchObject({ code: 0, stderr: '' });
  });

  test('an invalid file of types', async () => {
    const wrong = await query('--raw', '--types', file('wrong.yaml', 'a: text\nb: keywrod\n'), 'a: *', path);
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toMatch(
      /wrong\.yaml: a: unknown type "?text"?\n {2}hint: the types are keyword, .*\n.*b: unknown type .*\n {2}hint: did you mean keyword\?/,
    );
    expect((await query('--types', types, 'a: *', path)).stderr).toMatch(/--types needs --raw/);
    expect((await query('--raw', '--types', join(folder, 'nope'), 'a: *', path)).stderr).toMatch(/cannot be read/);
  });
});

describe('errors', () => {
  test('an invalid query shows its place and the language', async () => {
    const { code, stdout, stderr } = await query('user.nam: eve', log);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(
      /^line 1, column 1: unknown field `user\.nam`\n {2}user\.nam: eve\n {2}\^\n {2}hint: did you mean user\.name\?\n/,
    );
    expect(stderr).toMatch(/\(language: KQL; to change it: --language eql or esql\)\n$/);
  });

  test('--language overrides the detection', async () => {
    const { code, stderr } = await query('--language', 'eql', 'user.name: eve', log);
    expect(code).toBe(2);
    expect(stderr).toMatch(/language: EQL/);
  });

  test('errors escape the query', async () => {
    expect((await query('\u001b]0;x\u0007: "', log)).stderr.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u);
  });

  test('a missing file stops the command before it reads', async () => {
    const { code, stdout, stderr } = await query('event.action: *', log, join(folder, 'nope.log'));
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^file not found: .*nope\.log; pass audit log files, or - for standard input$/m);
  });

  test('a truncated gzip file gives exit code 2, and the rest is searched', async () => {
    const packed = gzipSync(LOG.repeat(50));
    const cut = file('cut.log.gz', packed.subarray(0, packed.length - 20));
    const { code, stdout, stderr } = await query('event.action: delete', cut, log);
    expect(code).toBe(2);
    const lines = stdout.split('\n').slice(0, -1);
    expect(lines.length).toBeGreaterThan(1);
    expect(lines.at(-1)).toBe(DELETE);
    expect(stderr).toMatch(/cut\.log\.gz: the gzip data is broken or cut off/);
  });
});
