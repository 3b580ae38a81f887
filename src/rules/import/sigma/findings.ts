import type { DocumentPath, DocumentProblem } from '../../document-problem.ts';
import type { UnsupportedReason } from '../unsupported-reason.ts';

/** Why a rule cannot run here, and the place that says so. */
export interface SigmaReason extends UnsupportedReason {
  readonly path: DocumentPath;
  /** The place within the text at the path. */
  readonly within?: { readonly line: number; readonly column: number };
  readonly hint?: string;
}

/** Findings from reading one Sigma document. */
export interface Findings {
  readonly problems: DocumentProblem[];
  readonly reasons: SigmaReason[];
  /** Sentences for people: ignored settings, and other facts worth knowing. */
  readonly notes: Set<string>;
  /** Sentences for people: where other events match than in Sigma. */
  readonly differences: Set<string>;
  /** The total length of the regular expressions read so far. */
  regexSize: number;
}

export function createFindings(): Findings {
  return { problems: [], reasons: [], notes: new Set(), differences: new Set(), regexSize: 0 };
}

/** Merges equal notes. */
export function note({ notes }: Findings, text: string): void {
  notes.add(text);
}

/** A construct without an equivalent here. */
export function refuse(
  { reasons }: Findings,
  name: string,
  path: DocumentPath,
  message: string,
  more: Pick<SigmaReason, 'within' | 'hint'> = {},
): void {
  reasons.push({ kind: 'construct', name, path, message, ...more });
}
