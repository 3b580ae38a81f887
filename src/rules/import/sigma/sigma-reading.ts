import type { Findings } from './findings.ts';
import type { Search } from './search.ts';
import type { SigmaValues } from './sigma-document.ts';

/** A document that has been read by itself. */
export interface SigmaReading {
  readonly role: 'rule' | 'correlation' | 'filter';
  readonly value: SigmaValues;
  readonly findings: Findings;
  /** Of a rule or a filter, if nothing is wrong with what it asks for. */
  readonly search: Search | undefined;
}
