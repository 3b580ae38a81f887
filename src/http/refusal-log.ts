import type { LogFields, Logger } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { REFUSALS, type RefusalReason } from './refusal.ts';

/** What goes wrong before or beside HTTP. */
const CONNECTION_FAULTS = ['tls_handshake', 'too_many_connections', 'aborted'] as const;
export type ConnectionFault = (typeof CONNECTION_FAULTS)[number];

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
  // Each series from the start, at 0: an increase from nothing is none to Prometheus.
  for (const reason of [...Object.keys(REFUSALS), ...CONNECTION_FAULTS])
    deps.metrics.requestsRefused.inc({ reason }, 0);
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
