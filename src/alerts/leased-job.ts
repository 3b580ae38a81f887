import type { Logger } from '../telemetry/logger.ts';
import { createPeriodicJob, type Job } from './job.ts';

export interface LeasedJobDeps {
  /** Takes or renews the lease for its time; see `Store.lease`. */
  readonly lease: (ttlMs: number) => Promise<boolean>;
  /** Made anew each time the lease is gained. */
  readonly createJob: () => Job;
  readonly logger: Pick<Logger, 'info' | 'warn'>;
}

const RENEW_MS = 5_000;
/** Six renewals may fail before another replica takes over. */
const TTL_MS = 30_000;

/** Runs a job while this replica holds its lease: what one should do for all. */
export function createLeasedJob({ lease, createJob, logger }: LeasedJobDeps): Job {
  let job: Job | undefined;
  let heldUntil = 0;
  let stopped = false;

  async function renew(): Promise<void> {
    const asked = performance.now();
    // A store that does not answer takes the lease from nobody before its time is up.
    const held = await lease(TTL_MS).then(
      (answer) => {
        if (answer) heldUntil = asked + TTL_MS;
        return answer;
      },
      () => job !== undefined && asked + RENEW_MS < heldUntil,
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

  const renewing = createPeriodicJob(RENEW_MS, renew);
  return {
    start: renewing.start,
    async stop() {
      stopped = true;
      await renewing.stop();
      await release();
    },
  };
}
