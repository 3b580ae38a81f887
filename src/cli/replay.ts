import { SingleBar } from 'cli-progress';
import { Command, Option } from 'commander';
import { stringify } from 'yaml';
import { readAlerts } from '../alerts/records.ts';
import { decodeDocument } from '../audit/decode.ts';
import type { DecodedEvent } from '../audit/event.ts';
import type { AlertRecord } from '../detect/alert.ts';
import { createDetector } from '../detect/detector.ts';
import { createEvaluator } from '../ingest/create-evaluator.ts';
import { sha256Hashes } from '../ingest/hashes.ts';
import { alertResource, alertStatusPatch } from '../kubernetes/alert-resource.ts';
import { openSqliteState } from '../state/sqlite/sqlite-state.ts';
import { alertTable } from './alert-table.ts';
import { type AuditInput, openAuditInputs } from './audit-input.ts';
import { addConfigFlags, configOf } from './configure.ts';
import { CommandError, EXIT, type Io } from './io.ts';
import { loadRules } from './load-rules.ts';

/** Events evaluated at once: as many as a busy API server sends in a few batches. */
const BATCH = 500;
const CLUSTER = 'local';

interface ReplayFlags extends Record<string, unknown> {
  readonly output: 'table' | 'json' | 'yaml';
}

export function replayCommand(io: Io): Command {
  const command = new Command('replay')
    .description('run the rules over audit logs, and print the alerts that would have been')
    .argument('<file...>', 'audit logs: JSON lines or EventLists, plain or gzip; - for standard input')
    .addOption(
      new Option('-o, --output <format>', 'how to print the alerts')
        .choices(['table', 'json', 'yaml'])
        .default('table'),
    );
  return addConfigFlags(command, ['--rules']).action(async (files: string[], flags: ReplayFlags) => {
    const { rules } = configOf(flags, io);
    const { ready, slots } = await loadRules(rules.paths, io);
    if (ready.length === 0)
      throw new CommandError('no rule can run; see the problems above, or name others with --rules', EXIT.failed);
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
      });
      const counts = await feed(await openAuditInputs(files, io), evaluate, io);
      const alerts = [...(await readAlerts(store, CLUSTER))].sort((a, b) => a.state.firstSeen - b.state.firstSeen);
      print(alerts, flags.output, io);
      io.err(
        `${counts.events} events, ${ready.length} rules, ${alerts.length} alerts${counts.skipped > 0 ? `, ${counts.skipped} items that are no audit events` : ''}\n`,
      );
    } finally {
      await store.close();
    }
  });
}

async function feed(
  inputs: readonly AuditInput[],
  evaluate: (cluster: string, events: readonly DecodedEvent[]) => Promise<void>,
  io: Io,
) {
  const counts = { events: 0, skipped: 0 };
  const total = inputs.reduce((sum, { bytes }) => sum + (bytes ?? 0), 0);
  const bar =
    io.errIsTerminal && total > 0
      ? new SingleBar({
          format: 'replay {bar} {percentage}% · {events} events',
          hideCursor: true,
          clearOnComplete: true,
        })
      : undefined;
  bar?.start(total, 0, { events: 0 });
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
  try {
    for (const input of inputs) {
      for await (const document of input.documents((bytes) => bar?.increment(bytes, { events: counts.events }))) {
        const decoded = decodeDocument(document, Date.now() * 1_000);
        if (decoded.kind === 'rejected') {
          if (counts.skipped === 0) io.err(`${input.name}: ${decoded.message}\n`);
          counts.skipped += 1;
          continue;
        }
        counts.skipped += decoded.quarantined.length;
        waiting.push(...decoded.events);
        if (waiting.length >= BATCH) await flush();
      }
    }
    await flush();
  } finally {
    bar?.stop();
  }
  return counts;
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
  io.out(output === 'json' ? `${JSON.stringify(list, null, 2)}\n` : stringify(list));
}
