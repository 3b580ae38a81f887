import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, describe, expect, jest, test } from '@jest/globals';
import { operationalError } from '../../../test/support/expect.ts';
import { onTestEnd } from '../../../test/support/on-test-end.ts';
import { entriesOf, fieldsOf, write } from '../../../test/support/state-access.ts';
import { describeState } from '../../../test/support/state-suite.ts';
import { openDatabase } from './database.ts';
import { createSqliteState, openSqliteState, type SqliteStateDeps } from './sqlite-state.ts';

const folder = mkdtempSync(join(tmpdir(), 'firstseen-sqlite-'));
afterAll(() => rmSync(folder, { recursive: true }));

let files = 0;
const newFile = () => join(folder, `${++files}.db`);
const open = (path: string, deps?: SqliteStateDeps) => openSqliteState({ kind: 'sqlite', path }, deps);

function withClock(path: string) {
  let time = 1_790_000_000_000;
  const state = open(path, { now: () => time });
  const advance = (ms: number) => {
    time += ms;
  };
  return { state, advance, close: () => state.close() };
}

describeState('SQLite in memory', async () => withClock(':memory:'));
describeState('SQLite in a file', async () => withClock(newFile()));

/** Refuses with this code, and in words that the reader can act on. */
const counter = { kind: 'addToField', key: 'h', field: 'n', by: 1 } as const;

describe('a SQLite file', () => {
  test('keeps what was committed, and is for this user alone', async () => {
    const path = newFile();
    const first = open(path);
    await write(first, 'c', counter);
    expect(first.durability).toMatch(/flushed to disk/);
    expect(statSync(path).mode & 0o077).toBe(0);
    await first.close();
    await first.close();
    const second = open(path);
    expect(await fieldsOf(second, 'c', 'h', 'n')).toEqual(['1']);
    await second.close();
  });

  test('that was removed while in use refuses commits', async () => {
    const path = newFile();
    const state = open(path);
    await write(state, 'c', counter);
    rmSync(path);
    await expect(state.maintain()).rejects.toThrow(
      operationalError('store_unavailable', /was removed or replaced: restart firstseen/),
    );
    await expect(write(state, 'c', counter)).rejects.toThrow(
      operationalError('store_unavailable', /was removed or replaced/),
    );
    await expect(state.ping()).rejects.toThrow(operationalError('store_unavailable', /was removed or replaced/));
    await state.close();
  });

  test('that cannot be opened is named, with what to do', () => {
    const missing = join(folder, 'missing', 'a.db');
    expect(() => open(missing)).toThrow(
      operationalError('store_misconfigured', /missing\/a\.db.*folder .*missing does not exist/),
    );
    expect(() => open(folder)).toThrow(operationalError('store_misconfigured', /is a folder/));
    const text = newFile();
    writeFileSync(text, 'a text that is long enough to have the place of a header, and is none '.repeat(20));
    expect(() => open(text)).toThrow(operationalError('store_misconfigured', /not a SQLite database; move it away/));
    const foreign = newFile();
    const other = new DatabaseSync(foreign);
    other.exec('CREATE TABLE t (a)');
    other.close();
    expect(() => open(foreign)).toThrow(operationalError('store_misconfigured', /another program/));
  });

  test('of a later version is refused', async () => {
    const path = newFile();
    await open(path).close();
    const db = new DatabaseSync(path);
    db.exec('PRAGMA user_version = 99');
    db.close();
    expect(() => open(path)).toThrow(operationalError('store_misconfigured', /version 99/));
  });

  test('in use by another process is refused until that process is killed', async () => {
    const path = newFile();
    const module = new URL('./sqlite-state.ts', import.meta.url).href;
    const script =
      `const { openSqliteState } = await import(${JSON.stringify(module)});` +
      `const state = openSqliteState({ kind: 'sqlite', path: ${JSON.stringify(path)} });` +
      `await state.update('c', [], () => ({ kind: 'commit', writes: [${JSON.stringify(counter)}] }));` +
      `console.log('open'); setInterval(() => {}, 1000);`;
    const other = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(other.stdout, 'data');
    expect(() => open(path, { lockWaitMs: 50 })).toThrow(
      operationalError('store_unavailable', /in use by another process/),
    );
    other.kill('SIGKILL');
    await once(other, 'exit');
    const state = open(path);
    expect(await fieldsOf(state, 'c', 'h', 'n')).toEqual(['1']);
    await state.close();
  });

  test('that cannot grow refuses the whole commit, and keeps working', async () => {
    const path = newFile();
    const db = openDatabase(path, 0);
    db.exec('PRAGMA max_page_count = 64');
    const state = createSqliteState(db, path);
    await write(state, 'c', counter);
    const fields = { big: 'x'.repeat(1_000_000) };
    const tooMuch = write(state, 'c', counter, { kind: 'setFields', key: 'h', mode: 'set', fields });
    await expect(tooMuch).rejects.toThrow(operationalError('store_full', /disk is full/));
    await write(state, 'c', counter);
    expect(await fieldsOf(state, 'c', 'h', 'n', 'big')).toEqual(['2', undefined]);
    await state.close();
  });
});

