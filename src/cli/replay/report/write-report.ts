import { hasFailures, junitXml } from '../../junit.ts';
import { htmlReport } from './html-report.ts';
import { junitSuites } from './junit-report.ts';
import { matchesReport } from './matches-report.ts';
import type { Replayed } from './replayed.ts';

export const REPORT_KINDS = ['matches', 'junit', 'html'] as const;
export type ReportKind = (typeof REPORT_KINDS)[number];

/** The text of a report, and whether it contains failures. */
export interface Report {
  readonly text: string;
  readonly failures: boolean;
}

export async function writeReport(kind: ReportKind, replayed: Replayed): Promise<Report> {
  switch (kind) {
    case 'matches':
      return { text: matchesReport(replayed.record.rules, replayed.events), failures: false };
    case 'junit': {
      const suites = await junitSuites(replayed.record.rules, replayed.rules);
      return { text: junitXml(suites), failures: hasFailures(suites) };
    }
    case 'html':
      return { text: htmlReport(replayed), failures: false };
  }
}
