import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { benchBatches } from './batches.ts';

const NEWLINE = Buffer.from('\n');

/**
 * The events of the benchmark as lines of an audit log.
 * @param time of the nth batch of 100
 */
export function eventLines(time: (n: number) => Date = () => new Date()): readonly Buffer[] {
  const batches = benchBatches();
  for (const [index, batch] of batches.entries()) batch.stamp(time(index), index);
  return batches.flatMap(({ body }) => {
    const { items } = JSON.parse(body.toString('utf8')) as { items: readonly object[] };
    return items.map((item) => Buffer.from(JSON.stringify({ kind: 'Event', apiVersion: 'audit.k8s.io/v1', ...item })));
  });
}

export async function writeLines(file: string, lines: readonly Buffer[]): Promise<void> {
  const stream = createWriteStream(file);
  stream.write(Buffer.concat(lines.flatMap((line) => [line, NEWLINE])));
  stream.end();
  await once(stream, 'close');
}
