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
   * Makes a GET of the path with its query through the cluster's API server, and gives the status of the answer.
   * @throws OperationalError if there is none
   */
  readonly get: (path: string) => Promise<number>;
  readonly metrics: Pick<Metrics, 'heartbeats' | 'heartbeatLastSeen' | 'heartbeatRoundTripSeconds'>;
  readonly logger: Pick<Logger, 'info' | 'warn'>;
  readonly own: OwnIdentity;
  /** The cluster whose API server is asked. */
  readonly cluster: string;
  /** Integer microseconds since the epoch. */
  readonly now: () => number;
}

export interface Heartbeat {
  /** Sends one; never rejects. One replica does it for all. */
  beat(): Promise<void>;
  /** Takes heartbeats that have come back out of a batch, and notes that they have. Every replica does it. */
  take(cluster: string, events: readonly DecodedEvent[]): Promise<readonly DecodedEvent[]>;
}

/** How long a heartbeat may be under way: an API server that cannot deliver tries a batch for some minutes. */
const KEPT = 900 * SECOND;
const NONCE_BYTES = 16;
const NONCE = /^[0-9a-f]{32}$/;
/** Most that are looked up for one batch; there is one a minute. */
const MOST_IN_BATCH = 100;

/** Where the request of a cluster goes. Nothing is served there: the API server answers 403 or 404, and audits that. */
export function heartbeatPath(cluster: string): string {
  return HEARTBEAT_PATH + encodeURIComponent(cluster);
}

/**
 * A request that has to come back: from here through the API server, its audit policy and its webhook to a replica.
 *
 * What counts as a heartbeat is a GET of that path by firstseen's own account, for nobody else, with a number that nobody
 * can guess and that was sent within the last quarter of an hour. It stands in the store before it is sent, so that it
 * does not matter which replica hears of it. Anything that only looks like one is evaluated as any other event.
 */
export function createHeartbeat({ store, get, metrics, logger, own, cluster, now }: HeartbeatDeps): Heartbeat {
  const path = heartbeatPath(cluster);
  const words = { begins: 'heartbeat could not be sent', ends: 'heartbeat is sent again' };
  const fault = createLastingFault(logger, words, { cluster });
  metrics.heartbeatLastSeen.set({ cluster }, 0);

  /** The number of what may be a heartbeat. */
  function nonceOf(event: AuditEvent): string | undefined {
    if (event.user?.username !== own.username || event.impersonatedUser !== undefined || event.verb !== 'get') return;
    const uri = event.requestURI ?? '';
    if (pathOf(uri) !== path) return;
    const nonce = uri.slice(`${path}?nonce=`.length);
    return NONCE.test(nonce) ? nonce : undefined;
  }

  /** When each of these was sent (µs); undefined for one that was not, or too long ago. */
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
        // 403 and 404 are what is expected. With 401 the event has no user; 429 and 5xx may be audited or not.
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
      // A fault is not worth a refusal of the batch: that the store is away is said elsewhere, and the next one comes soon.
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
