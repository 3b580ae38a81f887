import { cpSync, existsSync, mkdirSync } from 'node:fs';
import { basename, dirname, join, matchesGlob, posix } from 'node:path';
import { expect } from '@jest/globals';
import { fail } from './fail.ts';

interface Instruction {
  /** In capitals, such as COPY. */
  readonly name: string;
  readonly text: string;
}

/** A stage of a Dockerfile, with a folder that stands for its file system. */
export interface Stage {
  readonly image: string;
  readonly root: string;
  /** The working directory, inside the file system. */
  readonly workdir: string;
  readonly env: Readonly<Record<string, string>>;
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  readonly healthcheck: readonly string[];
}

/** Where a path of a stage's file system lies in its folder. */
export function pathIn(stage: Pick<Stage, 'root' | 'workdir'>, path: string): string {
  return join(stage.root, posix.resolve(stage.workdir, path));
}

/**
 * Does what a Dockerfile says, as far as that is possible without a container: FROM, WORKDIR, ENV and COPY in folders; RUN
 * is up to the caller.
 *
 * @param context the folder that is built from
 * @param folder empty; gets a folder for each stage
 */
export async function buildStages(
  dockerfile: string,
  { context, folder, run }: { context: string; folder: string; run: (stage: Stage, command: string) => Promise<void> },
): Promise<readonly Stage[]> {
  const stages: { name: string; stage: Stage }[] = [];
  for (const { name, text } of instructionsOf(dockerfile)) {
    if (name === 'FROM') {
      const [image = '', , alias = String(stages.length)] = text.split(/\s+/);
      const root = join(folder, alias);
      mkdirSync(root);
      const stage = { image, root, workdir: '/', env: {}, entrypoint: [], command: [], healthcheck: [] };
      stages.push({ name: alias, stage });
      continue;
    }
    const current = stages.at(-1) ?? fail(`${name} before FROM`);
    const sourceOf = (from: string) => stages.find((other) => other.name === from)?.stage;
    if (name === 'COPY') copy(text, current.stage, context, sourceOf);
    else if (name === 'RUN') await run(current.stage, text);
    else current.stage = { ...current.stage, ...changes(name, text, current.stage) };
  }
  return stages.map(({ stage }) => stage);
}

/** Which files a .dockerignore leaves in the build context: the last pattern that a path, or a folder above it, meets decides. */
export function inContext(dockerignore: string, files: readonly string[]): readonly string[] {
  const patterns = dockerignore.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return files.filter((file) => {
    const parts = file.split('/');
    const paths = parts.map((_, index) => parts.slice(0, index + 1).join('/'));
    const last = patterns.findLast((pattern) => paths.some((path) => matchesGlob(path, pattern.replace(/^!/, ''))));
    return last?.startsWith('!') ?? true;
  });
}

function instructionsOf(dockerfile: string): readonly Instruction[] {
  const lines = dockerfile.split('\n').filter((line) => !line.startsWith('#'));
  return lines
    .join('\n')
    .replaceAll(/\\\n/g, ' ')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const [name = ''] = line.split(' ', 1);
      return { name: name.toUpperCase(), text: line.slice(name.length).trim() };
    });
}

function changes(name: string, text: string, stage: Stage): Partial<Stage> {
  switch (name) {
    case 'WORKDIR': {
      const workdir = posix.resolve(stage.workdir, text);
      mkdirSync(join(stage.root, workdir), { recursive: true });
      return { workdir };
    }
    case 'ENV':
      return { env: { ...stage.env, ...Object.fromEntries(text.split(/\s+/).map((pair) => pair.split('=', 2))) } };
    case 'ENTRYPOINT':
      return { entrypoint: JSON.parse(text) };
    case 'CMD':
      return { command: JSON.parse(text) };
    case 'HEALTHCHECK':
      return { healthcheck: JSON.parse(text.slice(text.indexOf('['))) };
    case 'LABEL':
    case 'USER':
    case 'EXPOSE':
      return {};
    default:
      throw new Error(`an instruction that this reader does not know: ${name} ${text}`);
  }
}

function copy(text: string, stage: Stage, context: string, stageOf: (name: string) => Stage | undefined): void {
  const words = text.split(/\s+/);
  const from = words.find((word) => word.startsWith('--from='))?.slice('--from='.length);
  const paths = words.filter((word) => !word.startsWith('--'));
  const to = paths.pop() ?? '';
  const root = from === undefined ? context : (stageOf(from)?.root ?? fail(`no stage ${from}`));
  for (const path of paths) {
    const source = join(root, path);
    expect([`COPY ${path}: it is not in the build context`, existsSync(source)]).toEqual([
      `COPY ${path}: it is not in the build context`,
      true,
    ]);
    const target = to.endsWith('/') ? join(pathIn(stage, to), basename(path)) : pathIn(stage, to);
    mkdirSync(dirname(target), { recursive: true });
    cpSync(source, target, { recursive: true, verbatimSymlinks: true });
  }
}
