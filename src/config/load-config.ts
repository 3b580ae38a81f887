import { readFileSync } from 'node:fs';
import { LineCounter, parseDocument } from 'yaml';
import { type DocumentPath, formatPath } from '../rules/document-problem.ts';
import { toDocumentProblems } from '../rules/schema-problems.ts';
import { type Config, configSchema } from './schema.ts';
import { SETTINGS } from './settings.ts';

export type LoadedConfig =
  | { readonly kind: 'ok'; readonly config: Config }
  /** One text a problem: where it stands, its path, what was expected, and what to do. */
  | { readonly kind: 'invalid'; readonly problems: readonly string[] };

export interface ConfigSources {
  /** The path of the YAML file. Without one there are only defaults, environment and flags. */
  readonly file: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** By the name of the setting's flag, as `flagName` gives it. */
  readonly flags: Readonly<Record<string, unknown>>;
}

/** `opsListen` for `--ops-listen <host:port>`: the key under which commander keeps a flag. */
export function flagName(flag: string): string {
  const [name = ''] = flag.replace(/^--/, '').split(' ', 1);
  return name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
}

/** Puts the configuration together in rising precedence, and checks the whole: every problem at once. */
export function loadConfig({ file, env, flags }: ConfigSources): LoadedConfig {
  const read = readConfigFile(file);
  if (read.problems.length > 0) return { kind: 'invalid', problems: read.problems };
  const values = read.values;
  const origins = new Map<string, string>();
  const put = (path: readonly string[], value: unknown, origin: string) => {
    setAt(values, path, value);
    origins.set(path.join('.'), origin);
  };
  for (const { path, env: name, parse } of SETTINGS) {
    const text = name === undefined ? undefined : env[name];
    if (name !== undefined && text !== undefined && text !== '') put(path, parse?.(text) ?? text, name);
  }
  for (const { path, flag, parse } of SETTINGS) {
    const given = flag === undefined ? undefined : flags[flagName(flag)];
    if (flag === undefined || given === undefined) continue;
    put(path, typeof given === 'string' && parse !== undefined ? parse(given) : given, flag.split(' ', 1)[0] ?? flag);
  }

  const checked = configSchema.safeParse(values);
  if (checked.success) return { kind: 'ok', config: checked.data };
  const problems = toDocumentProblems(configSchema, values, checked.error.issues);
  return {
    kind: 'invalid',
    problems: problems.map(({ path, message, hint }) => {
      const place = originOf(path, origins) ?? read.place(path);
      const text = `${place === undefined ? '' : `${place}: `}${formatPath(path)}: ${message}`;
      return hint === undefined ? text : `${text}\n  hint: ${hint}`;
    }),
  };
}

interface ConfigFile {
  readonly values: Record<string, unknown>;
  readonly problems: readonly string[];
  /** `file:line` of a value, or of the nearest thing around it that stands in the file. */
  readonly place: (path: DocumentPath) => string | undefined;
}

function readConfigFile(file: string | undefined): ConfigFile {
  if (file === undefined) return { values: {}, problems: [], place: () => undefined };
  const failed = (problem: string): ConfigFile => ({ values: {}, problems: [problem], place: () => undefined });
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return failed(`cannot read the configuration: ${why}\n  hint: give an existing file with --config`);
  }
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: true });
  if (document.errors.length > 0) {
    return {
      values: {},
      problems: document.errors.map(({ message }) => `${file}: ${message}`),
      place: () => undefined,
    };
  }
  const values: unknown = document.toJS({ maxAliasCount: 100 }) ?? {};
  if (typeof values !== 'object' || values === null || Array.isArray(values)) {
    return failed(`${file}: expected a mapping of settings, such as "state:"`);
  }
  return {
    values: { ...values },
    problems: [],
    place(path) {
      for (let length = path.length; length > 0; length--) {
        const node: unknown = document.getIn(path.slice(0, length), true);
        const range = typeof node === 'object' && node !== null && 'range' in node ? node.range : undefined;
        if (Array.isArray(range) && typeof range[0] === 'number') return `${file}:${lines.linePos(range[0]).line}`;
      }
      return file;
    },
  };
}

function originOf(path: DocumentPath, origins: ReadonlyMap<string, string>): string | undefined {
  for (let length = path.length; length > 0; length--) {
    const origin = origins.get(path.slice(0, length).join('.'));
    if (origin !== undefined) return origin;
  }
  return undefined;
}

/** Sets a value below mappings, which are made where they are missing. A part of the path that is not a mapping gives way. */
function setAt(root: Record<string, unknown>, path: readonly string[], value: unknown): void {
  const [key, ...rest] = path;
  if (key === undefined) return;
  if (rest.length === 0) {
    root[key] = value;
    return;
  }
  const below = root[key];
  const copy = typeof below === 'object' && below !== null && !Array.isArray(below) ? { ...below } : {};
  root[key] = copy;
  setAt(copy as Record<string, unknown>, rest, value);
}
