/**
 * The real programs that tests run against. What is missing is built or installed, once a user: built programs are kept
 * in a cache folder, under a name that changes when what they are built from does.
 *
 * `node test/support/tools.ts` prepares all of them.
 */
import { createHash } from 'node:crypto';
import {
  accessSync,
  constants,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { outputOf } from './child-process.ts';

const TOOL_NAMES = ['redis-server', 'kube-apiserver', 'kubectl', 'helm', 'promtool', 'chromium'] as const;

export type ToolName = (typeof TOOL_NAMES)[number];

const HELM_VERSION = '4.3.1';

/** The Go module that holds the API server. Its go.mod says which Kubernetes, and which Go builds it. */
const MODULE = join(import.meta.dirname, '..', 'e2e', 'apiserver');

const CHROMIUM_NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

const BUILD_TIMEOUT_MS = 30 * 60_000;
const LOCK_HEARTBEAT_MS = 2_000;
const LOCK_STALE_MS = 20_000;

/** All that is read from the environment. */
const environment = {
  cacheHome: process.env.XDG_CACHE_HOME || join(homedir(), '.cache'),
  path: process.env.PATH ?? '',
  redisServer: process.env.REDIS_SERVER && resolve(process.env.REDIS_SERVER),
  chromium: process.env.CHROMIUM && resolve(process.env.CHROMIUM),
};

const CACHE = join(environment.cacheHome, 'firstseen', 'tools');

const providers: Readonly<Record<ToolName, () => Promise<string>>> = {
  'redis-server': provideRedis,
  'kube-apiserver': provideApiServer,
  kubectl: provideKubectl,
  helm: provideHelm,
  promtool: providePromtool,
  chromium: provideChromium,
};

const provided = new Map<ToolName, Promise<string>>();

/**
 * The absolute path of a program, which is built or installed first where it is missing.
 *
 * @throws Error that says what to install, or what a build or an installation wrote.
 */
export function ensureTool(name: ToolName): Promise<string> {
  const known = provided.get(name);
  if (known) return known;
  const path = providers[name]();
  provided.set(name, path);
  return path;
}

async function provideRedis(): Promise<string> {
  if (environment.redisServer) {
    if (isExecutable(environment.redisServer)) return environment.redisServer;
    throw new Error(`REDIS_SERVER names ${environment.redisServer}, which is not a program that can be started`);
  }
  const present = findOnPath('redis-server');
  if (present) return present;
  await aptInstall('redis-server');
  const installed = findOnPath('redis-server');
  if (installed) return installed;
  throw new Error(
    'redis-server 7 or newer is needed: install it (Debian, Ubuntu: apt-get install redis-server; macOS: brew install redis), ' +
      'or let REDIS_SERVER name a redis-server or valkey-server program',
  );
}

async function provideApiServer(): Promise<string> {
  const version = moduleVersion('k8s.io/kubernetes');
  const sources = createHash('sha256');
  for (const file of ['main.go', 'go.mod']) sources.update(readFileSync(join(MODULE, file)));
  return buildOnce({
    file: `kube-apiserver-${version}-${sources.digest('hex').slice(0, 12)}`,
    announcement: `building kube-apiserver ${version}, about 3 minutes on 2 cores, once`,
    build: (folder) => goBuildKubernetes('.', version, folder),
  });
}

async function provideKubectl(): Promise<string> {
  const present = findOnPath('kubectl');
  if (present) return present;
  const version = moduleVersion('k8s.io/kubernetes');
  return buildOnce({
    file: `kubectl-${version}`,
    announcement: `building kubectl ${version}, about 1 minute on 2 cores, once`,
    build: (folder) => goBuildKubernetes('k8s.io/kubernetes/cmd/kubectl', version, folder),
  });
}

async function provideHelm(): Promise<string> {
  return buildOnce({
    file: `helm-${HELM_VERSION}`,
    announcement: `building helm ${HELM_VERSION}, about 2 minutes on 2 cores, once`,
    async build(folder) {
      const ldflags = `-s -w -X helm.sh/helm/v4/internal/version.version=v${HELM_VERSION}`;
      const helm = `helm.sh/helm/v4/cmd/helm@v${HELM_VERSION}`;
      await go(['install', '-trimpath', '-ldflags', ldflags, helm], { GOBIN: folder });
      return join(folder, 'helm');
    },
  });
}

async function provideChromium(): Promise<string> {
  if (environment.chromium) {
    if (isExecutable(environment.chromium)) return environment.chromium;
    throw new Error(`CHROMIUM names ${environment.chromium}, which is not a program that can be started`);
  }
  const find = () => CHROMIUM_NAMES.map(findOnPath).find((path) => path !== undefined);
  const present = find();
  if (present) return present;
  await aptInstall('chromium');
  const installed = find();
  if (installed) return installed;
  throw new Error(
    'Chromium or Chrome is needed: install it (Debian: apt-get install chromium; macOS: brew install --cask google-chrome), ' +
      'or let CHROMIUM name its program',
  );
}

/** Installs a package of Debian's; does nothing where that cannot be done. The program is named like the package. */
async function aptInstall(name: string): Promise<void> {
  const aptGet = findOnPath('apt-get');
  if (!aptGet || process.getuid?.() !== 0) return;
  await withLock('apt', async () => {
    if (findOnPath(name)) return;
    say(`installing ${name} with apt-get`);
    const options = { env: { DEBIAN_FRONTEND: 'noninteractive' }, timeoutMs: BUILD_TIMEOUT_MS };
    await outputOf(aptGet, ['update'], options);
    await outputOf(aptGet, ['install', '-y', '--no-install-recommends', name], options);
  });
}

/** Only the one program out of Debian's package: to install the whole of it would start a Prometheus. */
async function providePromtool(): Promise<string> {
  const present = findOnPath('promtool');
  if (present) return present;
  const aptGet = findOnPath('apt-get');
  const dpkg = findOnPath('dpkg-deb');
  if (!aptGet || !dpkg || process.getuid?.() !== 0) {
    throw new Error(
      'promtool is needed: install it (Debian, Ubuntu: apt-get install prometheus; macOS: brew install prometheus; ' +
        'elsewhere from https://prometheus.io/download/) so that it is on the PATH',
    );
  }
  return buildOnce({
    file: 'promtool',
    announcement: 'fetching promtool with apt-get, once',
    async build(folder) {
      const options = { cwd: folder, timeoutMs: BUILD_TIMEOUT_MS };
      await withLock('apt', async () => {
        await outputOf(aptGet, ['update'], options);
      });
      await outputOf(aptGet, ['download', 'prometheus'], options);
      const [archive] = readdirSync(folder).filter((name) => name.endsWith('.deb'));
      await outputOf(dpkg, ['-x', archive ?? '', folder], options);
      return join(folder, 'usr', 'bin', 'promtool');
    },
  });
}

/** Builds a package of the Kubernetes module with the version stamps without which clients cannot read its version. */
async function goBuildKubernetes(goPackage: string, version: string, folder: string): Promise<string> {
  const [major, minor] = version.split('.');
  const stamps = Object.entries({ gitVersion: `v${version}`, gitMajor: major, gitMinor: minor }).flatMap(
    ([name, value]) =>
      ['k8s.io/component-base/version', 'k8s.io/client-go/pkg/version'].map(
        (stamped) => `-X ${stamped}.${name}=${value}`,
      ),
  );
  const output = join(folder, 'program');
  await go([
    'build',
    '-trimpath',
    '-buildvcs=false',
    '-ldflags',
    ['-s -w', ...stamps].join(' '),
    '-o',
    output,
    goPackage,
  ]);
  return output;
}

async function go(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<void> {
  const executable = findOnPath('go');
  if (!executable) {
    const needed = moduleFile().match(/^go (\d+\.\d+)/m)?.[1];
    throw new Error(
      `Go ${needed} or newer is needed to build what the tests run against: install it from https://go.dev/dl/`,
    );
  }
  await outputOf(executable, args, {
    cwd: MODULE,
    env: { CGO_ENABLED: '0', GOWORK: 'off', ...env },
    timeoutMs: BUILD_TIMEOUT_MS,
  });
}

/** The version of a module in go.mod, without the leading v. */
function moduleVersion(path: string): string {
  const prefix = `${path} v`;
  const line = moduleFile()
    .split('\n')
    .find((candidate) => candidate.trim().startsWith(prefix));
  if (line === undefined) throw new Error(`test/e2e/apiserver/go.mod does not require ${path}`);
  return line.trim().slice(prefix.length);
}

function moduleFile(): string {
  return readFileSync(join(MODULE, 'go.mod'), 'utf8');
}

interface Build {
  /** Name in the cache. */
  readonly file: string;
  readonly announcement: string;
  /** Builds into an empty folder and gives the path of the program. */
  build(folder: string): Promise<string>;
}

/** The path of a built program in the cache. It appears there whole, and at most one program is built at a time. */
async function buildOnce({ file, announcement, build }: Build): Promise<string> {
  const path = join(CACHE, file);
  if (isExecutable(path)) return path;
  await withLock('build', async () => {
    if (isExecutable(path)) return;
    say(announcement);
    const folder = mkdtempSync(join(CACHE, 'building-'));
    try {
      renameSync(await build(folder), path);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
  return path;
}

/**
 * Does `work` while no other process of this user does the same. A lock whose owner has died is taken over when its
 * heartbeat is missing; were two processes to work at once nevertheless, they would waste time and break nothing.
 */
async function withLock(name: string, work: () => Promise<void>): Promise<void> {
  mkdirSync(CACHE, { recursive: true });
  const lock = join(CACHE, `${name}.lock`);
  while (!take(lock)) await sleep(250);
  const heartbeat = setInterval(() => {
    mkdirSync(lock, { recursive: true }); // another process may have taken it over while this one was suspended
    utimesSync(lock, new Date(), new Date());
  }, LOCK_HEARTBEAT_MS);
  try {
    await work();
  } finally {
    clearInterval(heartbeat);
    rmSync(lock, { recursive: true, force: true });
  }
}

function take(lock: string): boolean {
  const age = Date.now() - (statSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
  if (age > LOCK_STALE_MS) rmSync(lock, { recursive: true, force: true });
  try {
    mkdirSync(lock);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

function findOnPath(name: string): string | undefined {
  const folders = environment.path.split(delimiter).filter((folder) => folder !== '');
  return folders.map((folder) => resolve(folder, name)).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** All of the programs, one after another. */
export async function ensureTools(): Promise<void> {
  for (const name of TOOL_NAMES) await ensureTool(name);
}

if (import.meta.main) await ensureTools();
