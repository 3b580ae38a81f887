import { expect, test } from '@jest/globals';
import { createAuditCorpus } from './audit-corpus.ts';

const corpus = createAuditCorpus(Date.UTC(2026, 5) * 1_000);

function linesOf(text: string): string[] {
  const read = corpus.read({ text, bytes: Buffer.from(text), line: 1 });
  return read.events.map(({ ordinal }) => read.lineOf(ordinal).toString());
}

const A = '{"verb":"get", "stage" : "Panic","big":12345678901234567890}';
const B = '{"verb":"list","stage":"Panic"}';
const list = (items: string) => `{"kind":"EventList","apiVersion":"audit.k8s.io/v1","items":[${items}]}`;

test.each([A, A.replace('get', 'EventList'), A.replace('}', ',"kind":"Event","items":[1,"EventList"]}')])(
  'a single event is printed as it is: %s',
  (text) => {
    expect(linesOf(text)).toEqual([text]);
  },
);

test('an event over several lines is joined to one', () => {
  expect(linesOf(A.replaceAll(',', ',\r\n\t'))).toEqual([A.replace(', "stage', ',"stage')]);
});

test('an event of a list is printed as it is in the list', () => {
  expect(linesOf(list(A))).toEqual([A]);
  expect(linesOf(list(` ${A} ,{"verb":1},\n${B}`))).toEqual([A, B]);
});

test('events of an invalid list are printed, too', () => {
  expect(linesOf(list(`${A},{"verb":},${B}`))).toEqual([A, B]);
});

test('skipped items are counted, with the first reason', () => {
  const { skipped, reason } = corpus.read({ text: list(`{"verb":1},${A},2`), bytes: Buffer.of(), line: 1 });
  expect([skipped, reason]).toEqual([2, 'items[0].verb: expected a string, found a number']);
});
