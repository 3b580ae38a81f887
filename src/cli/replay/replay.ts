import { writeFile } from 'node:fs/promises';
import { Command, Option } from 'commander';
import { stringify } from 'yaml';
import { readAlerts } from '../../alerts/records.ts';
import { sanitise } from '../../audit/text.ts';
import { rulePaths } from '../../config/schema.ts';
import type { AlertRecord } from '../../detect/alert.ts';
import { createDetector } from '../../detect/detector.ts';
import { createEvaluator } from '../../ingest/create-evaluator.ts';
import { sha256Hashes } from '../../ingest/hashes.ts';
import type { IngestObserver } from '../../ingest/observer.ts';
import { alertResource, alertStatus } from '../../kubernetes/alert-resource.ts';
import { openSqliteState } from '../../state/sqlite/sqlite-state.ts';
import { addConfigFlags, configOf } from '../configure.ts';
import { count } from '../count.ts';
import { CommandError, EXIT, type Io } from '../io.ts';
import { loadRules } from '../load-rules.ts';
import { openAuditInputs } from '../open-audit-inputs.ts';
import { type EventsRead, readEvents } from '../read-events.ts';
import { alertTable } from './alert-table.ts';
import { createReplayRecord, type ReplayRecord } from './report/replay-record.ts';
import { REPORT_KINDS, type ReportKind, writeReport } from './report/write-report.ts';

const CLUSTER = 'local';

interface ReplayFlags extends Record<string, unknown> {
  readonly output: 'table' | 'json' | 'yaml';
  readonly report?: ReportKind;
  readonly reportFile?: string;
}

/** Counters for the summary. */
interface ReplayCounts extends EventsRead {
  /** Matches during the learning time of their rule. */
  taught: number;
  /** Matches out of order by more than thresholds and sequences tolerate. */
  late: number;
  /** Failed evaluations of rules. */
  faults: number;
}

const HELP = `
Examples:
  $ firstseen replay /var/log/kubernetes/audit.log
  $ firstseen replay audit-*.log.gz audit.log                 oldest first, so that rules learn in time order
  $ kubectl -n logs exec collector-0 -- cat audit.log | firstseen replay -
  $ firstseen replay --rules my-rules -o json audit.log | jq '.items[].spec.reason'
  $ firstseen replay --rules my-rules --report matches audit.log | jq '.rules[] | {rule, fires}'
  $ firstseen replay --rules my-rules --report junit --report-file report.xml audit.log
  $ firstseen replay --rules my-rules --report html --report-file report.html audit-*.log.gz audit.log

A replay starts with an empty state, so every term is new at first. It discards its state at the end.
Alerts go to standard output, the summary to standard error. A report without --report-file replaces the alerts on
standard output:

  matches   JSON: for each rule, the audit IDs of the events that it selects and on which it fired
  junit     XML for CI: for each rule, whether it loads and runs, and its inline tests; exit code 1 if one fails
  html      one page: the alerts on a timeline, by rule and by user, with their evidence`;

