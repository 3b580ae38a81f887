import type { Finding } from './finding.ts';
import type { Subject } from './subject.ts';

/** One part of an installation that can be looked at by itself. It changes nothing. */
export interface Check {
  /** Also its anchor in docs/guides/troubleshooting.md. */
  readonly name: string;
  /**
   * @throws CannotCheck if it cannot be made
   * @throws OperationalError if what is looked at does not answer
   */
  run(subject: Subject): Promise<readonly Finding[]>;
}
