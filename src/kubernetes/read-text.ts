import type { IncomingMessage } from 'node:http';

/** @throws Error if the body is too long or breaks off */
export async function readText(response: IncomingMessage, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > maxBytes) throw new Error(`answer above ${maxBytes} bytes`);
  }
  return Buffer.concat(chunks).toString('utf8');
}
