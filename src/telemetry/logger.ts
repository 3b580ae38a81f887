import type { Writable } from 'node:stream';
import { createLogger as createWinston, format, transports } from 'winston';
import { cutBytes, excerpt, sanitise } from '../audit/text.ts';

export const LOG_LEVELS = ['error', 'warn', 'info', 'debug'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export const LOG_FORMATS = ['json', 'text'] as const;
export type LogFormat = (typeof LOG_FORMATS)[number];

export type LogFields = Readonly<Record<string, unknown>>;

/** Messages are constant strings; variable parts go into fields. */
export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** A logger that adds these fields to each entry. */
  child(fields: LogFields): Logger;
}

/** The root logger of a process; a change of its level applies to its children too. */
export interface RootLogger extends Logger {
  setLevel(level: LogLevel): void;
}

export interface LoggerOptions {
  readonly level: LogLevel;
  readonly format: LogFormat;
  /** Standard error by default: standard output is for the results of a command. */
  readonly stream?: Writable;
  /** The time of an entry; the system clock by default. */
  readonly now?: () => Date;
}

type Entry = readonly (readonly [name: string, value: unknown])[];

const MAX_STRING_BYTES = 4 * 1024;
const MAX_DEPTH = 4;
const MAX_ITEMS = 50;
const RESERVED: ReadonlySet<string> = new Set(['@timestamp', 'log.level', 'message']);
const WINSTON_LEVELS = Object.fromEntries(LOG_LEVELS.map((level, severity) => [level, severity]));

/**
 * A logger that writes one entry a line, with field names of the Elastic Common Schema where it has one: `@timestamp`,
 * `log.level`, `message`, then the fields. An Error in field `x` becomes `x.message`, `x.type`, `x.code`,
 * `x.stack_trace` and `x.cause`. Every string is sanitised and cut to 4 KiB, because a field may hold client input.
 *
 * Names: https://www.elastic.co/docs/reference/ecs/ecs-error
 */
export function createLogger(options: LoggerOptions): RootLogger {
  const now = options.now ?? (() => new Date());
  const render = options.format === 'json' ? renderJson : renderText;
  const winston = createWinston({
    level: options.level,
    levels: WINSTON_LEVELS,
    format: format.printf(({ level, message, fields }) =>
      render(now(), level, String(message), flatten(fields as LogFields)),
    ),
    transports: [new transports.Stream({ stream: options.stream ?? process.stderr, eol: '\n' })],
  });

  function bind(bound: LogFields): Logger {
    const at = (level: LogLevel) => (message: string, fields?: LogFields) => {
      if (winston.isLevelEnabled(level)) winston.log({ level, message, fields: { ...bound, ...fields } });
    };
    return {
      debug: at('debug'),
      info: at('info'),
      warn: at('warn'),
      error: at('error'),
      child: (fields) => bind({ ...bound, ...fields }),
    };
  }

  return {
    ...bind({}),
    setLevel(level) {
      winston.level = level;
    },
  };
}

function renderJson(time: Date, level: string, message: string, fields: Entry): string {
  return JSON.stringify(
    Object.fromEntries([
      ['@timestamp', time.toISOString()],
      ['log.level', level],
      ['message', clean(message)],
      ...fields,
    ]),
  );
}

/** `time LEVEL message name=value …`; a stack trace follows, indented so that no line of it can pass for an entry. */
function renderText(time: Date, level: string, message: string, fields: Entry): string {
  const isStack = (name: string): boolean => name.endsWith('.stack_trace');
  const pairs = fields.filter(([name]) => !isStack(name)).map(([name, value]) => ` ${name}=${textValue(value)}`);
  const stacks = fields
    .filter(([name]) => isStack(name))
    .map(([, stack]) => `\n    ${String(stack).replaceAll('\n', '\n    ')}`);
  return `${time.toISOString()} ${level.toUpperCase().padEnd(5)} ${clean(message)}${pairs.join('')}${stacks.join('')}`;
}

function textValue(value: unknown): string {
  return typeof value === 'string' && /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value);
}

function flatten(fields: LogFields): Entry {
  return Object.entries(fields).flatMap(([key, value]): Entry => {
    if (value === undefined) return [];
    const name = RESERVED.has(key) ? `fields.${key}` : clean(key);
    return value instanceof Error ? errorFields(name, value) : [[name, plain(value, 0)]];
  });
}

function errorFields(name: string, error: Error): Entry {
  const code: unknown = 'code' in error ? error.code : undefined;
  const { cause } = error;
  return [
    [`${name}.message`, clean(error.message)],
    [`${name}.type`, clean(error.name)],
    ...(code === undefined ? [] : [[`${name}.code`, plain(code, MAX_DEPTH)] as const]),
    ...(cause === undefined ? [] : [[`${name}.cause`, plain(cause, MAX_DEPTH - 1)] as const]),
    [`${name}.stack_trace`, cleanLines(error.stack ?? '')],
  ];
}

/** Turns a value into one that JSON can hold: clean strings, bounded depth and length, own properties only. */
function plain(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return clean(value);
  if (typeof value === 'number' || typeof value === 'boolean' || value === null) return value;
  if (value instanceof Error) return clean(value.message);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'invalid date' : value.toISOString();
  if (typeof value !== 'object') return clean(String(value));
  if (depth >= MAX_DEPTH) return '…';
  if (Array.isArray(value)) return value.slice(0, MAX_ITEMS).map((item) => plain(item, depth + 1));
  const entries = Object.entries(value).slice(0, MAX_ITEMS);
  return Object.fromEntries(entries.map(([key, item]) => [clean(key), plain(item, depth + 1)]));
}

function clean(text: string): string {
  return excerpt(text, MAX_STRING_BYTES);
}

/** Keeps line breaks and sanitises the rest. */
function cleanLines(text: string): string {
  const lines = text.slice(0, MAX_STRING_BYTES).split('\n');
  return cutBytes(lines.map(sanitise).join('\n'), MAX_STRING_BYTES);
}
