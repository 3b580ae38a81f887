import { cutBytes, sanitise } from '../audit/text.ts';

/** A problem with a value of a rule, and the path of the value. */
export interface DocumentProblem {
  readonly path: DocumentPath;
  readonly message: string;
  readonly hint?: string;
  /** Set if the key itself is wrong, not its value. */
  readonly on?: 'key';
  /** Set if only a place within a text value is wrong. Both count from 1. */
  readonly within?: { readonly line: number; readonly column: number };
}

export type DocumentPath = readonly (string | number)[];

/** `spec.tests[0].event`, for messages. */
export function formatPath(path: DocumentPath): string {
  return path.reduce<string>(
    (text, step) => (typeof step === 'number' ? `${text}[${step}]` : text === '' ? step : `${text}.${step}`),
    '',
  );
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The own value at a path, or undefined. */
export function valueAt(root: unknown, path: DocumentPath): unknown {
  let value = root;
  for (const step of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined;
    value = (value as Readonly<Record<string | number, unknown>>)[step];
  }
  return value;
}

const MAX_SHOWN = 60;

/** A value in a few words, for messages after "found". Control and bidi characters are escaped. */
export function describeValue(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  if (isRecord(value)) return 'a mapping';
  if (typeof value !== 'string') return String(value);
  const cut = value.length > MAX_SHOWN ? `${value.slice(0, MAX_SHOWN)}…` : value;
  return sanitise(JSON.stringify(cut));
}

const MAX_QUOTED_BYTES = 200;

/** A name from a rule, safe for a message: invisible characters are escaped, long names are cut. */
export function quoteName(text: string): string {
  return cutBytes(sanitise(text), MAX_QUOTED_BYTES);
}
