import { Command, Option } from 'commander';
import { stringify } from 'yaml';
import { readAlerts } from '../alerts/records.ts';
import { decodeDocument } from '../audit/decode.ts';
import type { DecodedEvent } from '../audit/event.ts';
import type { AlertRecord } from '../detect/alert.ts';
import { createDetector } from '../detect/detector.ts';
import { createEvaluator, type Evaluator } from '../ingest/create-evaluator.ts';
import { sha256Hashes } from '../ingest/hashes.ts';
import type { IngestObserver } from '../ingest/observer.ts';
import { alertResource, alertStatusPatch } from '../kubernetes/alert-resource.ts';
import { openSqliteState } from '../state/sqlite/sqlite-state.ts';
import { alertTable } from './alert-table.ts';
import { type AuditInput, openAuditInputs } from './audit-input.ts';
import { addConfigFlags, configOf } from './configure.ts';
import { CommandError, EXIT, type Io } from './io.ts';
import { loadRules } from './load-rules.ts';
import { startProgressBar } from './progress-bar.ts';

/** Events evaluated at once: as many as a busy API server sends in a few batches. */
const BATCH = 500;
const CLUSTER = 'local';

interface ReplayFlags extends Record<string, unknown> {
  readonly output: 'table' | 'json' | 'yaml';
}

/** What became of what was read, for the summary. */
interface ReplayCounts {
  events: number;
  /** Lines and items of lists that are no audit events. */
  skipped: number;
  /** Matches of rules in their learning time. */
  taught: number;
  /** Events that came after others by more than thresholds and sequences allow for. */
  late: number;
  /** Evaluations of a rule that failed. */
  faults: number;
  /** Files that could not be read to their end. */
  broken: number;
}

const HELP = `
Examples:
  $ firstseen replay /var/log/kubernetes/audit.log
  $ firstseen replay audit-*.log.gz audit.log                 oldest first: history is learned in this order
  $ kubectl -n logs exec collector-0 -- cat audit.log | firstseen replay -
  $ firstseen replay --rules my-rules -o json audit.log | jq '.items[].spec.reason'

Nothing is written anywhere: each replay begins without history, so what comes first in the files is new.
The alerts go to standard output, the summary to standard error.`;

export function replayCommand(io: Io): Command {
  const command = new Command('replay')
    .description('run the rules over audit logs, and print the alerts that would have been')
    .argument('<file...>', 'audit logs: JSON lines or EventLists, plain or gzip; - for standard input')
    .addOption(
      new Option('-o, --output <format>', 'how to print the alerts')
        .choices(['table', 'json', 'yaml'])
        .default('table'),
    )
    .addHelpText('after', HELP);
  return addConfigFlags(command, ['--rules']).action(async (files: string[], flags: ReplayFlags) => {
    const { rules } = configOf(flags, io);
    const inputs = await openAuditInputs(files, io);
    const { ready, slots } = await loadRules(rules.paths, io);
    if (ready.length === 0) throw new CommandError('no rule can run; name others with --rules', EXIT.failed);
    const counts: ReplayCounts = { events: 0, skipped: 0, taught: 0, late: 0, faults: 0, broken: 0 };
    const store = openSqliteState({ kind: 'sqlite', path: ':memory:' });
    try {
      const detector = createDetector(
        ready.map(({ rule }) => rule),
        slots,
        sha256Hashes,
      );
      const evaluate = createEvaluator({
        store,
        detector: () => detector,
        hashes: sha256Hashes,
        sinks: [],
        own: undefined,
        observer: countInto(counts),
      });
      await feed(inputs, evaluate, counts, io);
      const alerts = [...(await readAlerts(store, CLUSTER))].sort((a, b) => a.state.firstSeen - b.state.firstSeen);
      print(alerts, flags.output, io);
      io.err(summary(counts, ready.length, alerts.length));
    } finally {
      await store.close();
    }
    if (counts.broken > 0) {
      throw new CommandError('not every file was read to its end; the alerts are those up to there', EXIT.failed);
    }
    if (counts.events === 0 && counts.skipped > 0) {
      throw new CommandError('no audit event was found: is this an audit log (audit.k8s.io/v1, JSON)?', EXIT.failed);
    }
  });
}

