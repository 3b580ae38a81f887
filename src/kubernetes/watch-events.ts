import { z } from 'zod';

const metadata = z.looseObject({ name: z.string().default(''), resourceVersion: z.string().default('') });

const eventSchema = z.discriminatedUnion('type', [
  z.object({ type: z.enum(['ADDED', 'MODIFIED', 'DELETED', 'BOOKMARK']), object: z.looseObject({ metadata }) }),
  z.object({
    type: z.literal('ERROR'),
    object: z.looseObject({ code: z.number().default(0), message: z.string().default('') }),
  }),
]);

/** `metav1.WatchEvent` of k8s.io/apimachinery; the object of an ERROR is a Status. */
export type WatchEvent = z.infer<typeof eventSchema>;

/** An object has at most 3 MiB (the API server's limit for a request). */
const MAX_LINE_BYTES = 8 * 1024 * 1024;

/**
 * Reads the body of a watch, one JSON value a line.
 *
 * @param alive called whenever something arrives
 * @throws Error if a line is too long or is not a watch event
 */
export async function* watchEvents(
  body: AsyncIterable<Uint8Array>,
  alive: () => void = () => {},
): AsyncGenerator<WatchEvent> {
  let pending: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    alive();
    let from = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, from)) {
      const line = Buffer.concat([...pending, chunk.subarray(from, end)]).toString('utf8');
      pending = [];
      bytes = 0;
      from = end + 1;
      yield eventSchema.parse(JSON.parse(line));
    }
    pending.push(chunk.subarray(from));
    bytes += chunk.length - from;
    if (bytes > MAX_LINE_BYTES) throw new Error(`watch event above ${MAX_LINE_BYTES} bytes`);
  }
}
