import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { expectKind } from '../../test/support/expect.ts';
import { type ConfigSources, loadConfig } from './load-config.ts';
import { type Config, rulePaths } from './schema.ts';

const folder = mkdtempSync(join(tmpdir(), 'firstseen-config-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = join(folder, 'firstseen.yaml');

function load(text: string | undefined, sources: Partial<ConfigSources> = {}) {
  if (text !== undefined) writeFileSync(file, text);
  return loadConfig({ file: text === undefined ? undefined : file, env: {}, flags: {}, ...sources });
}

function configOf(...args: Parameters<typeof load>): Config {
  const loaded = load(...args);
  expectKind(loaded, 'ok');
  return loaded.config;
}

/** The problems, with FILE in place of the path. */
function problemsOf(...args: Parameters<typeof load>): readonly string[] {
  const loaded = load(...args);
  expectKind(loaded, 'invalid');
  return loaded.problems.map((problem) => problem.replaceAll(file, 'FILE'));
}

describe('defaults', () => {
  test('without a configuration: loopback addresses, SQLite, no Kubernetes', () => {
    const config = configOf(undefined);
    expect(config.receiver.listen).toEqual({ host: '127.0.0.1', port: 9443 });
    expect(config.ops.listen).toEqual({ host: '127.0.0.1', port: 9444 });
    expect(config.state).toEqual({ kind: 'sqlite', path: 'firstseen.db' });
    expect(rulePaths(config)).toEqual(['rules']);
    expect(config.kubernetes.enabled).toBe(false);
    expect(config.retention.maxAge).toBe(7 * 86_400_000_000);
    expect(config.log).toEqual({ level: 'info', format: 'json' });
  });

  test.each(['', '# nothing\n', '---\n', '{}'])('the empty file %j gives the defaults', (text) => {
    expect(configOf(text)).toEqual(configOf(undefined));
  });
});

describe('precedence', () => {
  const text = 'log: { level: warn, format: text }\nops: { listen: "127.0.0.1:1" }\n';

  test('the file wins over the defaults', () => {
    expect(configOf(text).log.level).toBe('warn');
  });

  test('the environment wins over the file, flags over both', () => {
    const env = { FIRSTSEEN_LOG_LEVEL: 'error', FIRSTSEEN_OPS_LISTEN: '127.0.0.1:2' };
    const config = configOf(text, { env, flags: { opsListen: '127.0.0.1:3' } });
    expect(config.log.level).toBe('error');
    expect(config.log.format).toBe('text');
    expect(config.ops.listen.port).toBe(3);
  });

  test('an empty variable counts as unset', () => {
    expect(configOf(text, { env: { FIRSTSEEN_LOG_LEVEL: '' } }).log.level).toBe('warn');
  });

  test('a list has commas in a variable, and several words in a flag', () => {
    expect(configOf(undefined, { env: { FIRSTSEEN_RULES: 'a,b/c.yaml' } }).rules.paths).toEqual(['a', 'b/c.yaml']);
    expect(configOf(undefined, { flags: { rules: ['a', 'b'] } }).rules.paths).toEqual(['a', 'b']);
  });

  test('the Redis address from a flag keeps the password from the environment', () => {
    const { state } = configOf(undefined, {
      env: { FIRSTSEEN_REDIS_PASSWORD: 'secret' },
      flags: { state: 'redis://127.0.0.1:6379' },
    });
    expectKind(state, 'redis');
    expect(state).toMatchObject({ url: 'redis://127.0.0.1:6379', password: 'secret' });
  });

  test('the Redis address from the environment keeps the other options from the file', () => {
    const { state } = configOf('state: { kind: redis, url: "redis://old:1", durability: fsync }\n', {
      env: { FIRSTSEEN_STATE: 'redis://new:2' },
    });
    expectKind(state, 'redis');
    expect(state).toMatchObject({ url: 'redis://new:2', durability: 'fsync' });
  });

  test('a state of another kind replaces all of its options', () => {
    const { state } = configOf('state: { kind: redis, url: "redis://old:1", durability: fsync }\n', {
      flags: { state: 'sqlite:x.db' },
    });
    expect(state).toEqual({ kind: 'sqlite', path: 'x.db' });
  });

  test('ignores the variables that Kubernetes sets for a Service named firstseen', () => {
    const env = {
      FIRSTSEEN_PORT: 'tcp://10.96.0.20:9443',
      FIRSTSEEN_PORT_9443_TCP: 'tcp://10.96.0.20:9443',
      FIRSTSEEN_PORT_9443_TCP_PORT: '9443',
      FIRSTSEEN_SERVICE_HOST: '10.96.0.20',
      FIRSTSEEN_SERVICE_PORT: '9443',
    };
    expect(configOf(undefined, { env })).toEqual(configOf(undefined));
  });
});

describe('problems', () => {
  test('reports all problems at once, each with its place, path and what was expected', () => {
    const text = [
      'log:',
      '  level: loud',
      'retention:',
      '  maxAge: forever',
      '  maxAlerts: 0',
      'receiver:',
      '  clusters:',
      '    - name: Not A Label',
    ].join('\n');
    const problems = problemsOf(text, {
      env: { FIRSTSEEN_LOG_FORMAT: 'xml', FIRSTSEEN_KUBERNETES: 'maybe' },
      flags: { opsListen: 'nope' },
    });
    const expected = [
      /^FIRSTSEEN_KUBERNETES: kubernetes\.enabled: expected true or false, found "maybe"$/,
      /^FIRSTSEEN_LOG_FORMAT: log\.format: expected one of json, text, found "xml"$/,
      /^--ops-listen: ops\.listen: expected host:port/,
      /^FILE:2: log\.level: expected one of error, warn, info, debug, found "loud"$/,
      /^FILE:4: retention\.maxAge: expected a duration such as 30m, 36h or 7d, found "forever"$/,
      /^FILE:5: retention\.maxAlerts: expected a number of at least 1, found 0$/,
      /^FILE:8: receiver\.clusters\[0\]\.name: expected a DNS label/,
    ];
    for (const problem of expected) expect(problems).toContainEqual(expect.stringMatching(problem));
    expect(problems).toHaveLength(expected.length);
  });

  test('an unknown key: its line, and a suggestion', () => {
    const problems = problemsOf('log:\n  level: info\nreceivr:\n  listen: x\n');
    expect(problems).toEqual(['FILE:3: receivr: unknown key "receivr"\n  hint: did you mean receiver?']);
  });

  test('an unknown nested key', () => {
    const [problem = ''] = problemsOf('retention:\n  maxAge: 1d\n  maxAlert: 5\n');
    expect(problem).toMatch(/^FILE:3: retention\.maxAlert: .*\n {2}hint: .*maxAlerts/);
  });

  test('a missing value: the line of its parent', () => {
    expect(problemsOf('log: {}\nstate:\n  kind: sqlite\n')).toEqual([
      'FILE:2: state.path: missing state.path: expected text',
    ]);
  });

  test('a state of an unknown kind', () => {
    expect(problemsOf(undefined, { flags: { state: 'mysql://x' } })).toEqual([
      '--state: state: expected sqlite:PATH, redis://HOST:PORT or rediss://HOST:PORT (TLS), found "mysql://x"',
    ]);
  });

  test('a public receiver without a credential', () => {
    const [problem = ''] = problemsOf(undefined, { flags: { listen: '0.0.0.0:9443' } });
    expect(problem).toMatch(/^--listen: receiver\.listen: expected a loopback address, because no credential/);
  });

  const clusters =
    'receiver:\n  clusters: [{name: prod, token: 0123456789abcdef}, {name: dev, token: fedcba9876543210}]\n';
  const kubernetes = (options: string) => `${clusters}kubernetes: {${options}}\n`;

  test('a local cluster that is not one of the clusters', () => {
    const expected =
      'expected the name in receiver.clusters of the cluster that alerts are written to (prod, dev), or "" if that cluster sends no events here';
    expect(problemsOf(kubernetes('enabled: true'))).toEqual([
      `FILE:3: kubernetes.localCluster: ${expected}, found "local"`,
    ]);
  });

  test.each(['enabled: true, localCluster: dev', 'enabled: true, localCluster: ""', 'enabled: false'])(
    'accepts kubernetes: {%s}',
    (options) => {
      expect(load(kubernetes(options)).kind).toBe('ok');
    },
  );

  test('broken YAML: each error with its line and column', () => {
    const problems = problemsOf('a: [\nb: {');
    expect(problems.length).toBeGreaterThan(0);
    for (const problem of problems) expect(problem).toMatch(/^FILE:2:\d+: [^\n]+$/);
  });

  test('a duplicate key', () => {
    expect(problemsOf('log: {}\nlog: {}\n')[0] ?? '').toMatch(/^FILE:2:1: .*unique/);
  });

  test('a file that is not a mapping', () => {
    expect(problemsOf('- a\n')).toEqual(['FILE: expected a mapping of settings, such as "state:"']);
  });

  test('a missing file', () => {
    const loaded = loadConfig({ file: join(folder, 'nope.yaml'), env: {}, flags: {} });
    expectKind(loaded, 'invalid');
    expect(loaded.problems[0] ?? '').toMatch(
      /nope\.yaml: there is no such file\n {2}hint: set --config to an existing file/,
    );
  });

  test('refuses an alias bomb without expanding it', () => {
    const bomb = [
      'a: &a [x]',
      ...'bcdefghij'.split('').map((c, i) => `${c}: &${c} [${Array(10).fill(`*${'abcdefghi'[i]}`).join(', ')}]`),
    ];
    expect(problemsOf(bomb.join('\n'))[0] ?? '').toMatch(/^FILE: .*alias/i);
  });

  test('__proto__ is an unknown key like any other', () => {
    expect(problemsOf('__proto__: { log: { level: debug } }\n')[0] ?? '').toMatch(/unknown key/);
  });
});

describe('heartbeat', () => {
  test('is off by default, with an interval of a minute', () => {
    expect(configOf(undefined).heartbeat).toEqual({ enabled: false, interval: 60_000_000 });
    const text = 'kubernetes: { enabled: true }\nheartbeat: { enabled: true, interval: 30s }\n';
    expect(configOf(text).heartbeat).toEqual({ enabled: true, interval: 30_000_000 });
  });

  test('needs the Kubernetes API and a cluster that sends its events', () => {
    expect(problemsOf('heartbeat: { enabled: true }\n').join()).toMatch(
      /^FILE:1: heartbeat.enabled: expected kubernetes.enabled/,
    );
    const elsewhere = 'kubernetes: { enabled: true, localCluster: x }\nheartbeat: { enabled: true }\n';
    expect(problemsOf(elsewhere).join()).toMatch(/expected kubernetes.localCluster to be one of receiver.clusters/);
  });

  test.each(['9s', '5m'])('refuses an interval of %s', (interval) => {
    expect(problemsOf(`heartbeat: { interval: ${interval} }\n`).join()).toMatch(
      /heartbeat.interval: expected between 10s and 2m/,
    );
  });
});
