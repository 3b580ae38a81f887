import type { Logger } from '../telemetry/logger.ts';
import { createPeriodicJob, type Job } from './job.ts';

export interface LeasedJobDeps {
  /** Takes or renews the lease for its time; see `Store.lease`. */
  readonly lease: (ttlMs: number) => Promise<boolean>;
  /** Made anew each time the lease is gained. */
  readonly createJob: () => Job;
  readonly logger: Pick<Logger, 'info' | 'warn'>;
}

/** So many renewals may fail before another replica takes over. */
const RENEWALS = 6;
/** The shortest lease there is: one that is renewed for it is as good as given back. */
const GIVE_BACK_MS = 1;

/**
 * Runs a job while this replica holds its lease: what one should do for all. A stop gives the lease back, so that another
 * goes on at once.
 * @param ttlMs after which another replica takes over from one that has died
 */
export function createLeasedJob({ lease, createJob, logger }: LeasedJobDeps, ttlMs: number): Job {
  const renewMs = Math.ceil(ttlMs / RENEWALS);
  let job: Job | undefined;
  let heldUntil = 0;
  let stopped = false;

  async function renew(): Promise<void> {
    const asked = performance.now();
    // A store that does not answer takes the lease from nobody before its time is up.
    const held = await lease(ttlMs).then(
      (answer) => {
        if (answer) heldUntil = asked + ttlMs;
        return answer;
      },
      () => job !== undefined && asked + renewMs < heldUntil,
    );
    if (held && job === undefined && !stopped) {
      logger.info('lease gained: following alerts and keeping them within limits');
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
      // Not before the job has ended. A store that is away lets it run out.
      if (performance.now() < heldUntil) await lease(GIVE_BACK_MS).catch(() => {});
    },
  };
}
