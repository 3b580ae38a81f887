/** Help, usage errors, and `replay` over files. */

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { type RunResult, runProcess } from '../support/child-process.ts';
import { runCommand } from '../support/command-line.ts';
import { writeRule } from '../support/rule-file.ts';
import { createTemporaryFolder } from '../support/temporary-folder.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const MAIN = join(ROOT, 'src', 'main.ts');
const RULE = join(ROOT, 'rules', 'anonymous-request-unusual-agent.yaml');
const folder = createTemporaryFolder('cli');

/** In this process, which is ten times as fast. */
function firstseen(...args: readonly string[]): Promise<RunResult> {
  return runCommand(args);
}

/** The real program. */
function program(args: readonly string[], input = ''): Promise<RunResult> {
  return runProcess(process.execPath, [MAIN, ...args], { cwd: ROOT, input });
}

function anonymous(n: number, userAgent: string): object {
  return {
    kind: 'Event',
    apiVersion: 'audit.k8s.io/v1',
    level: 'Metadata',
    auditID: `5f0f3b6e-0001-4c1d-9a51-00000000000${n}`,
    stage: 'ResponseComplete',
    requestURI: '/api/v1/pods',
    verb: 'list',
    user: { username: 'system:anonymous' },
    userAgent,
    requestReceivedTimestamp: `2026-03-02T08:00:0${n}.000000Z`,
    stageTimestamp: `2026-03-02T08:00:0${n}.000000Z`,
    annotations: { 'authorization.k8s.io/decision': 'allow' },
  };
}

const EVENTS = [anonymous(1, 'masscan/1.3'), anonymous(2, 'zgrab/0.x'), anonymous(3, 'masscan/1.3')];
const LINES = EVENTS.map((event) => `${JSON.stringify(event)}\n`).join('');
const list = (items: readonly unknown[]) => ({ kind: 'EventList', apiVersion: 'audit.k8s.io/v1', items });

/** Writes a file and gives its path. */
function file(name: string, content: string | Buffer): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const replay = (...args: readonly string[]) => firstseen('replay', '--rules', RULE, ...args);

function assertBothAlerts({ code, stdout, stderr }: RunResult, events = 3): void {
  expect(code).toBe(0);
  expect(stdout.match(/masscan\/1\.3/g)).toHaveLength(1);
  expect(stdout.match(/zgrab\/0\.x/g)).toHaveLength(1);
  expect(stderr).toMatch(new RegExp(`^${events} events, 1 rule, 2 alerts$`, 'm'));
}

