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

/** The problems, with the file's name short. */
function problemsOf(...args: Parameters<typeof load>): readonly string[] {
  const loaded = load(...args);
  expectKind(loaded, 'invalid'); // expected problems
  return loaded.problems.map((problem) => problem.replaceAll(file, 'FILE'));
}

describe('defaults', () => {
  test('nothing given: this machine only, SQLite, no Kubernetes', () => {
    const config = configOf(undefined);
    expect(config.receiver.listen).toEqual({ host: '127.0.0.1', port: 9443 });
    expect(config.ops.listen).toEqual({ host: '127.0.0.1', port: 9444 });
    expect(config.state).toEqual({ kind: 'sqlite', path: 'firstseen.db' });
    expect(rulePaths(config)).toEqual(['rules']);
    expect(config.kubernetes.enabled).toBe(false);
    expect(config.retention.maxAge).toBe(7 * 86_400_000_000);
    expect(config.log).toEqual({ level: 'info', format: 'json' });
  });

  for (const text of ['', '# nothing\n', '---\n', '{}']) {
    test(`an empty file (${JSON.stringify(text)}) is as none`, () => {
      expect(configOf(text)).toEqual(configOf(undefined));
    });
  }
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

  test('an empty variable gives nothing', () => {
    expect(configOf(text, { env: { FIRSTSEEN_LOG_LEVEL: '' } }).log.level).toBe('warn');
  });

  test('lists: with commas in a variable, several words in a flag', () => {
    expect(configOf(undefined, { env: { FIRSTSEEN_RULES: 'a,b/c.yaml' } }).rules.paths).toEqual(['a', 'b/c.yaml']);
    expect(configOf(undefined, { flags: { rules: ['a', 'b'] } }).rules.paths).toEqual(['a', 'b']);
  });

  test('the password of Redis stays beside an address from a flag', () => {
    const { state } = configOf(undefined, {
      env: { FIRSTSEEN_REDIS_PASSWORD: 'secret' },
      flags: { state: 'redis://127.0.0.1:6379' },
    });
    expectKind(state, 'redis');
    expect([state.url, state.password]).toEqual(['redis://127.0.0.1:6379', 'secret']);
  });

  test('an address of Redis from the environment keeps what the file says of Redis', () => {
    const { state } = configOf('state: { kind: redis, url: "redis://old:1", durability: fsync }\n', {
      env: { FIRSTSEEN_STATE: 'redis://new:2' },
    });
    expectKind(state, 'redis');
    expect([state.url, state.durability]).toEqual(['redis://new:2', 'fsync']);
  });

  test('a state of another kind replaces the whole', () => {
    const { state } = configOf('state: { kind: redis, url: "redis://old:1", durability: fsync }\n', {
      flags: { state: 'sqlite:x.db' },
    });
    expect(state).toEqual({ kind: 'sqlite', path: 'x.db' });
  });

  test('the variables that Kubernetes makes for a Service called firstseen are none of ours', () => {
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
  test('all at once, each with where it stands, its path and what was expected', () => {
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
    for (const expected of [
      /^FIRSTSEEN_KUBERNETES: kubernetes\.enabled: expected true or false, found "maybe"$/,
      /^FIRSTSEEN_LOG_FORMAT: log\.format: expected one of json, text, found "xml"$/,
      /^--ops-listen: ops\.listen: expected host:port/,
      /^FILE:2: log\.level: expected one of error, warn, info, debug, found "loud"$/,
      /^FILE:4: retention\.maxAge: expected a duration such as 30m, 36h or 7d, found "forever"$/,
      /^FILE:5: retention\.maxAlerts: expected a number of at least 1, found 0$/,
      /^FILE:8: receiver\.clusters\[0\]\.name: expected a DNS label/,
    ]) {
      expect([`${expected} in\n${problems.join('\n')}`, problems.some((problem) => expected.test(problem))]).toEqual([
        `${expected} in\n${problems.join('\n')}`,
        true,
      ]);
    }
    expect(problems).toHaveLength(7);
  });

  test('an unknown key, at its own line, with the one that was meant', () => {
    const problems = problemsOf('log:\n  level: info\nreceivr:\n  listen: x\n');
    expect(problems).toEqual(['FILE:3: receivr: unknown key "receivr"\n  hint: did you mean receiver?']);
  });

  test('an unknown key below', () => {
    const [problem = ''] = problemsOf('retention:\n  maxAge: 1d\n  maxAlert: 5\n');
    expect(problem).toMatch(/^FILE:3: retention\.maxAlert: .*\n {2}hint: .*maxAlerts/);
  });

  test('a value that is missing, at what it is missing from', () => {
    expect(problemsOf('log: {}\nstate:\n  kind: sqlite\n')).toEqual([
      'FILE:2: state.path: missing state.path: expected text',
    ]);
  });

  test('a state that is none', () => {
    expect(problemsOf(undefined, { flags: { state: 'mysql://x' } })).toEqual([
      '--state: state: expected sqlite:PATH, redis://HOST:PORT or rediss://HOST:PORT (TLS), found "mysql://x"',
    ]);
  });

  test('a receiver that everybody could send to', () => {
    const [problem = ''] = problemsOf(undefined, { flags: { listen: '0.0.0.0:9443' } });
    expect(problem).toMatch(/^--listen: receiver\.listen: expected a loopback address, because no sender/);
  });

  test('a local cluster that is not among the clusters, unless nothing is written to Kubernetes, or it sends nothing', () => {
    const clusters =
      'receiver:\n  clusters: [{name: prod, token: 0123456789abcdef}, {name: dev, token: fedcba9876543210}]\n';
    const kubernetes = (options: string) => `${clusters}kubernetes: {${options}}\n`;
    const expected =
      'expected the one of receiver.clusters that alerts are written to (prod, dev), or "" if it sends no events here';
    expect(problemsOf(kubernetes('enabled: true'))).toEqual([
      `FILE:3: kubernetes.localCluster: ${expected}, found "local"`,
    ]);
    for (const good of ['enabled: true, localCluster: dev', 'enabled: true, localCluster: ""', 'enabled: false']) {
      expect([good, load(kubernetes(good)).kind]).toEqual([good, 'ok']);
    }
  });

  test('YAML that cannot be read: each error with its line and column', () => {
    const problems = problemsOf('a: [\nb: {');
    expect(problems.length).toBeGreaterThan(0);
    for (const problem of problems) expect(problem).toMatch(/^FILE:2:\d+: [^\n]+$/);
  });

  test('a key that is there twice', () => {
    expect(problemsOf('log: {}\nlog: {}\n')[0] ?? '').toMatch(/^FILE:2:1: .*unique/);
  });

  test('a file that is no mapping', () => {
    expect(problemsOf('- a\n')).toEqual(['FILE: expected a mapping of settings, such as "state:"']);
  });

  test('a file that is not there', () => {
    const loaded = loadConfig({ file: join(folder, 'nope.yaml'), env: {}, flags: {} });
    expectKind(loaded, 'invalid');
    expect(loaded.problems[0] ?? '').toMatch(/nope\.yaml: there is no such file\n {2}hint: give an existing file/);
  });

  test('an alias bomb is refused, not followed', () => {
    const bomb = [
      'a: &a [x]',
      ...'bcdefghij'.split('').map((c, i) => `${c}: &${c} [${Array(10).fill(`*${'abcdefghi'[i]}`).join(', ')}]`),
    ];
    expect(problemsOf(bomb.join('\n'))[0] ?? '').toMatch(/^FILE: .*alias/i);
  });

  test('a key of the prototype is a key like any other', () => {
    expect(problemsOf('__proto__: { log: { level: debug } }\n')[0] ?? '').toMatch(/unknown key/);
  });
});

describe('heartbeat', () => {
  test('off unless asked for, once a minute', () => {
    expect(configOf(undefined).heartbeat).toEqual({ enabled: false, interval: 60_000_000 });
    const text = 'kubernetes: { enabled: true }\nheartbeat: { enabled: true, interval: 30s }\n';
    expect(configOf(text).heartbeat).toEqual({ enabled: true, interval: 30_000_000 });
  });

  test('it needs the API that it goes through, a cluster that it comes back from, and some pace', () => {
    expect(problemsOf('heartbeat: { enabled: true }\n').join()).toMatch(
      /^FILE:1: heartbeat.enabled: expected kubernetes.enabled/,
    );
    const elsewhere = 'kubernetes: { enabled: true, localCluster: x }\nheartbeat: { enabled: true }\n';
    expect(problemsOf(elsewhere).join()).toMatch(/expected kubernetes.localCluster to be one of receiver.clusters/);
    for (const interval of ['9s', '5m']) {
      expect(problemsOf(`heartbeat: { interval: ${interval} }\n`).join()).toMatch(
        /heartbeat.interval: expected between 10s and 2m/,
      );
    }
  });
});
