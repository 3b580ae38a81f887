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
What the logs tell is known from then on, and stands in \`firstseen terms list --learned\`. No alert is opened and none is counted on; thresholds and sequences
learn nothing. The learning time of a rule ends where the logs cover its history window: they begin before it, have no hole of more than a day, and reach
up to when the rule began to run. It may be done again, with the same files or with others, in any order.

A SQLite state is for one process: do this before the server starts, or while it is stopped. With Redis the server may run.

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
    .description('teach the rules what audit logs of the past tell, without an alert')
    .argument('<file...>', 'audit logs: JSON lines or EventLists, plain or gzip; - for standard input')
    .addOption(
      new Option('-o, --output <format>', 'how to print what was learned').choices(['table', 'json']).default('table'),
    )
    .option('--end-learning', 'end the learning time of every rule, also where the logs do not cover its window')
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
          'not every file was read to its end: what was read is learned, and no learning time ends',
          EXIT.failed,
        );
      }
      if (read.events === 0) {
        throw new CommandError('no audit event was found: is this an audit log (audit.k8s.io/v1, JSON)?', EXIT.failed);
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
      return 'was over';
    case 'ended':
      return 'ends now';
    case 'unread':
      return 'goes on: not all was read';
    case 'begins-late':
      return `goes on: the logs begin ${roughDuration(end.missing)} too late for the window`;
    case 'hole':
      return `goes on: no events from ${minute(end.from)} to ${minute(end.to)}`;
    case 'ends-early':
      return `goes on: the logs end at ${minute(end.to)}, before the rule began at ${minute(end.since)}`;
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
    [crowdedOut, `${count(crowdedOut, 'term')} found no room beside newer ones of their rule`],
    [read.skipped, `${count(read.skipped, 'line or item', 'lines or items')} skipped: no audit events`],
    [
      faults,
      `${count(faults, 'evaluation')} failed, the first of the rule ${firstFault?.rule}: it did not see that event`,
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
