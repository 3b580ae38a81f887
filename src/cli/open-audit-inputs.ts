import { stat } from 'node:fs/promises';
import { type AuditInput, createAuditInput, createFileInput } from '../ingest/audit-input.ts';
import { CommandError, type Io } from './io.ts';

/** Opens audit log files, plain or gzip, or standard input for `-`. @throws CommandError if a file does not exist */
export async function openAuditInputs(names: readonly string[], io: Io): Promise<readonly AuditInput[]> {
  return Promise.all(names.map((name) => openAuditInput(name, io)));
}

async function openAuditInput(name: string, io: Io): Promise<AuditInput> {
  if (name === '-') return createAuditInput('standard input', undefined, () => io.stdin);
  const found = await stat(name).catch(() => undefined);
  if (found === undefined)
    throw new CommandError(`file not found: ${name}; pass audit log files, or - for standard input`);
  if (found.isDirectory()) {
    throw new CommandError(`${name} is a folder; pass its audit log files, such as ${name.replace(/\/+$/, '')}/*.log`);
  }
  return createFileInput(name, found.isFile() ? found.size : undefined);
}
