import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { type ConfigSources, loadConfig } from './load-config.ts';
import { type Config, rulePaths } from './schema.ts';

const folder = mkdtempSync(join(tmpdir(), 'firstseen-config-'));
after(() => rmSync(folder, { recursive: true }));
const file = join(folder, 'firstseen.yaml');

function load(text: string | undefined, sources: Partial<ConfigSources> = {}) {
  if (text !== undefined) writeFileSync(file, text);
  return loadConfig({ file: text === undefined ? undefined : file, env: {}, flags: {}, ...sources });
}

function configOf(...args: Parameters<typeof load>): Config {
  const loaded = load(...args);
  assert.ok(loaded.kind === 'ok', JSON.stringify(loaded));
  return loaded.config;
}

/** The problems, with the file's name short. */
function problemsOf(...args: Parameters<typeof load>): readonly string[] {
  const loaded = load(...args);
  assert.ok(loaded.kind === 'invalid', 'expected problems');
  return loaded.problems.map((problem) => problem.replaceAll(file, 'FILE'));
}

describe('defaults', () => {
  test('nothing given: this machine only, SQLite, no Kubernetes', () => {
    const config = configOf(undefined);
    assert.deepEqual(config.receiver.listen, { host: '127.0.0.1', port: 9443 });
    assert.deepEqual(config.ops.listen, { host: '127.0.0.1', port: 9444 });
    assert.deepEqual(config.state, { kind: 'sqlite', path: 'firstseen.db' });
    assert.deepEqual(rulePaths(config), ['rules']);
    assert.equal(config.kubernetes.enabled, false);
    assert.equal(config.retention.maxAge, 7 * 86_400_000_000);
    assert.deepEqual(config.log, { level: 'info', format: 'json' });
  });

  for (const text of ['', '# nothing\n', '---\n', '{}']) {
    test(`an empty file (${JSON.stringify(text)}) is as none`, () => {
      assert.deepEqual(configOf(text), configOf(undefined));
    });
  }
});

