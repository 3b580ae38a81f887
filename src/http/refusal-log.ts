import type { LogFields, Logger } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { RefusalReason } from './refusal.ts';

/** What goes wrong before or beside HTTP. */
export type ConnectionFault = 'tls_handshake' | 'too_many_connections' | 'aborted';

export interface RefusalLog {
  note(reason: RefusalReason | ConnectionFault, fields: LogFields): void;
}

const INTERVAL_MS = 10_000;

/**
 * Counts every refusal, and logs of each reason one in 10 s with the number that went unlogged: an operator has to see
 * why events do not come, and a stranger must not fill the disk.
 */
export function createRefusalLog(
  deps: { readonly metrics: Pick<Metrics, 'requestsRefused'>; readonly logger: Logger },
  now: () => number = () => performance.now(),
): RefusalLog {
  const logged = new Map<string, { at: number; suppressed: number }>();
  return {
    note(reason, fields) {
      deps.metrics.requestsRefused.inc({ reason });
      const last = logged.get(reason);
      if (last !== undefined && now() - last.at < INTERVAL_MS) {
        last.suppressed++;
        return;
      }
      logged.set(reason, { at: now(), suppressed: 0 });
      deps.logger.warn('request refused', { reason, ...fields, suppressed: last?.suppressed ?? 0 });
    },
  };
}
