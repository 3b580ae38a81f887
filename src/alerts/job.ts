/** Work that runs in the background between start and stop. */
export interface Job {
  start(): void;
  /** Resolves when all of its work has ended. */
  stop(): Promise<void>;
}

/** Runs work at once, and again after a pause each time it has ended. @param work must not reject */
export function createPeriodicJob(intervalMs: number, work: () => Promise<unknown>): Job {
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  let turn: Promise<unknown> = Promise.resolve();
  const next = () => {
    turn = work().finally(() => {
      if (!stopped) timer = setTimeout(next, intervalMs);
    });
  };
  return {
    start: next,
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await turn;
    },
  };
}

/** Several jobs as one. */
export function allJobs(jobs: readonly Job[]): Job {
  return {
    start() {
      for (const job of jobs) job.start();
    },
    async stop() {
      await Promise.all(jobs.map((job) => job.stop()));
    },
  };
}
