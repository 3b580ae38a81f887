import type { AlertRecord } from '../../detect/alert.ts';
import type { CompiledRules } from '../../rulefiles/compile-loaded.ts';
import { hasFailures, junitXml } from '../junit.ts';
import { junitSuites } from './junit-report.ts';
import { matchesReport } from './matches-report.ts';
import type { ReplayRecord } from './replay-record.ts';

export const REPORT_KINDS = ['matches', 'junit'] as const;
export type ReportKind = (typeof REPORT_KINDS)[number];

/** A replay that is over. */
export interface Replayed {
  readonly record: ReplayRecord;
  readonly rules: CompiledRules;
  /** Oldest first. */
  readonly alerts: readonly AlertRecord[];
  /** How many events were evaluated. */
  readonly events: number;
  /** As they were named. */
  readonly files: readonly string[];
}

/** The text of a report, and whether it says that something is wrong with the rules. */
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
  }
}
