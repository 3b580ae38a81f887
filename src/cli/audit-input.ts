import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { PassThrough, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { CommandError, type Io } from './io.ts';

/** What a file begins with if it is gzip: https://www.rfc-editor.org/rfc/rfc1952#section-2.3.1 */
const GZIP = Buffer.from([0x1f, 0x8b]);

/** A document that does not stand on one line is read whole; the receiver takes no larger one either. */
const MAX_DOCUMENT_BYTES = 64 * 1024 * 1024;

export interface AuditInput {
  readonly name: string;
  /** Of the file as it lies there; undefined for standard input. */
  readonly bytes: number | undefined;
  /**
   * Its JSON documents, each an Event or an EventList: one a line, or one spread over the whole file.
   * @param onBytes told how many bytes of the file have been read since the last call
   */
  documents(onBytes?: (bytes: number) => void): AsyncIterable<string>;
}

/** Opens audit log files, plain or gzip, or standard input for `-`. @throws CommandError for a file that is not there */
export async function openAuditInputs(names: readonly string[], io: Io): Promise<readonly AuditInput[]> {
  return Promise.all(names.map((name) => openAuditInput(name, io)));
}

async function openAuditInput(name: string, io: Io): Promise<AuditInput> {
  if (name === '-') {
    return {
      name: 'standard input',
      bytes: undefined,
      documents: (onBytes) => documentsOf(io.stdin, 'standard input', onBytes),
    };
  }
  const found = await stat(name).catch(() => undefined);
  if (found === undefined) throw new CommandError(`no file ${name}; give audit log files, or - for standard input`);
  if (!found.isFile()) throw new CommandError(`${name} is not a file; give audit log files, or - for standard input`);
  return { name, bytes: found.size, documents: (onBytes) => documentsOf(createReadStream(name), name, onBytes) };
}

async function* documentsOf(source: Readable, name: string, onBytes: (bytes: number) => void = () => {}) {
  const lines = createInterface({ input: await plain(source, onBytes, name), crlfDelay: Number.POSITIVE_INFINITY });
  // Lines gathered of a document that is spread over several, because its first line is not JSON by itself.
  let spread: string[] | undefined;
  let bytes = 0;
  let isFirst = true;
  for await (const line of lines) {
    if (spread === undefined && line.trim() === '') continue;
    if (isFirst && !isJson(line)) spread = [];
    isFirst = false;
    if (spread === undefined) {
      yield line;
      continue;
    }
    bytes += line.length;
    if (bytes > MAX_DOCUMENT_BYTES)
      throw new CommandError(`${name}: neither JSON lines nor one JSON document of at most 64 MiB`);
    spread.push(line);
  }
  if (spread !== undefined) yield spread.join('\n');
}

async function plain(source: Readable, onBytes: (bytes: number) => void, name: string): Promise<Readable> {
  const counted = new PassThrough();
  source.on('data', (chunk: Buffer) => onBytes(chunk.length));
  source.on('error', (error) => counted.destroy(error));
  source.pipe(counted);
  const head = await firstChunk(counted);
  if (!head.subarray(0, GZIP.length).equals(GZIP)) return counted;
  const unzipped = createGunzip();
  counted.on('error', (error) => unzipped.destroy(error));
  return Readable.from(unzip(counted.pipe(unzipped), name));
}

async function* unzip(unzipped: Readable, name: string) {
  try {
    yield* unzipped;
  } catch (error) {
    throw new CommandError(
      `${name}: the gzip data is broken: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

/** Looks at what comes first and leaves it in the stream. */
async function firstChunk(stream: PassThrough): Promise<Buffer> {
  while (true) {
    const chunk: Buffer | null = stream.read();
    if (chunk !== null) {
      stream.unshift(chunk);
      return chunk;
    }
    if (stream.readableEnded || stream.destroyed) return Buffer.alloc(0);
    await new Promise<void>((resolve) => {
      const done = () => {
        stream.off('readable', done).off('end', done).off('close', done);
        resolve();
      };
      stream.on('readable', done).on('end', done).on('close', done);
    });
    if (stream.readableLength === 0 && stream.writableFinished) return Buffer.alloc(0);
  }
}

function isJson(line: string): boolean {
  try {
    JSON.parse(line);
    return true;
  } catch {
    return false;
  }
}
