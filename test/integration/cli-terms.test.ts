/**
 * `backfill` and `terms` over a state file, as a person calls them: learn, look, approve, forget, carry elsewhere, and
 * what the server then makes of it.
 */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from '@jest/globals';
import { runCommandLine } from '../../src/cli/program.ts';
import { anonymousRequest } from '../support/events.ts';
import { quietIo } from '../support/quiet-io.ts';
import { writeRule } from '../support/rule-file.ts';
import { createTemporaryFolder } from '../support/temporary-folder.ts';

const HOUR = 3_600_000_000;
const NOW = Date.now() * 1_000;
const folder = createTemporaryFolder('terms');

const AGENTS = writeRule('agents', {
  type: 'new_terms',
  query: 'event.action: list',
  newTerms: {
    fields: ['user_agent.original'],
    window: '2d',
    normalize: { 'user_agent.original': 'product' },
    learning: { until: '1d' },
  },
});
const PAIRS = writeRule('pairs', {
  type: 'new_terms',
  query: 'event.action: list',
  newTerms: { fields: ['user.name', 'source.ip'], window: '2d' },
});
const OTHER = writeRule('other', { query: 'event.action: list' });

/** An event each hour, so many hours back. */
function hours(from: number, to: number, userAgent: string): Buffer {
  const lines = Array.from({ length: from - to + 1 }, (_, i) => {
    const { event } = anonymousRequest({ at: NOW - (from - i) * HOUR, userAgent });
    return `${JSON.stringify({ kind: 'Event', apiVersion: 'audit.k8s.io/v1', ...event })}\n`;
  });
  return Buffer.from(lines.join(''));
}

function file(name: string, bytes: Buffer | string): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

const OLD = file('audit-1.log.gz', gzipSync(hours(50, 26, 'curl/8.5.0')));
const NEW = file('audit.log', Buffer.concat([hours(25, 0, 'curl/8.14.1'), hours(3, 3, 'evil\u001b[31m/1.0')]));

let states = 0;
/** A state of its own, and the command line over it. */
function memory(rules: readonly string[] = [AGENTS, PAIRS, OTHER]) {
  const state = join(folder, `state-${states++}.db`);
  const flags = ['--state', `sqlite:${state}`, '--kubernetes', 'false', ...rules.flatMap((path) => ['--rules', path])];
  return async (...args: readonly string[]) => {
    const out: string[] = [];
    const err: string[] = [];
    const code = await runCommandLine(
      [...args, ...flags],
      quietIo({
        out: (text) => out.push(String(text)),
        err: (text) => err.push(text),
      }),
    );
    return { code, stdout: out.join(''), stderr: err.join('') };
  };
}

test('backfill learns from rotated files in any order, says where learning ends, and is idempotent', async () => {
  const firstseen = memory();
  const first = await firstseen('backfill', NEW, OLD);
  expect([first.code, first.stderr.split('\n').length]).toEqual([0, 2]);
  expect(first.stdout).toMatch(/^agents +2 +0 +0 +ends now\npairs +1 +0 +0 +none\n$/m);
  expect(first.stderr).toMatch(/^52 events, from .*Z to .*Z, 3 terms learned \([\d,]+ events\/s\)\n$/);
  const again = await firstseen('backfill', OLD, NEW);
  expect(again.stdout).toMatch(/^agents +0 +2 +0 +was over\npairs +0 +1 +0 +none\n$/m);

  const listed = await firstseen('terms', 'list', '-o', 'json', 'agents');
  const [curl, evil, ...others] = JSON.parse(listed.stdout) as readonly Record<string, unknown>[];
  expect([curl?.term, evil?.term, others]).toEqual(['["curl"]', '["evil\\u001b[31m"]', []]);
  expect(listed.stdout).not.toContain('\u001b'); // a terminal sees no control characters
  const age = (time: unknown) => Math.round((NOW / 1_000 - Date.parse(String(time))) / 3_600_000);
  expect([age(curl?.firstSeen), age(curl?.lastSeen)]).toEqual([50, 0]);
  expect([curl?.learned, curl?.by, curl?.what, curl?.values]).toEqual([
    true,
    'backfill',
    'system:anonymous list pods in default, allowed',
    ['curl/8.5.0'],
  ]);
});

test('logs that cover the window in part teach, and learning goes on unless told', async () => {
  const firstseen = memory();
  const part = await firstseen('backfill', NEW, '-o', 'json');
  const [agents] = (JSON.parse(part.stdout) as { rules: { learned: number; learning: { message: string } }[] }).rules;
  expect(agents?.learned).toBe(2);
  expect(agents?.learning.message ?? '').toMatch(/^goes on: the logs begin (22|23)h too late for the window$/);
  const told = await firstseen('backfill', NEW, '--end-learning');
  expect(told.stdout).toMatch(/^agents +0 +2 +0 +ends now$/m);
});

test('a file that breaks off is learned up to there, and ends no learning; what is no log is refused', async () => {
  const broken = file('broken.log.gz', gzipSync(hours(50, 0, 'curl/8.5.0')).subarray(0, -20));
  const cut = await memory()('backfill', broken);
  expect(cut.code).toBe(1);
  expect(cut.stdout).toMatch(/goes on: not all was read/);
  expect(cut.stderr).toMatch(/gzip data is broken or cut off.*\n[\s\S]*not every file was read to its end/);
  const none = await memory()('backfill', file('nothing.log', 'hello\n'));
  expect([none.code, /no audit event was found/.test(none.stderr)]).toEqual([1, true]);
  const noRules = await memory([OTHER])('backfill', NEW);
  expect([noRules.code, noRules.stderr]).toEqual([1, 'no rule of type new_terms is in force\n']);
});

