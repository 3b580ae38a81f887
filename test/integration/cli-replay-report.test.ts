/** `replay --report matches` and `junit` over files. */

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import type { DecodedEvent } from '../../src/audit/event.ts';
import type { RunResult } from '../support/child-process.ts';
import { runCommand } from '../support/command-line.ts';
import { anonymousRequest, NOON } from '../support/events.ts';
import { writeRule } from '../support/rule-file.ts';
import { createTemporaryFolder } from '../support/temporary-folder.ts';

const folder = createTemporaryFolder('replay-report');
const SECOND = 1_000_000;

const request = (n: number, userAgent: string) =>
  anonymousRequest({ at: NOON + n * SECOND, id: `request-${n}`, userAgent });
const EVENTS = [request(1, 'zgrab/0.x'), request(2, 'masscan/1.3'), request(3, 'masscan/1.3'), request(4, 'kubectl')];

const RULES = {
  query: writeRule('scanner', { query: 'user_agent.original: masscan*' }),
  terms: writeRule('agent', {
    type: 'new_terms',
    query: 'event.action: list',
    newTerms: { fields: ['user_agent.original'], window: '7d' },
  }),
  threshold: writeRule('many', {
    type: 'threshold',
    query: 'event.action: list',
    threshold: { field: ['user.name'], value: 3, window: '10s' },
  }),
  sequence: writeRule('pair', {
    type: 'eql',
    language: 'eql',
    query: 'sequence [any where user_agent.original : "zgrab*"] [any where user_agent.original : "masscan*"]',
    window: '10s',
  }),
  rows: writeRule('tool', {
    type: 'esql',
    language: 'esql',
    query: 'FROM logs-* | DISSECT user_agent.original "%{tool}/%{}" | WHERE tool == "masscan" | KEEP tool',
  }),
  groups: writeRule('tools', {
    type: 'esql',
    language: 'esql',
    query: 'FROM logs-* | STATS tools = COUNT_DISTINCT(user_agent.original) BY user.name | WHERE tools >= 2',
    window: '10s',
  }),
};

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

function log(name: string, events: readonly DecodedEvent[]): string {
  return file(name, events.map(({ event }) => `${JSON.stringify(event)}\n`).join(''));
}

function replay(...args: readonly string[]): Promise<RunResult> {
  return runCommand(['replay', ...args]);
}

const withRules = (...files: readonly string[]) => files.flatMap((path) => ['--rules', path]);

test('matches: the events that each type of rule selects and fires on', async () => {
  const events = [...EVENTS, request(4, 'kubectl')];
  const { code, stdout, stderr } = await replay(
    ...withRules(...Object.values(RULES)),
    ...['--report', 'matches', log('matches.log', events)],
  );
  expect(code).toBe(0);
  const { rules, ...head } = JSON.parse(stdout);
  expect(head).toEqual({ events: 5, idsPerList: 10_000 });
  const ids = (...numbers: readonly number[]) => numbers.map((n) => `request-${n}`);
  expect(
    rules.map(({ rule, type, cut, counts, matches, fires, repeats }: Record<string, unknown>) => [
      ...[rule, type, cut, counts],
      ...[matches, fires, repeats],
    ]),
  ).toEqual([
    ['agent', 'new_terms', false, counts(4, 3, 1), ids(1, 2, 3, 4), ids(1, 2, 4), ids(3)],
    ['many', 'threshold', false, counts(4, 1, 0), ids(1, 2, 3, 4), ids(3), []],
    ['pair', 'eql', false, counts(2, 1, 0), ids(1, 2), ids(2), []],
    ['scanner', 'query', false, counts(2, 1, 1), ids(2, 3), ids(2), ids(3)],
    ['tool', 'esql', false, counts(2, 1, 1), ids(2, 3), ids(2), ids(3)],
    ['tools', 'esql', false, counts(4, 1, 2), ids(1, 2, 3, 4), ids(2), ids(3, 4)],
  ]);
  expect(stderr).toMatch(/^5 events, 6 rules, 8 alerts$/m);
});

function counts(matches: number, fires: number, repeats: number): object {
  return { matches, fires, repeats, taught: 0, faults: 0 };
}

