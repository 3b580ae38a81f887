import { randomBytes } from 'node:crypto';
import type { Store } from '../alerts/store.ts';
import type { AuditEvent, DecodedEvent } from '../audit/event.ts';
import { pathOf } from '../audit/request-uri.ts';
import { HEARTBEAT_PATH } from '../policy/demand.ts';
import { SECOND } from '../rules/limits.ts';
import { stateKeys } from '../rules/state-keys.ts';
import { createLastingFault } from '../telemetry/lasting-fault.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { OperationalError, onFault } from '../telemetry/operational-error.ts';
import type { OwnIdentity } from './own-writes.ts';

export interface HeartbeatDeps {
  readonly store: Pick<Store, 'update'>;
  /**
   * Sends a GET of the path and query to the cluster's API server, and returns the status code.
   * @throws OperationalError without an answer
   */
  readonly get: (path: string) => Promise<number>;
  readonly metrics: Pick<Metrics, 'heartbeats' | 'heartbeatLastSeen' | 'heartbeatRoundTripSeconds'>;
  readonly logger: Pick<Logger, 'info' | 'warn'>;
  readonly own: OwnIdentity;
  /** The cluster whose API server receives the request. */
  readonly cluster: string;
  /** Integer microseconds since the epoch. */
  readonly now: () => number;
}

export interface Heartbeat {
  /** Sends one; never rejects. One replica sends for all. */
  beat(): Promise<void>;
  /** Takes returned heartbeats out of a batch and records them. Every replica does it. */
  take(cluster: string, events: readonly DecodedEvent[]): Promise<readonly DecodedEvent[]>;
}

/** How long a heartbeat may take: an API server retries a batch for some minutes. */
const KEPT = 900 * SECOND;
const NONCE_BYTES = 16;
const NONCE = /^[0-9a-f]{32}$/;
/** The most that are looked up for one batch; one is sent a minute. */
const MOST_IN_BATCH = 100;

/** The path of the request. Nothing serves it: the API server answers 403 or 404, and audits the request. */
export function heartbeatPath(cluster: string): string {
  return HEARTBEAT_PATH + encodeURIComponent(cluster);
}

/**
 * Sends a request that must come back: through the API server, its audit policy and its webhook to some replica.
 *
 * A heartbeat is a GET of that path by firstseen's own account, without impersonation, with a random number sent within
 * the last quarter of an hour. The number is stored before the request, so that any replica can recognise the event. An
 * event that only looks like a heartbeat is evaluated like any other.
 */
export function createHeartbeat({ store, get, metrics, logger, own, cluster, now }: HeartbeatDeps): Heartbeat {
  const path = heartbeatPath(cluster);
  const words = { begins: 'heartbeat could not be sent', ends: 'heartbeat is sent again' };
  const fault = createLastingFault(logger, words, { cluster });
  metrics.heartbeatLastSeen.set({ cluster }, 0);

  /** The number in a possible heartbeat. */
  function nonceOf(event: AuditEvent): string | undefined {
    if (event.user?.username !== own.username || event.impersonatedUser !== undefined || event.verb !== 'get') return;
    const uri = event.requestURI ?? '';
    if (pathOf(uri) !== path) return;
    const nonce = uri.slice(`${path}?nonce=`.length);
    return NONCE.test(nonce) ? nonce : undefined;
  }

  /** When each of these was sent (µs); undefined for numbers that were never sent, or too long ago. */
  function sentAt(nonces: readonly string[]): Promise<readonly (number | undefined)[]> {
    return store.update(cluster, [{ kind: 'scores', key: stateKeys.heartbeat, members: nonces }], ([scores]) => ({
      kind: 'commit',
      writes: [],
      result: scores?.kind === 'scores' ? scores.scores : [],
    }));
  }

  async function remember(nonce: string, at: number): Promise<void> {
    const key = stateKeys.heartbeat;
    const entries = [{ member: nonce, score: at }];
    await store.update(cluster, [], () => ({
      kind: 'commit',
      writes: [
        { kind: 'pruneScores', key, below: at - KEPT },
        { kind: 'setScores', key, mode: 'set', entries, keepMs: KEPT / 1_000 },
      ],
      result: undefined,
    }));
  }

  return {
    async beat() {
      const isSent = await fault.during(async () => {
        const nonce = randomBytes(NONCE_BYTES).toString('hex');
        await remember(nonce, now());
        const status = await get(`${path}?nonce=${nonce}`);
        // 403 and 404 are the expected answers. With 401 the event has no user; 429 and 5xx may or may not be audited.
        if (status === 401 || status === 429 || status >= 500) {
          throw new OperationalError('api_unavailable', `GET ${path}: ${status}`);
        }
        return true;
      });
      metrics.heartbeats.inc({ cluster, outcome: isSent === true ? 'sent' : 'failed' });
    },

    async take(from, events) {
      if (from !== cluster) return events;
      const beats = events.flatMap((event) => {
        const nonce = nonceOf(event.event);
        return nonce === undefined ? [] : [{ event, nonce }];
      });
      if (beats.length === 0) return events;
      const looked = beats.slice(0, MOST_IN_BATCH);
      // A fault must not refuse the batch: other checks report the store, and the next heartbeat comes soon.
      const times = await sentAt(looked.map(({ nonce }) => nonce)).catch(onFault(() => []));
      const known = new Set<DecodedEvent>();
      for (const [index, { event }] of looked.entries()) {
        const sent = times[index];
        if (sent === undefined || event.receivedAt - sent > KEPT) continue;
        known.add(event);
        metrics.heartbeats.inc({ cluster, outcome: 'seen' });
        metrics.heartbeatLastSeen.set({ cluster }, event.receivedAt / SECOND);
        metrics.heartbeatRoundTripSeconds.set({ cluster }, Math.max(0, event.receivedAt - sent) / SECOND);
      }
      return known.size === 0 ? events : events.filter((event) => !known.has(event));
    },
  };
}
