import type { Logger } from '../telemetry/logger.ts';

/** Something that one replica should do for all of them. */
export interface Job {
  start(): void;
  stop(): Promise<void>;
}

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

/** Runs a job while this replica holds its lease. */
export function createLeasedJob({ lease, createJob, logger }: LeasedJobDeps): Job {
  let job: Job | undefined;
  let heldUntil = 0;
  let timer: NodeJS.Timeout | undefined;
  let turn: Promise<void> = Promise.resolve();
  let stopped = false;

  async function renew(): Promise<void> {
    const asked = performance.now();
    const held = await lease(TTL_MS).catch(() => asked < heldUntil && job !== undefined);
    if (held) heldUntil = asked + TTL_MS;
    if (stopped) return;
    if (held && job === undefined) {
      logger.info('lease gained: watching alerts and keeping them within limits');
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

  function next(): void {
    turn = renew().finally(() => {
      if (!stopped) timer = setTimeout(next, RENEW_MS);
    });
  }

  return {
    start: next,
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await turn;
      await release();
    },
  };
}
