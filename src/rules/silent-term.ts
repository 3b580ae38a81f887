import { parseJson } from '../audit/parse-json.ts';
import { isRecord } from './document-problem.ts';

/** How a term was learned without an alert. */
export interface SilentTerm {
  /** When it was first seen (µs). */
  readonly at: number;
  /** The request that taught it, by the identity used in the rest of the state. */
  readonly request: string;
  /** Who did what, for people. Sanitised and cut. */
  readonly what: string;
  /** What made it known: the rule's learning time, past audit logs, or the terms of another state. */
  readonly by: (typeof TEACHERS)[number];
  /** The values as in the event, if the term does not show them. Without secrets, sanitised and cut. */
  readonly values?: readonly string[];
}

export const TEACHERS = ['learning', 'backfill', 'import'] as const;

export function formatSilentTerm({ at, request, what, by, values }: SilentTerm): string {
  return JSON.stringify({ at, request, what, by, values });
}

/** Reads what `formatSilentTerm` wrote; of other input as much as possible. */
export function parseSilentTerm(text: string): SilentTerm {
  const parsed = parseJson(text);
  const value = isRecord(parsed) ? parsed : {};
  const values = Array.isArray(value.values) ? value.values.filter((one) => typeof one === 'string') : undefined;
  return {
    at: typeof value.at === 'number' ? value.at : 0,
    request: textOf(value.request),
    what: textOf(value.what),
    by: TEACHERS.find((teacher) => teacher === value.by) ?? 'learning',
    ...(values !== undefined && { values }),
  };
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
