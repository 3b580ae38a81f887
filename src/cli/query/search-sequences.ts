import { sanitise } from '../../audit/text.ts';
import type { EqlSequence } from '../../query/eql/parse.ts';
import { createFieldSlots } from '../../query/match/slots.ts';
import { compileSequence } from '../../rules/compile-sequence.ts';
import type { FieldAndValue } from '../../rules/compiled-rule.ts';
import { sequenceGroups } from '../../rules/kinds/sequence.ts';
import { createSequenceMachine, type SequenceMachine } from '../../rules/kinds/sequence-machine.ts';
import type { Column } from './corpus.ts';
import { createTablePrinter, type Printer } from './printer.ts';
import type { Search, SearchedEvent, SearchOptions } from './search.ts';

/** Memory bounds of a search for sequences. It drops what exceeds them and reports the number. */
export interface SequenceBounds {
  /** Events held back to restore time order, as needed for overlapping files. */
  readonly waiting: number;
  readonly waitingBytes: number;
  /** Groups with an incomplete sequence. The longest idle one is dropped first. */
  readonly groups: number;
  /** Lines of their events. */
  readonly groupBytes: number;
}

const MEBIBYTE = 1024 * 1024;

export const SEQUENCE_BOUNDS: SequenceBounds = {
  waiting: 100_000,
  waitingBytes: 256 * MEBIBYTE,
  groups: 100_000,
  groupBytes: 256 * MEBIBYTE,
};

/** An event that matches an item of the sequence. */
interface Candidate {
  readonly at: number;
  readonly order: number;
  readonly line: Buffer;
  readonly cells: readonly string[];
  readonly file: string;
  readonly groups: ReturnType<typeof sequenceGroups>['groups'];
}

/** A candidate within one group. */
interface Member {
  readonly at: number;
  readonly items: readonly number[];
  readonly terms: readonly FieldAndValue[];
  readonly candidate: Candidate;
}

interface Group {
  readonly machine: SequenceMachine<Member>;
  bytes: number;
}

/** Finds sequences in time order with the machine that rules use, and prints each with its events. */
export function searchSequences(
  written: EqlSequence,
  { output, maxCount, withFilename }: SearchOptions,
  columns: readonly Column[],
  printer: Printer,
  bounds: SequenceBounds = SEQUENCE_BOUNDS,
): Search {
  const slots = createFieldSlots();
  const sequence = compileSequence(written, Number.POSITIVE_INFINITY, slots);
  const memo = slots.createMemo();
  const groups = new Map<string, Group>();
  let waiting: Candidate[] = [];
  let waitingBytes = 0;
  let groupBytes = 0;
  let order = 0;
  let reached = Number.NEGATIVE_INFINITY;
  let found = 0;
  const left = { untimed: 0, late: 0, groups: 0, combinations: 0 };

  const complete = (members: readonly Member[]): boolean => {
    if (found < maxCount) {
      found += 1;
      print(members);
    }
    return true;
  };

  const print = (members: readonly Member[]): void => {
    const terms = members[0]?.terms ?? [];
    const candidates = members.map(({ candidate }) => candidate);
    switch (output) {
      case 'count':
        return;
      case 'json': {
        const by = Object.fromEntries(terms.map(({ field, value }) => [field, value]));
        const head = Buffer.from(`{"by":${JSON.stringify(by)},"events":[`);
        const lines = candidates.flatMap(({ line }, index) => (index === 0 ? [line] : [COMMA, line]));
        printer.line(Buffer.concat([head, ...lines, Buffer.from(']}')]));
        return;
      }
      case 'table':
      case 'lines': {
        const by = terms.map(({ field, value }) => `${field}: ${sanitise(JSON.stringify(value))}`);
        printer.text(['--', ...by].join(' '));
        if (output === 'lines') {
          for (const { line, file } of candidates) printer.line(line, withFilename ? file : undefined);
          return;
        }
        const names = columns.map(({ name }) => name);
        const table = createTablePrinter(withFilename ? ['FILE', ...names] : names, printer);
        for (const { cells, file } of candidates) table.row(withFilename ? [file, ...cells] : cells);
        table.finish();
      }
    }
  };

  const drop = (key: string, group: Group): void => {
    groups.delete(key);
    groupBytes -= group.bytes;
  };

  const advance = (candidate: Candidate): void => {
    for (const [key, { items, terms }] of candidate.groups) {
      const known = groups.get(key);
      if (known !== undefined) drop(key, known);
      const group = known ?? { machine: createSequenceMachine<Member>(sequence, complete), bytes: 0 };
      group.machine.push({ at: candidate.at, items, terms, candidate });
      const held = new Set(group.machine.pending().flat());
      if (held.size === 0) continue;
      group.bytes = 0;
      for (const member of held) group.bytes += member.candidate.line.length;
      groups.set(key, group);
      groupBytes += group.bytes;
    }
    while (groups.size > bounds.groups || groupBytes > bounds.groupBytes) {
      const [oldest] = groups;
      if (oldest === undefined) break;
      drop(...oldest);
      // A sequence past its span cannot complete.
      if (oldest[1].machine.pending().some(([first]) => first && candidate.at - first.at <= sequence.spanMicros)) {
        left.groups += 1;
      }
    }
  };

  /** Processes the oldest waiting candidates, and keeps `keep`. */
  const settle = (keep: number): void => {
    waiting.sort((a, b) => a.at - b.at || a.order - b.order);
    const ready = waiting.slice(0, Math.max(0, waiting.length - keep));
    waiting = waiting.slice(ready.length);
    for (const candidate of ready) {
      waitingBytes -= candidate.line.length;
      reached = candidate.at;
      advance(candidate);
    }
  };

  return {
    reads: true,
    push: (searched) => {
      memo.reset(searched.event);
      const { groups: of, cut } = sequenceGroups(sequence, memo);
      left.combinations += cut;
      if (of.size === 0) return true;
      if (Number.isNaN(searched.event.at)) {
        left.untimed += 1;
        return true;
      }
      if (searched.event.at < reached) {
        left.late += 1;
        return true;
      }
      const candidate = candidateOf(searched, order, of, output === 'table' ? columns : []);
      order += 1;
      waiting.push(candidate);
      waitingBytes += candidate.line.length;
      if (waiting.length > bounds.waiting || waitingBytes > bounds.waitingBytes) settle(waiting.length >> 1);
      return found < maxCount;
    },
    finish: () => settle(0),
    found: () => found,
    failure: () => undefined,
    notes: () => notesOf(left, bounds),
  };
}

const COMMA = Buffer.from(',');

function candidateOf(
  { event, line, file }: SearchedEvent,
  order: number,
  groups: Candidate['groups'],
  columns: readonly Column[],
): Candidate {
  // A copy, because the read buffer is reused.
  return {
    at: event.at,
    order,
    line: Buffer.from(line()),
    cells: columns.map(({ read }) => read(event)),
    file,
    groups,
  };
}

function notesOf(
  {
    untimed,
    late,
    groups,
    combinations,
  }: { readonly untimed: number; readonly late: number; readonly groups: number; readonly combinations: number },
  bounds: SequenceBounds,
): readonly string[] {
  const notes: readonly (readonly [count: number, text: string])[] = [
    [untimed, 'documents skipped: no time in @timestamp'],
    [late, `events skipped: they follow more than ${bounds.waiting} later ones; pass the files in time order`],
    [groups, 'groups dropped with an incomplete sequence: too many at once; add a maxspan'],
    [combinations, 'combinations of join values skipped: an event has more than 100'],
  ];
  return notes.filter(([count]) => count > 0).map(([count, text]) => `${count} ${text}`);
}
