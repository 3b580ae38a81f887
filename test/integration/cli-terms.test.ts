/**
 * `backfill` and `terms` over a state file.
 */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { beforeAll, expect, test } from '@jest/globals';
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

/** One event per hour, from `from` to `to` hours ago. */
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
/** A command line with a new state. */
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

test('backfill learns from rotated files in any order, reports ended learning, and is idempotent', async () => {
  const firstseen = memory();
  const first = await firstseen('backfill', NEW, OLD);
  expect(first.code).toBe(0);
  expect(first.stdout).toMatch(/^agents +2 +0 +0 +ends now\npairs +1 +0 +0 +none\n$/m);
  expect(first.stderr).toMatch(/^52 events, from .*Z to .*Z, 3 terms learned \([\d,]+ events\/s\)\n$/);
  const again = await firstseen('backfill', OLD, NEW);
  expect(again.stdout).toMatch(/^agents +0 +2 +0 +had ended\npairs +0 +1 +0 +none\n$/m);

  const listed = await firstseen('terms', 'list', '-o', 'json', 'agents');
  const terms = JSON.parse(listed.stdout) as readonly Record<string, unknown>[];
  expect(terms.map(({ term }) => term)).toEqual(['["curl"]', '["evil\\u001b[31m"]']);
  const [curl] = terms;
  expect(listed.stdout).not.toContain('\u001b'); // a terminal sees no control characters
  const age = (time: unknown) => Math.round((NOW / 1_000 - Date.parse(String(time))) / 3_600_000);
  expect(age(curl?.firstSeen)).toBe(50);
  expect(age(curl?.lastSeen)).toBe(0);
  expect(curl).toMatchObject({
    learned: true,
    by: 'backfill',
    what: 'system:anonymous list pods in default, allowed',
    values: ['curl/8.5.0'],
  });
});

test('logs that cover part of the window do not end learning, except with --end-learning', async () => {
  const firstseen = memory();
  const part = await firstseen('backfill', NEW, '-o', 'json');
  const [agents] = (JSON.parse(part.stdout) as { rules: { learned: number; learning: { message: string } }[] }).rules;
  expect(agents?.learned).toBe(2);
  expect(agents?.learning.message ?? '').toMatch(/^continues: the logs start (22|23)h too late for the window$/);
  const told = await firstseen('backfill', NEW, '--end-learning');
  expect(told.stdout).toMatch(/^agents +0 +2 +0 +ends now$/m);
});

test('a truncated file ends no learning; other files and a set without new_terms rules are refused', async () => {
  const broken = file('broken.log.gz', gzipSync(hours(50, 0, 'curl/8.5.0')).subarray(0, -20));
  const cut = await memory()('backfill', broken);
  expect(cut.code).toBe(1);
  expect(cut.stdout).toMatch(/continues: not all files were read/);
  expect(cut.stderr).toMatch(/gzip data is broken or cut off.*\n[\s\S]*not all files could be read to the end/);
  const none = await memory()('backfill', file('nothing.log', 'hello\n'));
  expect(none.code).toBe(1);
  expect(none.stderr).toMatch(/no audit events found/);
  const noRules = await memory([OTHER])('backfill', NEW);
  expect(noRules).toMatchObject({
    code: 1,
    stderr: 'no new_terms rule is in force; `firstseen rules list` prints the rules\n',
  });
});

test('terms: list, approve, forget', async () => {
  const firstseen = memory();
  const absent = await firstseen('terms', 'list');
  expect(absent.stderr).toMatch(/^no state file ".*"\n {2}hint: pass the state of the server/);
  await firstseen('backfill', OLD, NEW);

  const approved = await firstseen('terms', 'approve', 'agents', 'curl/9.9.9');
  expect(approved).toMatchObject({ code: 0, stderr: '1 term approved\n' }); // normalised
  const learned = await firstseen('terms', 'list', '--learned');
  expect(learned.stdout).toMatch(
    /^agents +\["evil\\u001b\[31m"\] .*backfill +system:anonymous list pods in default, allowed$/m,
  );
  expect(learned.stdout).toMatch(/^pairs +\["system:anonymous","203\.0\.113\.7"\] /m);
  expect(learned.stdout).not.toMatch(/curl/);
  expect(learned.stderr).toMatch(/^agents: 2 known, 1 of them learned without an alert, learned until .*Z$/m);

  const forgotten = await firstseen('terms', 'forget', 'pairs', '["system:anonymous","203.0.113.7"]');
  expect(forgotten).toMatchObject({ code: 0, stderr: '1 term forgotten\n' });
  const typo = await firstseen('terms', 'forget', 'agents', 'crul', 'curl');
  expect(typo.code).toBe(1);
  expect(typo.stderr).toBe(
    '1 term forgotten\nagents does not know ["crul"]\n  hint: `firstseen terms list agents` prints its 1 term\n',
  );
  const all = await firstseen('terms', 'approve', 'agents', '--all');
  expect(all.stderr).toBe('1 term approved\n');
});

const withTerms = memory();
beforeAll(() => withTerms('backfill', OLD, NEW));

test.each([
  {
    args: ['approve', 'agnets', 'x'],
    message: 'no new_terms rule in force is named "agnets"\n  hint: did you mean agents?\n',
  },
  {
    args: ['approve', 'other', 'x'],
    message: 'no new_terms rule in force is named "other"\n  hint: in force: agents, pairs\n',
  },
  { args: ['approve', 'agents'], message: 'pass either terms or --all\n' },
  {
    args: ['forget', 'pairs', 'x'],
    message:
      'a term of pairs has 2 values, for user.name, source.ip; found "x"\n  hint: write them as a list, such as \'["value","value"]\'\n',
  },
  { args: ['forget', 'pairs', '["x"]'], message: 'a term of pairs has 2 values, for user.name, source.ip; found 1\n' },
])('usage error: terms $args', async ({ args, message }) => {
  const { code, stderr } = await withTerms('terms', ...args);
  expect({ code, stderr }).toEqual({ code: 2, stderr: message });
});

test('terms: export and import copy terms to another state', async () => {
  const here = memory();
  await here('backfill', OLD, NEW);
  await here('terms', 'approve', 'agents', 'curl');
  const exported = file('terms.ndjson', (await here('terms', 'export')).stdout);

  const there = memory();
  const imported = await there('terms', 'import', exported);
  expect(imported).toMatchObject({ code: 0, stderr: 'agents: 2 terms learned\npairs: 1 term learned\n' });
  const again = await there('terms', 'import', exported);
  expect(again.stderr).toBe('agents: 0 terms learned, 2 already known\npairs: 0 terms learned, 1 already known\n');
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
    'note: 2 terms skipped: agents: its fields are user_agent.original product; the rule here has user_agent.original unchanged',
    'note: 1 term skipped: pairs: no rule of that name is in force here',
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
  expect(missing.stderr).toMatch(/cannot be read: ENOENT/);
});
