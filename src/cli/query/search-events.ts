import { compilePredicate } from '../../query/match/compile-predicate.ts';
import { createFieldSlots } from '../../query/match/slots.ts';
import type { Predicate } from '../../query/predicate/predicate.ts';
import type { Column } from './corpus.ts';
import { createTablePrinter, type Printer } from './printer.ts';
import type { Search, SearchedEvent, SearchOptions } from './search.ts';

/** True for events to find; undefined if the search is given up. */
export type EventTest = (searched: SearchedEvent) => boolean | undefined;

/** Prints each event that passes the test. */
export function searchEvents(
  test: EventTest,
  { output, maxCount, withFilename }: SearchOptions,
  columns: readonly Column[],
  printer: Printer,
): Search {
  const shown = withFilename ? [FILE, ...columns.map(({ name }) => name)] : columns.map(({ name }) => name);
  const table = createTablePrinter(shown, printer);
  let found = 0;
  const print = ({ event, line, file }: SearchedEvent): void => {
    switch (output) {
      case 'lines':
        printer.line(line(), withFilename ? file : undefined);
        break;
      case 'json':
        printer.line(line());
        break;
      case 'table': {
        const cells = columns.map(({ read }) => read(event));
        table.row(withFilename ? [file, ...cells] : cells);
        break;
      }
      case 'count':
        break;
    }
  };
  return {
    reads: true,
    push: (searched) => {
      const passes = test(searched);
      if (passes === undefined) return false;
      if (passes) {
        found += 1;
        print(searched);
      }
      return found < maxCount;
    },
    finish: table.finish,
    found: () => found,
    failure: () => undefined,
    notes: () => [],
  };
}

const FILE = 'FILE';

/** A condition of KQL or EQL as a test. */
export function predicateTest(predicate: Predicate): EventTest {
  const slots = createFieldSlots();
  const matches = compilePredicate(predicate, slots);
  const memo = slots.createMemo();
  return ({ event }) => {
    memo.reset(event);
    return matches(memo);
  };
}