export function replayCommand(io: Io): Command {
  const command = new Command('replay')
    .description('run the rules over audit logs and print the resulting alerts')
    .argument('<file...>', 'audit logs: JSON lines or EventLists, plain or gzip; - reads standard input')
    .addOption(
      new Option('-o, --output <format>', 'output format of the alerts')
        .choices(['table', 'json', 'yaml'])
        .default('table'),
    )
    .addOption(new Option('--report <kind>', 'report to write').choices(REPORT_KINDS))
    .option('--report-file <file>', 'file for the report (default: standard output, instead of the alerts)')
    .addHelpText('after', HELP);
  return addConfigFlags(command, ['--rules']).action(async (files: string[], flags: ReplayFlags) => {
    const paths = rulePaths(configOf(flags, io));
    if (flags.reportFile !== undefined && flags.report === undefined) {
      throw new CommandError(`--report-file needs --report: one of ${REPORT_KINDS.join(', ')}`);
    }
    // Fails before a long replay rather than after it.
    if (flags.reportFile !== undefined) await saveReport(flags.reportFile, '', 'a');
    const inputs = await openAuditInputs(files, io);
    const rules = await loadRules(paths, io);
    const { ready, slots } = rules;
    if (ready.length === 0)
      throw new CommandError('no rule can run; fix the problems above, or pass other rules with --rules', EXIT.failed);
    const counts: ReplayCounts = { events: 0, skipped: 0, taught: 0, late: 0, faults: 0, broken: 0 };
    const record = flags.report === undefined ? undefined : createReplayRecord(ready);
    const store = openSqliteState({ kind: 'sqlite', path: ':memory:' });
    let failures = false;
    try {
      const detector = createDetector(record?.watched ?? ready.map(({ rule }) => rule), slots, sha256Hashes);
      const evaluate = createEvaluator({
        store,
        detector: () => detector,
        hashes: sha256Hashes,
        sinks: [],
        own: undefined,
        observer: countInto(counts, record),
      });
      const read = await readEvents('replay', inputs, io, (events) => evaluate(CLUSTER, events));
      Object.assign(counts, read);
      const alerts = [...(await readAlerts(store, CLUSTER))].sort((a, b) => a.state.firstSeen - b.state.firstSeen);
      if (record !== undefined && flags.report !== undefined) {
        const report = await writeReport(flags.report, { record, rules, alerts, events: counts.events, files });
        failures = report.failures;
        if (flags.reportFile === undefined) io.out(report.text);
        else await saveReport(flags.reportFile, report.text);
      }
      if (record === undefined || flags.reportFile !== undefined) print(alerts, flags.output, io);
      io.err(summary(counts, ready.length, alerts.length));
    } finally {
      await store.close();
    }
    if (counts.broken > 0) {
      throw new CommandError(
        'not all files could be read to the end, so alerts may be missing; fix the files and repeat',
        EXIT.failed,
      );
    }
    if (counts.events === 0 && counts.skipped > 0) {
      throw new CommandError('no audit events found; expected an audit log (audit.k8s.io/v1, JSON)', EXIT.failed);
    }
    if (failures) throw new CommandError('a rule or a test failed; see the report', EXIT.failed);
  });
}

async function saveReport(file: string, text: string, flag: 'w' | 'a' = 'w'): Promise<void> {
  await writeFile(file, text, { flag }).catch((error: unknown) => {
    throw new CommandError(`--report-file: cannot write the report: ${sanitise(String(error))}`);
  });
}

function countInto(counts: ReplayCounts, record: ReplayRecord | undefined): IngestObserver {
  return {
    decoded() {},
    ownWrites() {},
    late() {},
    learning() {},
    detected(_cluster, _evaluated, { faults }) {
      counts.faults += faults.length;
      record?.detected(faults);
    },
    settled(_cluster, decisions, settled) {
      const { outcomes } = settled;
      record?.settled(decisions, settled);
      counts.taught += outcomes.filter((outcome) => outcome === 'learning').length;
      counts.late += outcomes.filter((outcome) => outcome === 'late').length;
    },
  };
}

function summary({ events, skipped, taught, late, faults }: ReplayCounts, rules: number, alerts: number): string {
  const notes = [
    [taught, `${count(taught, 'match', 'matches')} during learning, without alerts`],
    [late, `${count(late, 'match', 'matches')} too late for a threshold or sequence: pass the files in time order`],
    [skipped, `${count(skipped, 'line or item', 'lines or items')} skipped: not audit events`],
    [faults, `${count(faults, 'evaluation', 'evaluations')} failed: the rule did not see that event`],
  ] as const;
  const found = [count(events, 'event', 'events'), count(rules, 'rule', 'rules'), count(alerts, 'alert', 'alerts')];
  return [found.join(', '), ...notes.filter(([n]) => n > 0).map(([, text]) => text)]
    .map((line) => `${line}\n`)
    .join('');
}

function print(alerts: readonly AlertRecord[], output: ReplayFlags['output'], io: Io): void {
  if (output === 'table') {
    io.out(alerts.length === 0 ? 'No alerts.\n' : `${alertTable(alerts)}\n`);
    return;
  }
  const items = alerts.map((alert) => ({
    ...alertResource(alert),
    status: { phase: alert.state.phase, ...alertStatus(alert.state) },
  }));
  const list = { apiVersion: 'v1', kind: 'List', items };
  io.out(output === 'json' ? `${JSON.stringify(list, null, 2)}\n` : stringify(list, { aliasDuplicateObjects: false }));
}
