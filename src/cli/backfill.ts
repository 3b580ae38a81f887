import Table from 'cli-table3';
import { Command, Option } from 'commander';
import { formatTimestamp } from '../audit/timestamp.ts';
import type { LearningEnd } from '../detect/end-learning.ts';
import { type Backfilled, type BackfilledRule, createBackfill } from '../ingest/backfill.ts';
import { count } from './count.ts';
import { CommandError, EXIT, type Io } from './io.ts';
import { openAuditInputs } from './open-audit-inputs.ts';
import { PLAIN_TABLE, trimLines } from './plain-table.ts';
import { type EventsRead, readEvents } from './read-events.ts';
import { roughDuration } from './rough-duration.ts';
import { addMemoryFlags, type MemoryFlags, withRuleMemory } from './rule-memory.ts';
import { safeJson } from './safe-output.ts';

const HELP = `
Only new_terms rules learn. Backfill opens no alerts and does not count on open ones. \`firstseen terms list --learned\`
prints the learned terms.

A rule's learning time ends if the logs cover its history window: they start before the window, have no gap longer than
a day, and reach the time when the rule first ran. You can repeat a backfill with the same or other files, in any order.

Only one process can open a SQLite state: stop the server first. With Redis the server can keep running.

Examples:
  $ firstseen backfill --config firstseen.yaml /var/log/kubernetes/audit*.log
  $ firstseen backfill --config firstseen.yaml --cluster prod audit-*.log.gz audit.log
  $ kubectl -n logs exec collector-0 -- cat audit.log | firstseen backfill --config firstseen.yaml -`;

interface Flags extends MemoryFlags {
  readonly output: 'table' | 'json';
  readonly endLearning?: true;
}

export function backfillCommand(io: Io): Command {
  const command = new Command('backfill')
    .description('learn terms from past audit logs, without alerts')
    .argument('<file...>', 'audit logs: JSON lines or EventLists, plain or gzip; - reads standard input')
    .addOption(new Option('-o, --output <format>', 'output format').choices(['table', 'json']).default('table'))
    .option('--end-learning', 'end the learning time of every rule, even if the logs do not cover its window')
    .addHelpText('after', HELP);
  return addMemoryFlags(command).action(async (files: string[], flags: Flags) => {
    const inputs = await openAuditInputs(files, io);
    await withRuleMemory(flags, io, true, async ({ store, cluster, detector }) => {
      const backfill = createBackfill(store, cluster, detector);
      const start = performance.now();
      const read = await readEvents('backfill', inputs, io, backfill.add);
      const result = await backfill.finish(read.broken === 0, flags.endLearning);
      const seconds = (performance.now() - start) / 1_000;
      io.out(flags.output === 'json' ? safeJson(toJson(cluster, read, result)) : tableOf(result.rules));
      io.err(summary(read, result, seconds));
      if (read.broken > 0) {
        throw new CommandError(
          'not all files could be read to the end: the terms read so far are learned, no learning time ends; fix the files and repeat',
          EXIT.failed,
        );
      }
      if (read.events === 0) {
        throw new CommandError('no audit events found; expected an audit log (audit.k8s.io/v1, JSON)', EXIT.failed);
      }
    });
  });
}

function tableOf(rules: readonly BackfilledRule[]): string {
  const table = new Table({ ...PLAIN_TABLE, head: ['RULE', 'LEARNED', 'KNOWN BEFORE', 'TOO OLD', 'LEARNING TIME'] });
  for (const { rule, learned, known, outdated, learning } of rules) {
    table.push([rule.document.name, learned, known, outdated, learningWords(learning)]);
  }
  return `${trimLines(table.toString())}\n`;
}

function learningWords(end: LearningEnd): string {
  switch (end.kind) {
    case 'none':
      return 'none';
    case 'over':
      return 'had ended';
    case 'ended':
      return 'ends now';
    case 'unread':
      return 'continues: not all files were read';
    case 'begins-late':
      return `continues: the logs start ${roughDuration(end.missing)} too late for the window`;
    case 'hole':
      return `continues: no events from ${minute(end.from)} to ${minute(end.to)}`;
    case 'ends-early':
      return `continues: the logs end at ${minute(end.to)}, before the rule started at ${minute(end.since)}`;
  }
}

function minute(micros: number): string {
  return `${formatTimestamp(micros).slice(0, 16)}Z`;
}

function summary(read: EventsRead, { time, rules, faults, firstFault }: Backfilled, seconds: number): string {
  const learned = rules.reduce((sum, rule) => sum + rule.learned, 0);
  const crowdedOut = rules.reduce((sum, rule) => sum + rule.crowdedOut, 0);
  const over = time === undefined ? '' : `, from ${minute(time.from)} to ${minute(time.to)}`;
  const rate = Math.round(read.events / Math.max(seconds, 0.001)).toLocaleString('en');
  const notes: readonly (readonly [number, string])[] = [
    [crowdedOut, `${count(crowdedOut, 'term')} dropped: the rule is full of newer terms`],
    [read.skipped, `${count(read.skipped, 'line or item', 'lines or items')} skipped: not audit events`],
    [
      faults,
      `${count(faults, 'evaluation')} failed, the first in the rule ${firstFault?.rule}: it did not see that event`,
    ],
  ];
  const first = `${count(read.events, 'event')}${over}, ${count(learned, 'term')} learned (${rate} events/s)`;
  return [first, ...notes.filter(([n]) => n > 0).map(([, text]) => text)].map((line) => `${line}\n`).join('');
}

function toJson(cluster: string, { events, skipped }: EventsRead, { time, rules, faults }: Backfilled) {
  return {
    cluster,
    events,
    skipped,
    faults,
    ...(time !== undefined && { from: formatTimestamp(time.from), to: formatTimestamp(time.to) }),
    rules: rules.map(({ rule, learning, learned, known, outdated, crowdedOut }) => ({
      rule: rule.document.name,
      learned,
      known,
      outdated,
      crowdedOut,
      learning: { kind: learning.kind, message: learningWords(learning) },
    })),
  };
}
