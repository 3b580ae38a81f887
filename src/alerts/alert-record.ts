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
  /** How many deliveries to the sink have failed in a row. */
  failures: (sink: string) => `fails:${sink}`,
} as const;

/** The reason in the dead-letter set of an alert whose record does not parse: it is set aside where it is seen, not lost. */
export const UNREADABLE = 'the record of the alert in the store cannot be read';

/** What the dead-letter set keeps of a delivery that was given up; `at` is in ms of the store's clock. */
export function deadLetter(reason: string, at: number): string {
  return JSON.stringify({ reason, at });
}

/** The alert from its stored texts; undefined if they are not what firstseen writes. */
export function parseAlert(
  id: string,
  cluster: string,
  texts: { readonly spec: string; readonly state: string; readonly version: string },
): AlertRecord | undefined {
  const spec = parseJson(texts.spec);
  const state = parseJson(texts.state);
  const version = parseCount(texts.version);
  if (!isRecord(spec) || !isRecord(state) || version === undefined) return undefined;
  // Written by firstseen alone, from these very types: the shape is not checked again on each delivery.
  return { id, cluster, version, spec: spec as unknown as AlertSpec, state: state as unknown as AlertState };
}

/** A whole number from 0 up; undefined for anything else. */
export function parseCount(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}