test('matches: learning does not count as firing, and sequences keep full audit IDs', async () => {
  const learner = writeRule('learner', {
    type: 'new_terms',
    query: 'event.action: list',
    newTerms: { fields: ['user_agent.original'], window: '7d' },
    severity: 'low',
  });
  const long = (n: number) => `${'long-'.repeat(20)}${n}`;
  const events = EVENTS.map(({ event, ...rest }, n) => ({ ...rest, event: { ...event, auditID: long(n) } }));
  const { stdout } = await replay(
    ...withRules(learner, RULES.sequence),
    ...['--report', 'matches', log('taught.log', events)],
  );
  const [taught, sequence] = JSON.parse(stdout).rules;
  expect(taught).toMatchObject({ fires: [], taught: [long(0), long(1), long(3)] });
  expect(sequence).toMatchObject({ matches: [long(0), long(1)], fires: [long(1)] });
});

test('matches: long lists are cut, counts are exact', async () => {
  const many = Array.from({ length: 10_005 }, (_, n) => request(n, 'masscan/1.3'));
  const { stdout } = await replay('--rules', RULES.query, '--report', 'matches', log('many.log', many));
  const [{ counts: of, cut, matches }] = JSON.parse(stdout).rules;
  expect(of.matches).toBe(10_005);
  expect(cut).toBe(true);
  expect(matches).toHaveLength(10_000);
});

test('junit: one suite per rule; a failed test or an invalid rule gives exit code 1', async () => {
  const tested = writeRule('tested', {
    query: 'user_agent.original: masscan*',
    tests: [
      { name: 'a scanner', events: [request(1, 'masscan/1.3').event], expect: 'fire' },
      { name: 'not <seen>', events: [request(1, 'kubectl').event], expect: 'match' },
    ],
  });
  const broken = writeRule('broken', { query: 'user_agent.original: (' });
  const report = join(folder, 'report.xml');
  const { code, stdout, stderr } = await replay(
    ...withRules(RULES.query, tested, broken),
    ...['--report', 'junit', '--report-file', report, log('junit.log', EVENTS)],
  );
  expect(code).toBe(1);
  expect(stderr).toMatch(/^a rule or a test failed; see the report$/m);
  expect(stdout).toMatch(/^SEVERITY/); // the alerts, as the report goes to a file
  const xml = readFileSync(report, 'utf8');
  expect(xml).toMatch(/^<\?xml .*\n<testsuites name="firstseen" tests="5" failures="1" errors="1">$/m);
  expect(xml).toMatch(/<testsuite name="scanner" file=".*scanner\.yaml" tests="1" failures="0" errors="0">/);
  expect(xml).toMatch(/<property name="matches" value="2"\/>\s*<property name="fires" value="1"\/>/);
  expect(xml).toMatch(/<testcase classname="tested" name="a scanner" file=".*tested\.yaml" line="\d+"\/>/);
  expect(xml).toMatch(/name="not &lt;seen&gt;"[^>]*>\s*<failure message="expected the query to match the last event/);
  expect(xml).toMatch(/<testcase classname="broken" name="load"[^>]*>\s*<error message="invalid: /);
});

test('junit: a passing report on standard output', async () => {
  const { code, stdout, stderr } = await replay('--rules', RULES.query, '--report', 'junit', log('well.log', EVENTS));
  expect({ code, stderr }).toEqual({ code: 0, stderr: expect.any(String) });
  expect(stdout).toMatch(/^<\?xml [\s\S]*tests="1" failures="0" errors="0">[\s\S]*<\/testsuites>\n$/);
  expect(stdout).not.toMatch(/SEVERITY/);
});

test('usage errors', async () => {
  const path = log('wrong.log', EVENTS);
  const without = await replay('--rules', RULES.query, '--report-file', 'x.xml', path);
  expect(without).toMatchObject({ code: 2, stdout: '' });
  expect(without.stderr).toMatch(/--report-file needs --report: one of matches, junit, html/);
  const nowhere = join(folder, 'nowhere', 'x.xml');
  const unwritable = await replay('--rules', RULES.query, '--report', 'junit', '--report-file', nowhere, path);
  expect(unwritable.code).toBe(2);
  expect(unwritable.stderr).toMatch(/--report-file: cannot write the report: .*ENOENT/);
});
