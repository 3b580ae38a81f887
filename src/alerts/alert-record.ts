import { parseJson } from '../audit/parse-json.ts';
import type { AlertRecord, AlertSpec, AlertState } from '../detect/alert.ts';
import { isRecord } from '../rules/document-problem.ts';

/** The fields of the hash `alert:<id>`. */
export const alertFields = {
  spec: 'spec',
  state: 'state',
  version: 'ver',
  /** The version that the sink delivered last. */
  delivered: (sink: string) => `sent:${sink}`,
  /** Consecutive failed deliveries to the sink. */
  failures: (sink: string) => `fails:${sink}`,
} as const;

/** The dead-letter reason of an alert whose record does not parse: it is kept there, not lost. */
export const UNREADABLE = 'the stored record of the alert cannot be read';

/** The dead-letter entry of a delivery; `at` is in ms of the store's clock. */
export function deadLetter(reason: string, at: number): string {
  return JSON.stringify({ reason, at });
}

/** Parses an alert's stored texts; undefined if firstseen did not write them. */
export function parseAlert(
  id: string,
  cluster: string,
  texts: { readonly spec: string; readonly state: string; readonly version: string },
): AlertRecord | undefined {
  const spec = parseJson(texts.spec);
  const state = parseJson(texts.state);
  const version = parseCount(texts.version);
  if (!isRecord(spec) || !isRecord(state) || version === undefined) return undefined;
  // Only firstseen writes these, from the same types, so a delivery does not validate them again.
  return { id, cluster, version, spec: spec as unknown as AlertSpec, state: state as unknown as AlertState };
}

/** An integer from 0; undefined for anything else. */
export function parseCount(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}
