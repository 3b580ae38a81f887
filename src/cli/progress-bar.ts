import { SingleBar } from 'cli-progress';
import type { AuditInput } from '../ingest/audit-input.ts';
import type { Io } from './io.ts';

export interface ProgressBar {
  /** Advances by `bytes` read; `events` is the total so far. */
  readonly advance: (bytes: number, events: number) => void;
  /** Removes the bar from the terminal. */
  readonly stop: () => void;
}

/** The progress of reading inputs, shown on a terminal if the size of the inputs is known. */
export function startProgressBar(verb: string, inputs: readonly AuditInput[], io: Io): ProgressBar {
  const total = inputs.reduce((sum, { bytes }) => sum + (bytes ?? 0), 0);
  if (!io.errIsTerminal || total === 0) return { advance: () => {}, stop: () => {} };
  const format = `${verb} {bar} {percentage}% · {events} events`;
  const bar = new SingleBar({ format, hideCursor: true, clearOnComplete: true });
  bar.start(total, 0, { events: 0 });
  return { advance: (bytes, events) => bar.increment(bytes, { events }), stop: () => bar.stop() };
}
