import type { DocumentPath, DocumentProblem } from '../../document-problem.ts';
import type { UnsupportedReason } from '../unsupported-reason.ts';

/** Why a rule cannot run here, and where it says so. */
export interface SigmaReason extends UnsupportedReason {
  readonly path: DocumentPath;
  /** The place within the text at the path. */
  readonly within?: { readonly line: number; readonly column: number };
  readonly hint?: string;
}

/** What was found while one Sigma document was read. */
export interface Findings {
  readonly problems: DocumentProblem[];
  readonly reasons: SigmaReason[];
  /** Sentences for people: what is not applied, and what else is worth knowing. */
  readonly notes: Set<string>;
  /** Sentences for people: where another set of events matches than Sigma says. */
  readonly differences: Set<string>;
  /** The length of all regular expressions that were read. */
  regexSize: number;
}

export function createFindings(): Findings {
  return { problems: [], reasons: [], notes: new Set(), differences: new Set(), regexSize: 0 };
}

/** Notes once what is told of the same thing several times. */
export function note({ notes }: Findings, text: string): void {
  notes.add(text);
}

/** A construct that has no equal here. */
export function refuse(
  { reasons }: Findings,
  name: string,
  path: DocumentPath,
  message: string,
  more: Pick<SigmaReason, 'within' | 'hint'> = {},
): void {
  reasons.push({ kind: 'construct', name, path, message, ...more });
}
