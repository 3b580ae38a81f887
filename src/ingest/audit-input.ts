import { createReadStream } from 'node:fs';
import { pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';

/** The first bytes of a gzip file: https://www.rfc-editor.org/rfc/rfc1952#section-2.3.1 */
const GZIP = Buffer.from([0x1f, 0x8b]);

const NEWLINE = 0x0a;

/** Size of a read and of an unpacked chunk: some hundred events. */
const CHUNK_BYTES = 512 * 1024;

/** The largest line or document; the receiver has the same limit. */
const MAX_DOCUMENT_BYTES = 64 * 1024 * 1024;

export interface AuditDocument {
  readonly text: string;
  /** The text in the file, without its final line end; valid until the next document is requested. */
  readonly bytes: Buffer;
  /** The line in the (unpacked) file on which it begins, from 1. */
  readonly line: number;
}

export interface AuditInput {
  readonly name: string;
  /** Size of the file on disk; undefined for standard input. */
  readonly bytes: number | undefined;
  /**
   * The JSON documents of the file, each an Event or an EventList: one a line, or over several lines as `jq` prints
   * them.
   * @param onBytes receives the number of bytes read since the last call
   * @throws AuditInputError if the file cannot be read to its end, after the documents before that
   */
  documents(onBytes?: (bytes: number) => void): AsyncIterable<AuditDocument>;
  /** The same in chunks: a task switch for each document would cost more than parsing it. */
  batches(onBytes?: (bytes: number) => void): AsyncIterable<readonly AuditDocument[]>;
}

/** A file of audit events cannot be read to its end: its name, the line if known, and the reason. */
export class AuditInputError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'AuditInputError';
  }
}

/** @param bytes size of the file; undefined if it is not a regular file */
export function createFileInput(path: string, bytes: number | undefined): AuditInput {
  return createAuditInput(path, bytes, () => createReadStream(path, { highWaterMark: CHUNK_BYTES }));
}

/** @param open returns the bytes, plain or gzip */
export function createAuditInput(name: string, bytes: number | undefined, open: () => Readable): AuditInput {
  async function* batches(onBytes = (_bytes: number): void => {}): AsyncGenerator<readonly AuditDocument[]> {
    try {
      yield* documentsOf(linesOf(unpacked(counted(open(), onBytes)), name), name);
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : undefined;
      if (!(error instanceof Error) || code === undefined) throw error;
      const what = code.startsWith('Z_') ? 'the gzip data is broken or cut off' : 'cannot be read';
      throw new AuditInputError(`${name}: ${what}: ${error.message}`);
    }
  }
  return {
    name,
    bytes,
    batches,
    async *documents(onBytes) {
      for await (const batch of batches(onBytes)) yield* batch;
    },
  };
}

async function* counted(source: AsyncIterable<Buffer>, onBytes: (bytes: number) => void): AsyncGenerator<Buffer> {
  for await (const chunk of source) {
    onBytes(chunk.length);
    yield chunk;
  }
}

/** The bytes, unpacked if the first two mark them as gzip. */
async function* unpacked(source: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  try {
    let head = Buffer.alloc(0);
    while (head.length < GZIP.length) {
      const next = await source.next();
      if (next.done === true) break;
      head = Buffer.concat([head, next.value]);
    }
    const whole = startingWith(head, source);
    if (head.subarray(0, GZIP.length).equals(GZIP)) yield* gunzipped(whole);
    else yield* whole;
  } finally {
    await source.return(undefined);
  }
}

async function* gunzipped(source: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  const gunzip = createGunzip({ chunkSize: CHUNK_BYTES });
  // The reader of the pipeline gets the error.
  pipeline(Readable.from(source), gunzip, () => {});
  yield* gunzip;
}

async function* startingWith(head: Buffer, rest: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  yield head;
  yield* rest;
}

/** Lines without line ends, in one array for each chunk; a chunk stays in memory only until the next. */
async function* linesOf(source: AsyncIterable<Buffer>, name: string): AsyncGenerator<readonly AuditDocument[]> {
  let parts: Buffer[] = [];
  let length = 0;
  let line = 1;
  for await (const chunk of source) {
    const lines: AuditDocument[] = [];
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      const rest = chunk.subarray(start, end);
      lines.push(lineAt(length === 0 ? rest : Buffer.concat([...parts, rest]), line));
      line += 1;
      start = end + 1;
      parts = [];
      length = 0;
    }
    if (lines.length > 0) yield lines;
    parts.push(chunk.subarray(start));
    length += chunk.length - start;
    if (length > MAX_DOCUMENT_BYTES) {
      throw new AuditInputError(`${name}:${line}: the line is longer than 64 MiB: expected one audit event a line`);
    }
  }
  if (length > 0) yield [lineAt(Buffer.concat(parts), line)];
}

function lineAt(bytes: Buffer, line: number): AuditDocument {
  return { bytes, text: bytes.toString('utf8'), line };
}

/**
 * If the first line is not JSON by itself, it begins a document that ends at the line of its closing bracket; unless
 * the second line is JSON by itself, because then the first one is broken.
 */
async function* documentsOf(
  batches: AsyncIterable<readonly AuditDocument[]>,
  name: string,
): AsyncGenerator<readonly AuditDocument[]> {
  let spread: AuditDocument[] = [];
  let length = 0;
  let layout: 'unknown' | 'lines' | 'spread' = 'unknown';
  const add = (line: AuditDocument, found: AuditDocument[]): void => {
    if (line.text.trim() === '') return;
    if (layout !== 'spread' && (layout === 'lines' || isJson(line.text))) {
      layout = 'lines';
      found.push(line);
      return;
    }
    layout = 'spread';
    const [first] = spread;
    if (first !== undefined && spread.length === 1 && isJson(line.text)) {
      layout = 'lines';
      found.push(first, line);
      spread = [];
      return;
    }
    spread.push(line);
    length += line.text.length;
    if (!isLastOf(spread)) return;
    found.push(joined(spread));
    spread = [];
    length = 0;
    layout = 'unknown';
  };
  for await (const lines of batches) {
    const found: AuditDocument[] = [];
    for (const line of lines) add(line, found);
    if (found.length > 0) yield found;
    if (length > MAX_DOCUMENT_BYTES) {
      throw new AuditInputError(`${name}: expected JSON lines, or JSON documents of at most 64 MiB each`);
    }
  }
  if (spread.length > 0) yield [joined(spread)];
}

/** In an indented document only the last line begins with a closing bracket. */
function isLastOf(lines: readonly AuditDocument[]): boolean {
  const [, second] = lines;
  return second !== undefined && /^\s/.test(second.text) && /^[}\]]\s*$/.test(lines.at(-1)?.text ?? '');
}

function joined(lines: readonly AuditDocument[]): AuditDocument {
  const text = lines.map(({ text }) => text).join('\n');
  return { text, bytes: Buffer.from(text), line: lines[0]?.line ?? 1 };
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
