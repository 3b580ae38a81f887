import { hash } from 'node:crypto';
import type { Hashes } from '../rules/hashes.ts';

const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567';

/** SHA-256, truncated to the length of each use. */
export const sha256Hashes: Hashes = {
  key: (text) => digest(text).toString('base64url', 0, 16),
  full: (text) => digest(text).toString('base64url'),
  name: (text) => Array.from(digest(text).subarray(0, 12), (byte) => BASE32[byte & 31]).join(''),
};

function digest(text: string): Buffer {
  return hash('sha256', text, 'buffer');
}
