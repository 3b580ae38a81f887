import type { Logger } from '../telemetry/logger.ts';
import { createPeriodicJob, type Job } from './job.ts';

export interface LeasedJobDeps {
  /** Takes or renews the lease; see `Store.lease`. */
  readonly lease: (ttlMs: number) => Promise<boolean>;
  /** Creates the job; called each time the lease is gained. */
  readonly createJob: () => Job;
  readonly logger: Pick<Logger, 'info' | 'warn'>;
}

/** How many renewals may fail before another replica takes over. */
const RENEWALS = 6;
/** The shortest possible lease, which returns it almost at once. */
const GIVE_BACK_MS = 1;

/**
 * Runs a job while this replica holds the lease, so that only one replica runs it. A stop returns the lease, so that
 * another replica takes over at once.
 * @param ttlMs after this time another replica takes over from one that has died
 */
export function createLeasedJob({ lease, createJob, logger }: LeasedJobDeps, ttlMs: number): Job {
  const renewMs = Math.ceil(ttlMs / RENEWALS);
  let job: Job | undefined;
  let heldUntil = 0;
  let stopped = false;

  async function renew(): Promise<void> {
    const asked = performance.now();
    // A store that does not answer takes the lease from nobody before it expires.
    const held = await lease(ttlMs).then(
      (answer) => {
        if (answer) heldUntil = asked + ttlMs;
        return answer;
      },
      () => job !== undefined && asked + renewMs < heldUntil,
    );
    if (held && job === undefined && !stopped) {
      logger.info('lease gained: running the shared jobs');
      job = createJob();
      job.start();
    } else if (!held && job !== undefined) {
      logger.warn('lease lost');
      await release();
    }
  }

  async function release(): Promise<void> {
    const running = job;
    job = undefined;
    await running?.stop();
  }

  const renewing = createPeriodicJob(renewMs, renew);
  return {
    start: renewing.start,
    async stop() {
      stopped = true;
      await renewing.stop();
      await release();
      // Only after the job has ended. If the store is unavailable, the lease expires.
      if (performance.now() < heldUntil) await lease(GIVE_BACK_MS).catch(() => {});
    },
  };
}