describe('the program', () => {
  test('--help', async () => {
    const { code, stdout, stderr } = await program(['--help']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^Usage: firstseen /);
  });

  test('--version', async () => {
    const { code, stdout } = await program(['--version']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  test('exits with the exit code of the command', async () => {
    const { code, stdout, stderr } = await program(['repaly', 'x']);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/unknown command 'repaly'/);
  });
});

describe('help and usage errors', () => {
  test.each([
    'firstseen',
    'firstseen serve',
    'firstseen query',
    'firstseen replay',
    'firstseen rules',
    'firstseen rules list',
    'firstseen rules check',
    'firstseen rules test',
    'firstseen webhook-config',
    'firstseen doctor',
  ])('%s --help', async (command) => {
    const { code, stdout, stderr } = await firstseen(...command.split(' ').slice(1), '--help');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(new RegExp(`^Usage: ${command} `));
  });

  test.each([
    { args: 'repaly x', message: /unknown command 'repaly'\n\(Did you mean replay\?\)/ },
    { args: 'rules lsit', message: /unknown command 'lsit'\n\(Did you mean list\?\)/ },
    { args: 'replay --ruels x y', message: /unknown option '--ruels'\n\(Did you mean --rules\?\)/ },
    { args: 'replay', message: /missing required argument 'file'/ },
    { args: 'replay -o xml x', message: /'xml' is invalid. Allowed choices are table, json, yaml/ },
    { args: 'webhook-config', message: /required option '--server <url>' not specified/ },
  ])('usage error: firstseen $args', async ({ args, message }) => {
    const { code, stdout, stderr } = await firstseen(...args.split(' '));
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(message);
    expect(stderr).toMatch(/--help/);
  });
});

describe('replay', () => {
  beforeAll(() => mkdirSync(join(folder, 'logs')));

  test('JSON lines', async () => {
    assertBothAlerts(await replay(file('lines.log', LINES)));
  });

  test('an EventList, and one printed over several lines', async () => {
    assertBothAlerts(await replay(file('list.json', JSON.stringify(list(EVENTS)))));
    assertBothAlerts(await replay(file('pretty.json', JSON.stringify(list(EVENTS), null, 2))));
  });

  test('gzip', async () => {
    assertBothAlerts(await replay(file('lines.log.gz', gzipSync(LINES))));
  });

  test('standard input, plain and gzip', async () => {
    assertBothAlerts(await program(['replay', '--rules', RULE, '-'], LINES));
    const packed = file('stdin.gz', gzipSync(LINES));
    const script = '"$0" "$1" replay --rules "$2" - < "$3"';
    assertBothAlerts(await runProcess('sh', ['-c', script, process.execPath, MAIN, RULE, packed], { cwd: ROOT }));
  });

  test('several files share one history', async () => {
    const [first, second] = [
      file('1.log', LINES),
      file('2.log.gz', gzipSync(JSON.stringify(anonymous(4, 'zgrab/0.x')))),
    ];
    assertBothAlerts(await replay(first, second), 4);
  });

  test('thresholds and sequences need time order', async () => {
    const threshold = { field: ['user.name'], value: 3, window: '10s' };
    const many = writeRule('many', { type: 'threshold', query: 'event.action: list', threshold });
    const query = 'sequence [any where user_agent.original : "zgrab*"] [any where user_agent.original : "masscan*"]';
    const pair = writeRule('pair', { type: 'eql', language: 'eql', query, window: '10s' });
    const run = (...logs: readonly string[]) =>
      firstseen('replay', '--rules', many, '--rules', pair, '-o', 'json', ...logs);
    const { stdout, stderr } = await run(file('windowed.log', LINES));
    expect(stderr).toMatch(/^3 events, 2 rules, 2 alerts$/m);
    expect(
      JSON.parse(stdout).items.map(({ spec }: { spec: Record<string, unknown> }) => [spec.groupBy, spec.reason]),
    ).toEqual([
      [
        [
          { field: 'user.name', value: 'system:anonymous' },
          { field: 'count', value: '3' },
        ],
        'The rule many of a test: 3 events of user "system:anonymous" within 10s; the last: system:anonymous list /api/v1/pods, allowed',
      ],
      [
        [{ field: 'count', value: '2' }],
        'The rule pair of a test: within 10s: system:anonymous list /api/v1/pods, allowed, then system:anonymous list /api/v1/pods, allowed',
      ],
    ]);
    // As many events as are sorted together.
    const later = Array.from({ length: 500 }, (_, n) => {
      const time = `2026-03-02T09:00:00.${String(n).padStart(6, '0')}Z`;
      const request = { ...anonymous(1, 'zgrab/0.x'), verb: 'get', auditID: `later-${n}` };
      return `${JSON.stringify({ ...request, requestReceivedTimestamp: time, stageTimestamp: time })}\n`;
    }).join('');
    const backwards = await run(file('later.log', later), file('windowed-2.log', LINES));
    expect(backwards.stderr).toMatch(/^6 matches too late for a threshold or sequence: pass the files in time order$/m);
  });

  test('a repeated file counts each request once', async () => {
    const path = file('twice.log', LINES);
    const { stdout } = await replay('-o', 'json', path, path);
    expect(JSON.parse(stdout).items.map((item: { status: { count: number } }) => item.status.count)).toEqual([2, 1]);
  });

  test('invalid lines are counted and reported, the others evaluated', async () => {
    const result = await replay(file('broken.log', `half a line"}\n${LINES}{"kind":\n{"kind":"Pod"}\n`));
    assertBothAlerts(result);
    expect(result.stderr).toMatch(/broken\.log:1: skipped: /);
    expect(result.stderr).toMatch(/^3 lines or items skipped: not audit events$/m);
  });

  test('a file without any audit event', async () => {
    const { code, stdout, stderr } = await replay(file('text.log', 'hello\nworld\n'));
    expect({ code, stdout }).toEqual({ code: 1, stdout: 'No alerts.\n' });
    expect(stderr).toMatch(/no audit events found; expected an audit log/);
  });

  test('an empty file', async () => {
    const { code, stdout, stderr } = await replay(file('empty.log', ''));
    expect({ code, stdout, stderr }).toEqual({
      code: 0,
      stdout: 'No alerts.\n',
      stderr: '0 events, 1 rule, 0 alerts\n',
    });
  });

  test('a missing file or a folder stops the command before it reads', async () => {
    const good = file('good.log', LINES);
    const missing = await replay(good, join(folder, 'nope.log'));
    expect(missing).toMatchObject({ code: 2, stdout: '' });
    expect(missing.stderr).toMatch(/^file not found: .*nope\.log; pass audit log files, or - for standard input$/m);
    const directory = await replay(join(folder, 'logs'));
    expect(directory).toMatchObject({ code: 2, stdout: '' });
    expect(directory.stderr).toMatch(/logs is a folder; pass its audit log files, such as .*logs\/\*\.log$/m);
  });

  test('a truncated gzip file gives exit code 1, and the alerts so far', async () => {
    const packed = gzipSync(LINES.repeat(50));
    const good = file('before.log', LINES);
    const { code, stdout, stderr } = await replay(good, file('cut.log.gz', packed.subarray(0, packed.length - 20)));
    expect(code).toBe(1);
    expect(stdout).toMatch(/masscan/);
    expect(stderr).toMatch(/cut\.log\.gz: the gzip data is broken or cut off/);
    expect(stderr).toMatch(/alerts may be missing/);
  });

  test('-o json and -o yaml print the same list of Alerts', async () => {
    const path = file('output.log', LINES);
    const [json, yaml] = [await replay('-o', 'json', path), await replay('-o', 'yaml', path)];
    const items: unknown = JSON.parse(json.stdout);
    expect(parse(yaml.stdout)).toEqual(items);
    expect(yaml.stdout).not.toMatch(/[&*]a\d/);
    expect(items).toMatchObject({
      kind: 'List',
      items: [
        { apiVersion: 'firstseen.dev/v1alpha1', kind: 'Alert', status: { phase: 'Open', count: 2 } },
        { apiVersion: 'firstseen.dev/v1alpha1', kind: 'Alert', status: { phase: 'Open', count: 1 } },
      ],
    });
  });

  test('no alerts give an empty list', async () => {
    const { stdout } = await replay('-o', 'json', file('none.log', ''));
    expect(JSON.parse(stdout)).toEqual({ apiVersion: 'v1', kind: 'List', items: [] });
  });

  test('| head closes the pipe without an error', async () => {
    const script = '"$0" "$1" replay --rules "$2" -o json "$3" | head -n 1';
    const many = Array.from({ length: 400 }, (_, n) => ({ ...anonymous(1, `agent-${n}`), auditID: `many-${n}` }));
    const path = file('many.log', many.map((event) => `${JSON.stringify(event)}\n`).join(''));
    const { stdout, stderr } = await runProcess('sh', ['-c', script, process.execPath, MAIN, RULE, path], {
      cwd: ROOT,
    });
    expect(stdout).toBe('{\n');
    expect(stderr).not.toMatch(/EPIPE|Error|at /);
  });

  test('matches during the learning time are reported', async () => {
    const rule = file(
      'learning.yaml',
      [
        'apiVersion: firstseen.dev/v1alpha1',
        'kind: DetectionRule',
        'metadata: { name: learner }',
        'spec:',
        '  title: A learner',
        '  description: It learns for a day.',
        '  type: new_terms',
        '  language: kuery',
        '  query: "kubernetes.audit.verb: *"',
        '  newTerms: { fields: [user_agent.original], window: 7d }',
        '  severity: low',
        '  riskScore: 21',
        '',
      ].join('\n'),
    );
    const { code, stdout, stderr } = await firstseen('replay', '--rules', rule, file('learn.log', LINES));
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'No alerts.\n' });
    expect(stderr).toMatch(/^2 matches during learning, without alerts$/m);
  });

  test('an invalid rule is reported and does not stop the others; without rules replay fails', async () => {
    const broken = file('broken.yaml', 'kind: DetectionRule\n');
    const path = file('rules.log', LINES);
    const result = await replay('--rules', broken, path);
    assertBothAlerts(result);
    expect(result.stderr).toMatch(/broken\.yaml/);
    const none = await firstseen('replay', '--rules', broken, path);
    expect(none).toMatchObject({ code: 1, stdout: '' });
    expect(none.stderr).toMatch(/no rule can run; fix the problems above, or pass other rules with --rules/);
  });
});
