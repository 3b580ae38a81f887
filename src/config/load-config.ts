import { readFileSync } from 'node:fs';
import { type Document, isMap, isNode, isScalar, LineCounter, parseDocument } from 'yaml';
import { readFailure } from '../rulefiles/find-rule-files.ts';
import { type DocumentPath, describeValue, formatPath, isRecord } from '../rules/document-problem.ts';
import { toDocumentProblems } from '../rules/schema-problems.ts';
import { type Config, configSchema } from './schema.ts';
import { SETTINGS, type Setting } from './settings.ts';

export type LoadedConfig =
  | { readonly kind: 'ok'; readonly config: Config }
  /** One text for each problem: its place, its path, what was expected, and what to do. */
  | { readonly kind: 'invalid'; readonly problems: readonly string[] };

/** Limits YAML aliases: a few that refer to each other can expand beyond memory. */
const MOST_ALIASES = 100;

export interface ConfigSources {
  /** The path of the YAML file; without it only defaults, environment and flags apply. */
  readonly file: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Values by the key that `flagName` gives. */
  readonly flags: Readonly<Record<string, unknown>>;
}

/** The key under which commander stores a flag: `opsListen` for `--ops-listen <host:port>`. */
export function flagName(flag: string): string {
  const [name = ''] = flag.replace(/^--/, '').split(' ', 1);
  return name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
}

/** Merges file, environment and flags, in rising precedence, and reports every problem at once. */
export function loadConfig({ file, env, flags }: ConfigSources): LoadedConfig {
  const read = readConfigFile(file);
  if (read.problems.length > 0) return { kind: 'invalid', problems: read.problems };
  const values = read.values;
  const origins = new Map<string, string>();
  const refused: string[] = [];
  for (const { path, text: form, ...names } of SETTINGS) {
    const given = outsideOf(names, env, flags);
    if (given === undefined) continue;
    const { value: raw, origin } = given;
    const value = form === undefined || typeof raw !== 'string' ? raw : form.parse(raw);
    if (value === undefined) {
      refused.push(`${origin}: ${formatPath(path)}: expected ${form?.expected}, found ${describeValue(raw)}`);
      continue;
    }
    setAt(values, path, value);
    origins.set(path.join('.'), origin);
  }

  const checked = configSchema.safeParse(values);
  if (checked.success && refused.length === 0) return { kind: 'ok', config: checked.data };
  const problems = toDocumentProblems(configSchema, values, checked.error?.issues ?? []);
  return {
    kind: 'invalid',
    problems: [
      ...refused,
      ...problems.map(({ path, message, hint }) => {
        const place = originOf(path, origins) ?? read.place(path);
        const text = `${place === undefined ? '' : `${place}: `}${formatPath(path)}: ${message}`;
        return hint === undefined ? text : `${text}\n  hint: ${hint}`;
      }),
    ],
  };
}

/** A setting from its flag or, without one, from the environment. An empty variable counts as unset. */
function outsideOf(
  { env: variable, flag }: Pick<Setting, 'env' | 'flag'>,
  env: ConfigSources['env'],
  flags: ConfigSources['flags'],
): { readonly value: unknown; readonly origin: string } | undefined {
  const given = flag === undefined ? undefined : flags[flagName(flag)];
  if (flag !== undefined && given !== undefined) return { value: given, origin: flag.split(' ', 1)[0] ?? flag };
  const text = variable === undefined ? undefined : env[variable];
  if (variable === undefined || text === undefined || text === '') return undefined;
  return { value: text, origin: variable };
}

interface ConfigFile {
  readonly values: Record<string, unknown>;
  readonly problems: readonly string[];
  /** `file:line` of a value, or of its nearest parent in the file. */
  readonly place: (path: DocumentPath) => string | undefined;
}

function readConfigFile(file: string | undefined): ConfigFile {
  if (file === undefined) return { values: {}, problems: [], place: () => undefined };
  const failed = (problem: string): ConfigFile => ({ values: {}, problems: [problem], place: () => undefined });
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    return failed(`${file}: ${readFailure(error)}\n  hint: set --config to an existing file`);
  }
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  if (document.errors.length > 0) {
    const problems = document.errors.map(({ message, pos: [start] }) => {
      const { line, col } = lines.linePos(start);
      return `${file}:${line}:${col}: ${message}`;
    });
    return { values: {}, problems, place: () => undefined };
  }
  let values: unknown;
  try {
    values = document.toJS({ maxAliasCount: MOST_ALIASES }) ?? {};
  } catch (error) {
    return failed(`${file}: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (!isRecord(values)) {
    return failed(`${file}: expected a mapping of settings, such as "state:"`);
  }
  return {
    values: { ...values },
    problems: [],
    place(path) {
      for (let length = path.length; length > 0; length--) {
        const start = startOf(document, path.slice(0, length));
        if (start !== undefined) return `${file}:${lines.linePos(start).line}`;
      }
      return file;
    },
  };
}

/** The place of a value: its key's, if it has one. */
function startOf(document: Document, path: DocumentPath): number | undefined {
  const parent: unknown = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true);
  const pair = isMap(parent) ? parent.items.find(({ key }) => isScalar(key) && key.value === path.at(-1)) : undefined;
  const node: unknown = pair?.key ?? document.getIn(path, true);
  return isNode(node) ? node.range?.[0] : undefined;
}

function originOf(path: DocumentPath, origins: ReadonlyMap<string, string>): string | undefined {
  for (let length = path.length; length > 0; length--) {
    const origin = origins.get(path.slice(0, length).join('.'));
    if (origin !== undefined) return origin;
  }
  return undefined;
}

/**
 * Sets a value in nested mappings, creating those that are missing and replacing parts of the path that are not
 * mappings. Options of the same `kind` are merged, so that an address from the environment keeps the other options.
 */
function setAt(root: Record<string, unknown>, path: readonly string[], value: unknown): void {
  const [key, ...rest] = path;
  if (key === undefined) return;
  const below = root[key];
  if (rest.length === 0) {
    root[key] = isRecord(value) && isRecord(below) && value.kind === below.kind ? { ...below, ...value } : value;
    return;
  }
  const copy: Record<string, unknown> = isRecord(below) ? { ...below } : {};
  root[key] = copy;
  setAt(copy, rest, value);
}
