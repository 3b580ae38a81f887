import Table from 'cli-table3';
import { sanitise } from '../../audit/text.ts';
import type { Io } from '../io.ts';
import { PLAIN_TABLE, trimLines } from '../plain-table.ts';

/** Output is buffered to save system calls. */
const WRITE_BYTES = 64 * 1024;
/** The number of table rows to align together. */
const TABLE_ROWS = 1_000;
/** Longer cells are cut. */
const CELL_CHARACTERS = 256;

const NEWLINE = Buffer.from('\n');

/** Buffered standard output. */
export interface Printer {
  /**
   * Prints a line byte for byte. On a terminal, invisible and control characters, which JSON may contain, are escaped.
   * out: JSON may hold it.
   * @param prefix stands before it; is made safe to show
   */
  readonly line: (bytes: Buffer, prefix?: string) => void;
  /** Prints a line of safe text. */
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
  /** Adds a row. Cells are escaped and cut. */
  readonly row: (cells: readonly string[]) => void;
  /** Prints the remaining rows. Without rows, prints nothing. */
  readonly finish: () => void;
}

/** A table of any length. Aligns a thousand rows at a time, to bound memory. */
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