describe('precedence', () => {
  const text = 'log: { level: warn, format: text }\nops: { listen: "127.0.0.1:1" }\n';

  test('the file wins over the defaults', () => {
    assert.equal(configOf(text).log.level, 'warn');
  });

  test('the environment wins over the file, flags over both', () => {
    const env = { FIRSTSEEN_LOG_LEVEL: 'error', FIRSTSEEN_OPS_LISTEN: '127.0.0.1:2' };
    const config = configOf(text, { env, flags: { opsListen: '127.0.0.1:3' } });
    assert.equal(config.log.level, 'error');
    assert.equal(config.log.format, 'text');
    assert.equal(config.ops.listen.port, 3);
  });

  test('an empty variable gives nothing', () => {
    assert.equal(configOf(text, { env: { FIRSTSEEN_LOG_LEVEL: '' } }).log.level, 'warn');
  });

  test('lists: with commas in a variable, several words in a flag', () => {
    assert.deepEqual(configOf(undefined, { env: { FIRSTSEEN_RULES: 'a,b/c.yaml' } }).rules.paths, ['a', 'b/c.yaml']);
    assert.deepEqual(configOf(undefined, { flags: { rules: ['a', 'b'] } }).rules.paths, ['a', 'b']);
  });

  test('the password of Redis stays beside an address from a flag', () => {
    const { state } = configOf(undefined, {
      env: { FIRSTSEEN_REDIS_PASSWORD: 'secret' },
      flags: { state: 'redis://127.0.0.1:6379' },
    });
    assert.ok(state.kind === 'redis');
    assert.deepEqual([state.url, state.password], ['redis://127.0.0.1:6379', 'secret']);
  });

  test('an address of Redis from the environment keeps what the file says of Redis', () => {
    const { state } = configOf('state: { kind: redis, url: "redis://old:1", durability: fsync }\n', {
      env: { FIRSTSEEN_STATE: 'redis://new:2' },
    });
    assert.ok(state.kind === 'redis');
    assert.deepEqual([state.url, state.durability], ['redis://new:2', 'fsync']);
  });

  test('a state of another kind replaces the whole', () => {
    const { state } = configOf('state: { kind: redis, url: "redis://old:1", durability: fsync }\n', {
      flags: { state: 'sqlite:x.db' },
    });
    assert.deepEqual(state, { kind: 'sqlite', path: 'x.db' });
  });

  test('the variables that Kubernetes makes for a Service called firstseen are none of ours', () => {
    const env = {
      FIRSTSEEN_PORT: 'tcp://10.96.0.20:9443',
      FIRSTSEEN_PORT_9443_TCP: 'tcp://10.96.0.20:9443',
      FIRSTSEEN_PORT_9443_TCP_PORT: '9443',
      FIRSTSEEN_SERVICE_HOST: '10.96.0.20',
      FIRSTSEEN_SERVICE_PORT: '9443',
    };
    assert.deepEqual(configOf(undefined, { env }), configOf(undefined));
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
      assert.ok(
        problems.some((problem) => expected.test(problem)),
        `${expected} in\n${problems.join('\n')}`,
      );
    }
    assert.equal(problems.length, 7);
  });

  test('an unknown key, at its own line, with the one that was meant', () => {
    const problems = problemsOf('log:\n  level: info\nreceivr:\n  listen: x\n');
    assert.deepEqual(problems, ['FILE:3: receivr: unknown key "receivr"\n  hint: did you mean receiver?']);
  });

  test('an unknown key below', () => {
    const [problem = ''] = problemsOf('retention:\n  maxAge: 1d\n  maxAlert: 5\n');
    assert.match(problem, /^FILE:3: retention\.maxAlert: .*\n {2}hint: .*maxAlerts/);
  });

  test('a value that is missing, at what it is missing from', () => {
    assert.deepEqual(problemsOf('log: {}\nstate:\n  kind: sqlite\n'), [
      'FILE:2: state.path: missing state.path: expected text',
    ]);
  });

  test('a state that is none', () => {
    assert.deepEqual(problemsOf(undefined, { flags: { state: 'mysql://x' } }), [
      '--state: state: expected sqlite:PATH, redis://HOST:PORT or rediss://HOST:PORT (TLS), found "mysql://x"',
    ]);
  });

  test('a receiver that everybody could send to', () => {
    const [problem = ''] = problemsOf(undefined, { flags: { listen: '0.0.0.0:9443' } });
    assert.match(problem, /^--listen: receiver\.listen: expected a loopback address, because no sender/);
  });

  test('a local cluster that is not among the clusters, unless nothing is written to Kubernetes, or it sends nothing', () => {
    const clusters =
      'receiver:\n  clusters: [{name: prod, token: 0123456789abcdef}, {name: dev, token: fedcba9876543210}]\n';
    const kubernetes = (options: string) => `${clusters}kubernetes: {${options}}\n`;
    const expected =
      'expected the one of receiver.clusters that alerts are written to (prod, dev), or "" if it sends no events here';
    assert.deepEqual(problemsOf(kubernetes('enabled: true')), [
      `FILE:3: kubernetes.localCluster: ${expected}, found "local"`,
    ]);
    for (const good of ['enabled: true, localCluster: dev', 'enabled: true, localCluster: ""', 'enabled: false']) {
      assert.equal(load(kubernetes(good)).kind, 'ok', good);
    }
  });

  test('YAML that cannot be read: each error with its line and column', () => {
    const problems = problemsOf('a: [\nb: {');
    assert.ok(problems.length > 0);
    for (const problem of problems) assert.match(problem, /^FILE:2:\d+: [^\n]+$/);
  });

  test('a key that is there twice', () => {
    assert.match(problemsOf('log: {}\nlog: {}\n')[0] ?? '', /^FILE:2:1: .*unique/);
  });

  test('a file that is no mapping', () => {
    assert.deepEqual(problemsOf('- a\n'), ['FILE: expected a mapping of settings, such as "state:"']);
  });

  test('a file that is not there', () => {
    const loaded = loadConfig({ file: join(folder, 'nope.yaml'), env: {}, flags: {} });
    assert.ok(loaded.kind === 'invalid');
    assert.match(loaded.problems[0] ?? '', /nope\.yaml: there is no such file\n {2}hint: give an existing file/);
  });

  test('an alias bomb is refused, not followed', () => {
    const bomb = [
      'a: &a [x]',
      ...'bcdefghij'.split('').map((c, i) => `${c}: &${c} [${Array(10).fill(`*${'abcdefghi'[i]}`).join(', ')}]`),
    ];
    assert.match(problemsOf(bomb.join('\n'))[0] ?? '', /^FILE: .*alias/i);
  });

  test('a key of the prototype is a key like any other', () => {
    assert.match(problemsOf('__proto__: { log: { level: debug } }\n')[0] ?? '', /unknown key/);
  });
});

describe('heartbeat', () => {
  test('off unless asked for, once a minute', () => {
    assert.deepEqual(configOf(undefined).heartbeat, { enabled: false, interval: 60_000_000 });
    const text = 'kubernetes: { enabled: true }\nheartbeat: { enabled: true, interval: 30s }\n';
    assert.deepEqual(configOf(text).heartbeat, { enabled: true, interval: 30_000_000 });
  });

  test('it needs the API that it goes through, a cluster that it comes back from, and some pace', () => {
    assert.match(
      problemsOf('heartbeat: { enabled: true }\n').join(),
      /^FILE:1: heartbeat.enabled: expected kubernetes.enabled/,
    );
    const elsewhere = 'kubernetes: { enabled: true, localCluster: x }\nheartbeat: { enabled: true }\n';
    assert.match(problemsOf(elsewhere).join(), /expected kubernetes.localCluster to be one of receiver.clusters/);
    for (const interval of ['9s', '5m']) {
      assert.match(
        problemsOf(`heartbeat: { interval: ${interval} }\n`).join(),
        /heartbeat.interval: expected between 10s and 2m/,
      );
    }
  });
});
