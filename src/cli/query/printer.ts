import Table from 'cli-table3';
import { sanitise } from '../../audit/text.ts';
import type { Io } from '../io.ts';
import { PLAIN_TABLE, trimLines } from '../plain-table.ts';

/** Written at once, so that a line does not cost a call of the system. */
const WRITE_BYTES = 64 * 1024;
/** Rows of a table whose columns are aligned together. */
const TABLE_ROWS = 1_000;
/** Of a cell more is not shown. */
const CELL_CHARACTERS = 256;

const NEWLINE = Buffer.from('\n');

/** Standard output, in larger pieces. */
export interface Printer {
  /**
   * A line as it is, byte for byte. On a terminal what cannot be seen, or would move what stands around it, is written
   * out: JSON may hold it.
   * @param prefix stands before it; is made safe to show
   */
  readonly line: (bytes: Buffer, prefix?: string) => void;
  /** One line that was made here, of text that is safe to show. */
  readonly text: (line: string) => void;
  readonly flush: () => void;
}

export function createPrinter(io: Pick<Io, 'out' | 'outIsTerminal'>): Printer {
  let waiting: Uint8Array[] = [];
  let bytes = 0;
  const flush = (): void => {
    if (bytes > 0) io.out(Buffer.concat(waiting));
    waiting = [];
    bytes = 0;
  };
  const add = (piece: Uint8Array): void => {
    waiting.push(piece);
    bytes += piece.length;
    if (bytes >= WRITE_BYTES) flush();
  };
  return {
    line: (line, prefix) => {
      if (prefix !== undefined) add(Buffer.from(`${sanitise(prefix)}:`));
      add(io.outIsTerminal ? Buffer.from(sanitise(line.toString('utf8'))) : line);
      add(NEWLINE);
    },
    text: (line) => {
      add(Buffer.from(line));
      add(NEWLINE);
    },
    flush,
  };
}

export interface TablePrinter {
  /** Cells need not be safe to show: they are made so, and cut. */
  readonly row: (cells: readonly string[]) => void;
  /** Prints the rows that wait. A table without rows prints nothing. */
  readonly finish: () => void;
}

/** A table of any length. The columns of a thousand rows are aligned with each other, so that no more are held. */
export function createTablePrinter(names: readonly string[], printer: Printer): TablePrinter {
  let rows: string[][] = [];
  let head = true;
  const finish = (): void => {
    if (rows.length === 0) return;
    const table = new Table({ ...PLAIN_TABLE, ...(head && { head: names.map(cell) }) });
    table.push(...rows);
    printer.text(trimLines(table.toString()));
    rows = [];
    head = false;
  };
  return {
    row: (cells) => {
      rows.push(cells.map(cell));
      if (rows.length >= TABLE_ROWS) finish();
    },
    finish,
  };
}

function cell(text: string): string {
  const safe = sanitise(text.slice(0, CELL_CHARACTERS + 1));
  return safe.length <= CELL_CHARACTERS ? safe : `${safe.slice(0, CELL_CHARACTERS - 1).toWellFormed()}…`;
}
