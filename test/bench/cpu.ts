import { readdirSync, readFileSync } from 'node:fs';

/**
 * The CPU time that a process has used so far, all of its threads together, user and system, in microseconds.
 *
 * From the scheduler's own account of each thread, which is exact; /proc/<pid>/stat counts in steps of 10 ms. What a thread
 * used is lost when it ends: those of Node and of Redis live as long as their process.
 * @see https://docs.kernel.org/scheduler/sched-stats.html
 */
export function cpuMicros(pid: number): number {
  const threads = read(pid, () => readdirSync(`/proc/${pid}/task`));
  const nanos = threads.map((thread) => read(pid, () => readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8')));
  return nanos.reduce((sum, text) => sum + Number(text.split(' ', 1)[0]), 0) / 1_000;
}

/** The memory of a process that is resident now, in bytes. */
export function residentBytes(pid: number): number {
  const status = read(pid, () => readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1_024;
}

function read<T>(pid: number, from: () => T): T {
  try {
    return from();
  } catch (error) {
    throw new Error(`the use of process ${pid} cannot be read: run this on Linux, and see whether it still runs`, {
      cause: error,
    });
  }
}

/** The middle one of some figures; NaN if there are none. */
export function median(figures: readonly number[]): number {
  return percentile(figures, 50);
}

export function percentile(figures: readonly number[], percent: number): number {
  const sorted = figures.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * percent) / 100))] ?? Number.NaN;
}
