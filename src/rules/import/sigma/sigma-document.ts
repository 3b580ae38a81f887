import { type DocumentPath, isRecord } from '../../document-problem.ts';
import { metadataKey } from './metadata.ts';

/** One document of a Sigma file, as plain values. */
export type SigmaValues = Readonly<Record<string, unknown>>;

/**
 * True for what looks like one of Sigma's documents (a rule, a correlation, a filter) rather than a resource of
 * Kubernetes.
 */
export function isSigmaDocument(value: unknown): value is SigmaValues {
  if (!isRecord(value) || 'apiVersion' in value || 'kind' in value) return false;
  const { detection, logsource, correlation, filter, action } = value;
  return [detection, logsource, correlation, filter].some((of) => of !== undefined) || action === 'global';
}

const THRESHOLD_KEYS: ReadonlyMap<string, string> = new Map([
  ['field', 'group-by'],
  ['window', 'timespan'],
]);

/** Where a path of the DetectionRule resource stands in the Sigma document that it was imported from. */
export function sigmaPath(value: SigmaValues, path: DocumentPath): DocumentPath {
  const [top, key, ...rest] = path;
  const isCorrelation = 'correlation' in value;
  if (top === 'metadata') return ['title'];
  if (top !== 'spec' || key === undefined) return [];
  switch (key) {
    case 'query':
      return isCorrelation ? ['correlation'] : ['detection'];
    case 'type':
      return isCorrelation ? ['correlation', 'type'] : [];
    case 'threshold': {
      const [setting, ...within] = rest;
      const known = THRESHOLD_KEYS.get(String(setting));
      return known === undefined ? ['correlation', 'condition'] : ['correlation', known, ...within];
    }
    case 'threat':
      return ['tags'];
    default:
      return [metadataKey(String(key)), ...rest];
  }
}