describe('SQLite state', () => {
  test('deletes expired and removed entries in batches', async () => {
    const path = newFile();
    let time = 1_000;
    const db = openDatabase(path, 0);
    const state = createSqliteState(db, path, { now: () => time });
    const rows = () => Number(db.prepare('SELECT count(*) AS n FROM members').get()?.n);
    const members = Array.from({ length: 2_500 }, (_item, i) => `m${i}`);
    await write(state, 'c', { kind: 'addMembers', key: 'a', members, keepMs: 10 });
    await write(state, 'c', { kind: 'addMembers', key: 'b', members: ['m'] });
    await write(state, 'c', { kind: 'removeKey', key: 'b' });
    await write(state, 'c', { kind: 'addMembers', key: 'stays', members: ['m'] });
    time += 10;
    const left: number[] = [];
    for (let i = 0; i < 4; i++) {
      await state.maintain();
      left.push(rows());
    }
    expect(left[0]).toBeDefined();
    expect(left[0]).toBeGreaterThan(1_000); // not all at once
    expect(left.at(-1)).toBe(1);
    expect(Number(db.prepare('SELECT count(*) AS n FROM keys').get()?.n)).toBe(1);
    await state.close();
  });

  test('moves its write-ahead log into the file when it is idle', async () => {
    const path = newFile();
    const state = open(path);
    const entries = Array.from({ length: 2_000 }, (_item, i) => ({ member: `member ${i}`, score: i }));
    await write(state, 'c', { kind: 'setScores', key: 'z', mode: 'set', entries });
    const before = statSync(path).size;
    await state.maintain();
    await state.maintain();
    expect(statSync(path).size).toBeGreaterThan(before);
    expect(await entriesOf(state, 'c', 'z')).toHaveLength(2_000);
    await state.close();
  });

  test('yields to the event loop between transactions', async () => {
    const state = open(':memory:');
    let turns = 0;
    const timer = setInterval(() => {
      turns += 1;
    }, 0);
    const fields = Object.fromEntries(Array.from({ length: 500 }, (_item, i) => [`f${i}`, 'v']));
    await Promise.all(
      Array.from({ length: 50 }, () => write(state, 'c', { kind: 'setFields', key: 'h', mode: 'set', fields })),
    );
    clearInterval(timer);
    expect(turns).toBeGreaterThan(5);
    await state.close();
  });

  test('waiting updates share a commit, and a failed one undoes only its own writes', async () => {
    const path = newFile();
    const db = openDatabase(path, 0);
    const state = createSqliteState(db, path);
    const clock = jest.spyOn(performance, 'now').mockReturnValue(0); // else a busy machine ends the commit early
    onTestEnd(() => clock.mockRestore());
    const seen: unknown[] = [];
    let turned = false;
    const add = (n: number) =>
      state.update('c', [{ kind: 'fields', key: 'h', fields: ['n'] }], ([before]) => {
        seen.push(before?.kind === 'fields' && before.values[0]);
        setImmediate(() => {
          turned = true;
        });
        return { kind: 'commit', writes: [counter], result: n };
      });
    const broken = { kind: 'setScores', key: 'z', mode: 'set', entries: [{ member: 'm', score: 1 }] } as const;
    const failing = state.update('c', [], () => {
      // Fails after its first write, as a full disk does.
      db.exec("CREATE TEMP TRIGGER t BEFORE INSERT ON fields BEGIN SELECT RAISE(ABORT, 'no'); END");
      return { kind: 'commit', writes: [broken, { ...counter, key: 'other' }], result: 0 };
    });
    const ended = await Promise.allSettled([add(1), failing, add(2)]);
    expect(turned).toBe(false); // one commit, in one turn of the event loop
    expect(ended.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(seen).toEqual([undefined, '1']);
    expect(await entriesOf(state, 'c', 'z')).toEqual([]);
    expect(await fieldsOf(state, 'c', 'h', 'n')).toEqual(['2']);
    await state.close();
  });

  test('reports the outcome of an update, and rejects after close', async () => {
    const outcomes: string[] = [];
    const state = open(':memory:', {
      observe: { update: (_seconds, outcome) => outcomes.push(outcome), conflict() {} },
    });
    await write(state, 'c', counter);
    await write(state, 'c');
    const failing = state.update('c', [], () => {
      throw new Error('x');
    });
    await expect(failing).rejects.toThrow();
    expect(outcomes).toEqual(['committed', 'empty', 'failed']);
    await state.close();
    await expect(state.ping()).rejects.toThrow(operationalError('store_unavailable', /closed/));
  });
});