function countInto(counts: ReplayCounts): IngestObserver {
  return {
    decoded() {},
    ownWrites() {},
    late() {},
    learning() {},
    detected(_cluster, _evaluated, { faults }) {
      counts.faults += faults.length;
    },
    settled(_cluster, _decisions, { outcomes }) {
      counts.taught += outcomes.filter((outcome) => outcome === 'learning').length;
      counts.late += outcomes.filter((outcome) => outcome === 'late').length;
    },
  };
}

function summary({ events, skipped, taught, late, faults }: ReplayCounts, rules: number, alerts: number): string {
  const notes = [
    [taught, `${count(taught, 'match', 'matches')} only taught: rules in their learning time`],
    [
      late,
      `${count(late, 'match', 'matches')} too late for a threshold or a sequence: give the files in the order of time`,
    ],
    [skipped, `${count(skipped, 'line or item', 'lines or items')} skipped: no audit events`],
    [faults, `${count(faults, 'evaluation', 'evaluations')} failed: the rule did not see that event`],
  ] as const;
  const found = [count(events, 'event', 'events'), count(rules, 'rule', 'rules'), count(alerts, 'alert', 'alerts')];
  return [found.join(', '), ...notes.filter(([n]) => n > 0).map(([, text]) => text)]
    .map((line) => `${line}\n`)
    .join('');
}

function count(n: number, one: string, many: string): string {
  return `${n} ${n === 1 ? one : many}`;
}

async function feed(inputs: readonly AuditInput[], evaluate: Evaluator, counts: ReplayCounts, io: Io): Promise<void> {
  const bar = startProgressBar('replay', inputs, io);
  const progress = (bytes: number) => bar.advance(bytes, counts.events);
  /** Said once the bar is gone. */
  const notes: string[] = [];
  let waiting: DecodedEvent[] = [];
  const flush = async () => {
    // What came first in the files comes first at the same time, over all documents of a batch.
    await evaluate(
      CLUSTER,
      waiting.map((event, ordinal) => ({ ...event, ordinal })),
    );
    counts.events += waiting.length;
    waiting = [];
  };
  /** The first one stands for all: they are counted. */
  const skip = (where: string, reason: string, items: number) => {
    if (counts.skipped === 0) notes.push(`${where}: skipped: ${reason}\n`);
    counts.skipped += items;
  };
  const read = async (input: AuditInput) => {
    for await (const { text, line } of input.documents(progress)) {
      const decoded = decodeDocument(text, Date.now() * 1_000);
      const where = `${input.name}:${line}`;
      if (decoded.kind === 'rejected') {
        skip(where, decoded.message, 1);
        continue;
      }
      const [first] = decoded.quarantined;
      if (first !== undefined) skip(where, first.reason, decoded.quarantined.length);
      // Not spread into arguments: a list holds any number of them.
      for (const event of decoded.events) waiting.push(event);
      if (waiting.length >= BATCH) await flush();
    }
  };
  try {
    for (const input of inputs) {
      await read(input).catch((error: unknown) => {
        if (!(error instanceof CommandError)) throw error;
        notes.push(`${error.message}\n`);
        counts.broken += 1;
      });
    }
    await flush();
  } finally {
    bar.stop();
    for (const note of notes) io.err(note);
  }
}

function print(alerts: readonly AlertRecord[], output: ReplayFlags['output'], io: Io): void {
  if (output === 'table') {
    io.out(alerts.length === 0 ? 'No alerts.\n' : `${alertTable(alerts)}\n`);
    return;
  }
  const items = alerts.map((alert) => ({
    ...alertResource(alert),
    status: { phase: alert.state.phase, ...alertStatusPatch(alert.state).status },
  }));
  const list = { apiVersion: 'v1', kind: 'List', items };
  io.out(output === 'json' ? `${JSON.stringify(list, null, 2)}\n` : stringify(list, { aliasDuplicateObjects: false }));
}