test('terms: list, approve, forget', async () => {
  const firstseen = memory();
  const absent = await firstseen('terms', 'list');
  expect(absent.stderr).toMatch(/^there is no state file ".*"\n {2}hint: name the state that the server uses/);
  await firstseen('backfill', OLD, NEW);

  const approved = await firstseen('terms', 'approve', 'agents', 'curl/9.9.9');
  expect([approved.code, approved.stderr]).toEqual([0, '1 term approved\n']); // by its canonical form
  const learned = await firstseen('terms', 'list', '--learned');
  expect(learned.stdout).toMatch(
    /^agents +\["evil\\u001b\[31m"\] .*backfill +system:anonymous list pods in default, allowed$/m,
  );
  expect(learned.stdout).toMatch(/^pairs +\["system:anonymous","203\.0\.113\.7"\] /m);
  expect(learned.stdout).not.toMatch(/curl/);
  expect(learned.stderr).toMatch(/^agents: 2 known, 1 of them learned without an alert, learned until .*Z$/m);

  const forgotten = await firstseen('terms', 'forget', 'pairs', '["system:anonymous","203.0.113.7"]');
  expect([forgotten.code, forgotten.stderr]).toEqual([0, '1 term forgotten\n']);
  const typo = await firstseen('terms', 'forget', 'agents', 'crul', 'curl');
  expect(typo.code).toBe(1);
  expect(typo.stderr).toBe(
    '1 term forgotten\nagents does not know ["crul"]\n  hint: `firstseen terms list agents` prints the 1 that it knows\n',
  );
  const all = await firstseen('terms', 'approve', 'agents', '--all');
  expect(all.stderr).toBe('1 term approved\n');

  const errors = [
    [
      ['approve', 'agnets', 'x'],
      'no rule of type new_terms in force is named "agnets"\n  hint: did you mean agents?\n',
    ],
    [
      ['approve', 'other', 'x'],
      'no rule of type new_terms in force is named "other"\n  hint: those in force are agents, pairs\n',
    ],
    [['approve', 'agents'], 'expected either terms or --all\n'],
    [
      ['forget', 'pairs', 'x'],
      'a term of pairs has 2 values, of user.name, source.ip; found "x"\n  hint: write them as a list, such as \'["value","value"]\'\n',
    ],
    [['forget', 'pairs', '["x"]'], 'a term of pairs has 2 values, of user.name, source.ip; found 1\n'],
  ] as const;
  for (const [args, expected] of errors) {
    const { code, stderr } = await firstseen('terms', ...args);
    expect([code, stderr]).toEqual([2, expected]);
  }
});

test('terms: what one state knows is carried to another, with what is approved', async () => {
  const here = memory();
  await here('backfill', OLD, NEW);
  await here('terms', 'approve', 'agents', 'curl');
  const exported = file('terms.ndjson', (await here('terms', 'export')).stdout);

  const there = memory();
  const imported = await there('terms', 'import', exported);
  expect([imported.code, imported.stderr]).toEqual([0, 'agents: 2 terms learned\npairs: 1 term learned\n']);
  const again = await there('terms', 'import', exported);
  expect(again.stderr).toBe('agents: 0 terms learned, 2 known before\npairs: 0 terms learned, 1 known before\n');
  const times = async (firstseen: typeof here) => {
    const terms = JSON.parse((await firstseen('terms', 'list', '-o', 'json')).stdout) as readonly Record<
      string,
      unknown
    >[];
    return terms.map(({ rule, term, lastSeen, learned }) => [rule, term, lastSeen, learned]);
  };
  expect(await times(there)).toEqual(await times(here));

  const raw = writeRule('agents', {
    type: 'new_terms',
    query: 'event.action: list',
    newTerms: { fields: ['user_agent.original'], window: '2d' },
  });
  const other = await memory([raw])('terms', 'import', exported);
  expect(other.stderr.split('\n')).toEqual([
    'note: 2 terms left out: agents: its terms are of user_agent.original product; here of user_agent.original as it is',
    'note: 1 term left out: pairs: no such rule is in force here',
    '',
  ]);
  const broken = file(
    'broken.ndjson',
    '\n{"rule":"agents","fields":["a"],"term":"[\\"x\\"]","lastSeen":"soon","learned":true}\n',
  );
  const refused = await there('terms', 'import', broken);
  expect(refused.code).toBe(2);
  expect(refused.stderr).toMatch(/broken\.ndjson:2: lastSeen: expected a time such as/);
  const future = '{"rule":"agents","fields":["a"],"term":"[\\"x\\"]","lastSeen":"2199-01-01T00:00:00Z","learned":true}';
  const early = await there('terms', 'import', file('early.ndjson', future));
  expect(early.stderr).toMatch(/early\.ndjson:1: lastSeen: 2199-01-01T00:00:00Z is in the future/);
  const missing = await there('terms', 'import', join(folder, 'nowhere'));
  expect(missing.stderr).toMatch(/it cannot be read: ENOENT/);
});
