/** Holds the shape of src/ that ARCHITECTURE.md describes: who may import whom, what is pure, and how long a file may be. */

import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from '@jest/globals';

/** A folder imports only from folders before it, or on its own level before the bar of ARCHITECTURE.md. */
const ORDER: readonly (readonly string[])[] = [
  ['audit'],
  ['ecs'],
  ['query'],
  ['rules'],
  ['detect', 'policy', 'telemetry'],
  ['alerts'],
  ['ingest'],
  ['rulefiles'],
  ['ruleset'],
  ['state', 'kubernetes'],
  ['sinks'],
  ['http'],
  ['sources'],
  ['config'],
  ['app', 'doctor'],
  ['cli'],
  ['main.ts'],
];

const PURE = ['audit', 'ecs', 'query', 'rules', 'detect', 'policy'];
const PURE_PACKAGES = ['ipaddr.js', 're2js', 'zod'];

/** The one folder that owns each library; a library that is not here must not be used. */
const OWNERS: Readonly<Record<string, readonly string[]>> = {
  '@kubernetes/client-node': ['kubernetes'],
  '@opentelemetry/api': ['telemetry'],
  '@opentelemetry/exporter-trace-otlp-http': ['telemetry'],
  '@opentelemetry/resources': ['telemetry'],
  '@opentelemetry/sdk-trace': ['telemetry'],
  'cli-progress': ['cli'],
  'cli-table3': ['cli'],
  commander: ['cli'],
  express: ['http'],
  ioredis: ['state'],
  'ipaddr.js': ['ecs', 'query'],
  'prom-client': ['telemetry'],
  re2js: ['query'],
  'smol-toml': ['rulefiles'],
  winston: ['telemetry'],
  yaml: ['rulefiles', 'config', 'doctor', 'cli'],
};
/** zod states the shape of options where they are used, and `config` puts them together. */
const ANYWHERE = ['zod'];

const MOST_LINES = 400;

interface Import {
  readonly from: string;
  readonly to: string;
}

const files = globSync('src/**/*.ts').sort();
const sources = new Map(files.map((file) => [file, readFileSync(file, 'utf8')]));
const isTest = (file: string) => file.endsWith('.test.ts');

function importsOf(file: string): Import[] {
  const source = sources.get(file) ?? '';
  const pattern = /^(?:import|export)\s[^;'"]*?from\s+'([^']+)'|^import\s+'([^']+)'/gm;
  return [...source.matchAll(pattern)].map(([, named, bare]) => ({
    from: file,
    to: named ?? bare ?? '',
  }));
}

const imports = files.flatMap(importsOf);
const inProject = imports
  .filter(({ to }) => to.startsWith('.'))
  .map(({ from, to }) => ({ from, to: path.join(path.dirname(from), to) }));
const folderOf = (file: string) => file.split('/')[1] ?? '';
const levelOf = (file: string) => ORDER.findIndex((level) => level.includes(folderOf(file)));
const packageOf = (specifier: string) =>
  specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');

test('every file stands in a folder that the order knows', () => {
  expect(files.filter((file) => levelOf(file) < 0)).toEqual([]);
});

test('a folder imports only from folders to its left', () => {
  const upward = inProject.filter(
    ({ from, to }) => folderOf(from) !== folderOf(to) && levelOf(to) >= levelOf(from) && !isTest(from),
  );
  expect(upward).toEqual([]);
});

test('no cycle of files, not even of types', () => {
  const next = new Map<string, string[]>();
  for (const { from, to } of inProject) next.set(from, [...(next.get(from) ?? []), to]);
  const finished = new Set<string>();
  const visit = (file: string, trail: readonly string[]): void => {
    if (finished.has(file)) return;
    expect(trail).not.toContain(file);
    for (const other of next.get(file) ?? []) visit(other, [...trail, file]);
    finished.add(file);
  };
  for (const file of files) visit(file, []);
});

test('every module is reached from main.ts, so that there is none that only tests use', () => {
  const reached = new Set<string>();
  const visit = (file: string): void => {
    if (reached.has(file)) return;
    reached.add(file);
    const loaded = [...(sources.get(file) ?? '').matchAll(/\bimport\('(\.[^']+)'\)|\bnew URL\('(\.[^']+\.ts)'/g)];
    for (const [, imported, named] of loaded) visit(path.join(path.dirname(file), imported ?? named ?? ''));
    for (const { from, to } of inProject) if (from === file) visit(to);
  };
  visit('src/main.ts');
  expect(files.filter((file) => !reached.has(file) && !isTest(file))).toEqual([]);
});

test('the core is pure: nothing of Node, no network, no clock, only the packages on the list', () => {
  const core = imports.filter(({ from }) => PURE.includes(folderOf(from)) && !isTest(from));
  const foreign = core.filter(({ to }) => !to.startsWith('.') && !PURE_PACKAGES.includes(to));
  expect(foreign).toEqual([]);
  const impure = files.filter(
    (file) =>
      PURE.includes(folderOf(file)) &&
      !isTest(file) &&
      /\b(Date\.now|new Date\(\)|Math\.random|performance\.now|process\.|setTimeout|Buffer\.)/.test(
        sources.get(file) ?? '',
      ),
  );
  expect(impure).toEqual([]);
});

test('each library has one owning folder', () => {
  const used = imports.filter(({ from, to }) => !to.startsWith('.') && !to.startsWith('node:') && !isTest(from));
  const stray = used.filter(
    ({ from, to }) => !ANYWHERE.includes(packageOf(to)) && OWNERS[packageOf(to)]?.includes(folderOf(from)) !== true,
  );
  expect(stray).toEqual([]);
  const declared = Object.keys(
    (JSON.parse(readFileSync('package.json', 'utf8')) as { dependencies: Record<string, string> }).dependencies,
  );
  expect(declared.sort()).toEqual([...Object.keys(OWNERS), ...ANYWHERE].sort()); // declared and owned libraries differ
});

test.each(['@opentelemetry/', '@kubernetes/client-node'])(
  'libraries that take much memory are loaded only where they are asked for: traces, and files of kubeconfig: %j',
  (library) => {
    const owners = new Set(imports.filter(({ to }) => to.startsWith(library)).map(({ from }) => from));
    expect(owners.size).toBe(1);
    expect(inProject.filter(({ to }) => owners.has(to))).toEqual([]);
  },
);

test('the environment is read in one place', () => {
  const readers = files.filter(
    (file) => /\bprocess\.env\b/.test(sources.get(file) ?? '') && !isTest(file) && file !== 'src/main.ts',
  );
  expect(readers.filter((file) => folderOf(file) !== 'config')).toEqual([]);
});

test(`no file is longer than ${MOST_LINES} lines`, () => {
  const long = [...files, ...globSync('{test,docs,deploy}/**/*.ts')].filter(
    (file) => (sources.get(file) ?? readFileSync(file, 'utf8')).split('\n').length > MOST_LINES + 1,
  );
  expect(long).toEqual([]);
});
