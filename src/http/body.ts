import type { IncomingMessage } from 'node:http';
import { Refusal } from './refusal.ts';

/** Limits the bytes of request bodies held at once. */
export interface ByteBudget {
  /**
   * Reserves bytes for a body of the cluster, and returns how to release them.
   * @throws Refusal 503 if they do not fit
   */
  reserve(cluster: string, bytes: number): () => void;
}

export interface ByteLimits {
  /** Of all clusters together. */
  readonly maxBytes: number;
  /** Of one cluster, so that a cluster whose bodies come slowly leaves room for the others. */
  readonly maxBytesOfCluster: number;
}

/** Reserves the length that a request announces, since so much may come. */
export function createByteBudget(limits: ByteLimits, changed: (bytesInFlight: number) => void): ByteBudget {
  const ofClusters = new Map<string, number>();
  let inFlight = 0;
  const heldBy = (cluster: string): number => ofClusters.get(cluster) ?? 0;
  const move = (cluster: string, bytes: number): void => {
    inFlight += bytes;
    ofClusters.set(cluster, heldBy(cluster) + bytes);
    changed(inFlight);
  };
  return {
    reserve(cluster, bytes) {
      if (inFlight + bytes > limits.maxBytes) throw new Refusal('in_flight');
      if (heldBy(cluster) + bytes > limits.maxBytesOfCluster) {
        throw new Refusal('cluster_in_flight', { detail: `cluster ${cluster}` });
      }
      move(cluster, bytes);
      let held = true;
      return () => {
        if (held) move(cluster, -bytes);
        held = false;
      };
    },
  };
}

/**
 * The length of an acceptable body, from the headers alone. The API server always sends uncompressed JSON with a
 * Content-Length.
 *
 * @throws Refusal 411, 413 or 415
 */
export function acceptableLength(request: IncomingMessage, maxBodyBytes: number): number {
  const { headers } = request;
  if (headers['content-encoding'] !== undefined) throw new Refusal('content_encoding');
  const mediaType = headers['content-type']?.split(';')[0]?.trim().toLowerCase();
  if (mediaType !== 'application/json') throw new Refusal('content_type');
  if (headers['transfer-encoding'] !== undefined || headers['content-length'] === undefined) {
    throw new Refusal('length_required');
  }
  const length = Number(headers['content-length']);
  if (!(length <= maxBodyBytes)) throw new Refusal('too_large', { detail: `${length} bytes` });
  return length;
}

/**
 * Reads a body of a known length into one buffer.
 * @throws if the connection ends before the body does
 */
export function readBody(request: IncomingMessage, length: number): Promise<Buffer> {
  const body = Buffer.allocUnsafeSlow(length);
  let filled = 0;
  // With events: an async iterator costs one or two promises a chunk.
  return new Promise((resolve, reject) => {
    const short = (): void => reject(new Error('the body is shorter than its Content-Length'));
    request.on('data', (chunk: Buffer) => {
      filled += chunk.copy(body, filled);
    });
    request.once('end', () => (filled === length ? resolve(body) : short()));
    request.once('error', reject).once('close', short);
  });
}
