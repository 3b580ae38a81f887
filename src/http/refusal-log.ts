import { createLimitedLog } from '../telemetry/limited-log.ts';
import type { LogFields, Logger } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { REFUSALS, type RefusalReason } from './refusal.ts';

/** Faults before or outside an HTTP request. */
const CONNECTION_FAULTS = ['tls_handshake', 'too_many_connections', 'aborted'] as const;
export type ConnectionFault = (typeof CONNECTION_FAULTS)[number];

export interface RefusalLog {
  note(reason: RefusalReason | ConnectionFault, fields: LogFields): void;
}

/**
 * Counts every refusal and logs a few: operators must see why events are missing, and strangers must not fill the disk.
 */
export function createRefusalLog(
  deps: { readonly metrics: Pick<Metrics, 'requestsRefused'>; readonly logger: Logger },
  now?: () => number,
): RefusalLog {
  // Starts each series at 0, because Prometheus sees no increase when a series appears.
  for (const reason of [...Object.keys(REFUSALS), ...CONNECTION_FAULTS])
    deps.metrics.requestsRefused.inc({ reason }, 0);
  const log = createLimitedLog(deps.logger, now);
  return {
    note(reason, fields) {
      deps.metrics.requestsRefused.inc({ reason });
      log.note('warn', 'request refused', reason, { reason, ...fields });
    },
  };
}
