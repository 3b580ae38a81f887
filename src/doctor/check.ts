import type { Finding } from './finding.ts';
import type { Subject } from './subject.ts';

/** Checks one part of an installation. It changes nothing. */
export interface Check {
  /** Also the anchor of its section in docs/guides/troubleshooting.md. */
  readonly name: string;
  /**
   * @throws CannotCheck if something needed is missing
   * @throws OperationalError if the part does not answer
   */
  run(subject: Subject): Promise<readonly Finding[]>;
}
