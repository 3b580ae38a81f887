import { parseJson } from '../audit/parse-json.ts';
import { isRecord } from './document-problem.ts';

/** How a term came to be known without an alert. */
export interface SilentTerm {
  /** When it was first seen (µs). */
  readonly at: number;
  /** The request that taught it, as the rest of the state names it. */
  readonly request: string;
  /** What that was, for people: who did what. Sanitised and cut. */
  readonly what: string;
  /** What made it known: the rule's learning time, audit logs of the past, or the terms of another state. */
  readonly by: (typeof TEACHERS)[number];
  /** The values as they stood in the event, where the term tells them not, or otherwise. Without secrets, sanitised and cut. */
  readonly values?: readonly string[];
}

export const TEACHERS = ['learning', 'backfill', 'import'] as const;

export function formatSilentTerm({ at, request, what, by, values }: SilentTerm): string {
  return JSON.stringify({ at, request, what, by, values });
}

/** What `formatSilentTerm` wrote; of anything else as much as can be read. */
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
