import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const folders: string[] = [];

process.on('exit', () => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
});

/**
 * A new empty folder whose name holds `purpose`. It is removed when this process exits, after the processes that
 * child-process.ts has started are killed.
 */
export function createTemporaryFolder(purpose: string): string {
  const folder = mkdtempSync(join(tmpdir(), `firstseen-${purpose}-`));
  folders.push(folder);
  return folder;
}
