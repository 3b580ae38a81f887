import { SingleBar } from 'cli-progress';
import type { AuditInput } from '../ingest/audit-input.ts';
import type { Io } from './io.ts';

export interface ProgressBar {
  /** So many bytes more of the inputs have been read; `events` is how many events there were so far. */
  readonly advance: (bytes: number, events: number) => void;
  /** Takes it off the terminal. */
  readonly stop: () => void;
}

/** How far a verb has read its inputs: shown on a terminal, and where it is known how much there is to read. */
export function startProgressBar(verb: string, inputs: readonly AuditInput[], io: Io): ProgressBar {
  const total = inputs.reduce((sum, { bytes }) => sum + (bytes ?? 0), 0);
  if (!io.errIsTerminal || total === 0) return { advance: () => {}, stop: () => {} };
  const format = `${verb} {bar} {percentage}% · {events} events`;
  const bar = new SingleBar({ format, hideCursor: true, clearOnComplete: true });
  bar.start(total, 0, { events: 0 });
  return { advance: (bytes, events) => bar.increment(bytes, { events }), stop: () => bar.stop() };
}
