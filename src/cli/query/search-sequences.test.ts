import { expect, test } from '@jest/globals';
import { expectKind, expectPresent } from '../../../test/support/expect.ts';
import { parseEql } from '../../query/eql/parse.ts';
import { createAuditCorpus } from './audit-corpus.ts';
import { createPrinter } from './printer.ts';
import { SEQUENCE_BOUNDS, type SequenceBounds, searchSequences } from './search-sequences.ts';

const corpus = createAuditCorpus(Date.UTC(2026, 5) * 1_000);

/** @param events such as `get:eve:3`: verb, user and second */
function run(query: string, events: string, bounds: Partial<SequenceBounds> = {}) {
  const parsed = parseEql(query, { suggestField: () => undefined, ...corpus });
  expectKind(parsed, 'sequence');
  let out = '';
  const printer = createPrinter({
    out: (text) => {
      out += Buffer.from(text).toString();
    },
    outIsTerminal: false,
  });
  const options = { output: 'lines', maxCount: Number.POSITIVE_INFINITY, withFilename: false } as const;
  const search = searchSequences(parsed.sequence, options, corpus.columns, printer, { ...SEQUENCE_BOUNDS, ...bounds });
  // Like a reader, which overwrites the bytes of an event with the next.
  const bytes = Buffer.alloc(100);
  for (const text of events.split(' ')) {
    const [verb, username, second] = text.split(':');
    const stageTimestamp = `2026-03-02T08:00:${second?.padStart(2, '0')}Z`;
    const document = JSON.stringify({ kind: 'Event', verb, user: { username }, stageTimestamp });
    const [event] = corpus.read({ text: document, bytes: Buffer.from(document), line: 1 }).events;
    expectPresent(event);
    bytes.fill(' ').write(text);
    search.push({ event, line: () => bytes.subarray(0, text.length), file: 'x.log' });
  }
  search.finish();
  printer.flush();
  return {
    found: out
      .trim()
      .split(/\n?-- user.name: /)
      .filter(Boolean)
      .map((group) => group.replaceAll('\n', ' ')),
    notes: search.notes(),
  };
}

const PAIR = 'sequence by user.name [any where event.action == "get"] [any where event.action == "list"]';

test('events are processed in time order', () => {
  const { found, notes } = run(PAIR, 'list:b:4 list:a:2 get:b:3 get:a:1 get:c:5');
  expect(found).toEqual(['"a" get:a:1 list:a:2', '"b" get:b:3 list:b:4']);
  expect(notes).toEqual([]);
});

test('events later than the buffer allows are skipped and counted', () => {
  const { found, notes } = run(PAIR, 'get:a:3 list:a:4 get:b:6 get:a:1 list:b:7', { waiting: 2 });
  expect(found).toEqual(['"a" get:a:3 list:a:4', '"b" get:b:6 list:b:7']);
  expect(notes.join('\n')).toMatch(/^1 events skipped: .*pass the files in time order$/);
});

test('of too many groups, the longest idle one is dropped and counted', () => {
  const { found, notes } = run(PAIR, 'get:a:1 get:b:2 get:a:3 get:c:4 list:a:5 list:b:6 list:c:7', { groups: 2 });
  expect(found).toEqual(['"a" get:a:3 list:a:5', '"c" get:c:4 list:c:7']);
  expect(notes.join('\n')).toMatch(/^1 groups dropped with an incomplete sequence/);
});

test('groups are also bounded by bytes; sequences past their span do not count as dropped', () => {
  const spanned = PAIR.replace('by user.name', 'by user.name with maxspan=1s');
  expect(run(PAIR, 'get:a:1 get:b:3', { groupBytes: 10 }).notes.join('\n')).toMatch(/^1 groups/);
  expect(run(spanned, 'get:a:1 get:b:3', { groupBytes: 10 }).notes).toEqual([]);
});
