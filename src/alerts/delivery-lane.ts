import { createLastingFault } from '../telemetry/lasting-fault.ts';
import type { Logger } from '../telemetry/logger.ts';
import { OperationalError } from '../telemetry/operational-error.ts';
import { type Backoff, backoffMs } from './backoff.ts';
import type { AlertQueue, Claim } from './queue.ts';
import type { Sink } from './sink.ts';

/** The result of one delivery. */
export interface Delivery {
  readonly cluster: string;
  readonly sink: string;
  readonly alertId: string;
  readonly outcome: 'done' | 'ended' | 'retry' | 'buried';
  readonly durationMs: number;
}

export type DeliveryLog = Pick<Logger, 'info' | 'warn' | 'error'>;

export interface DeliveryDeps {
  readonly queue: AlertQueue;
  /** Ends an alert whose copy is gone, deleted by a user or by retention. May be called twice. */
  readonly end: (cluster: string, alertId: string) => Promise<void>;
  readonly logger: DeliveryLog;
  /** Receives each delivery, for metrics. */
  readonly observe?: (delivery: Delivery) => void;
  /** Returns 0 to 1, for jitter. */
  readonly random?: () => number;
}

export interface DeliveryOptions {
  /** Concurrent deliveries of one cluster to one sink. */
  readonly concurrency: number;
  /** The time limit of a delivery, in milliseconds. */
  readonly deadlineMs: number;
  /** How long a claim lasts, in milliseconds: longer than the limit, so that nothing is delivered twice at once. */
  readonly leaseMs: number;
  /** Polling interval of an idle queue, in milliseconds: it doubles from the first to the second. */
  readonly poll: Backoff;
  /** Delay of an alert after a failed delivery. */
  readonly retry: Backoff;
  /** Pause of a cluster's deliveries to a sink after failures without any success. */
  readonly pause: Backoff;
}

export interface DeliveryLane {
  start(): void;
  nudge(): void;
  stop(limitMs: number): Promise<void>;
}

const HELD_UP = { begins: 'alert delivery is failing', ends: 'alert delivery has recovered' };

/** Delivers one cluster's alerts to one sink. */
export function createDeliveryLane(
  deps: DeliveryDeps,
  options: DeliveryOptions,
  cluster: string,
  sink: Sink,
): DeliveryLane {
  const { queue, logger, observe = () => {}, random = Math.random } = deps;
  const about = { cluster, sink: sink.name };
  const inFlight = new Set<Promise<void>>();
  const attempts = new Set<AbortController>();
  const bell = createBell();
  const queueFault = createLastingFault(logger, HELD_UP, { ...about, what: 'alert queue' });
  const sinkFault = createLastingFault(logger, HELD_UP, { ...about, what: 'sink' });
  /** Checks the queue because something has become due. */
  let idle = 0;
  let running: Promise<void> | undefined;
  let stopping = false;
  /** True once the time to stop is over: the queue gets no more reports. */
  let abandoned = false;

  async function run(): Promise<void> {
    while (!stopping) {
      if (inFlight.size >= options.concurrency) await Promise.race(inFlight);
      if (failures() > 0) await bell.wait(backoffMs(failures(), options.pause, random));
      if (stopping) return;
      // Claims only as many as can start at once, so that no lease runs while its alert waits for its turn.
      const free = options.concurrency - inFlight.size;
      const claimed = await claim(free);
      idle = claimed > 0 ? 0 : idle + 1;
      if (claimed < free && failures() === 0 && !stopping) await bell.wait(pollMs());
    }
  }

  function failures(): number {
    return Math.max(queueFault.failures(), sinkFault.failures());
  }

  function pollMs(): number {
    return Math.min(options.poll.maxMs, options.poll.minMs * 2 ** Math.min(idle, 10));
  }

  /** Claims and starts deliveries. Never rejects. */
  async function claim(limit: number): Promise<number> {
    let claims: readonly Claim[];
    try {
      claims = await queue.claim(cluster, sink.name, limit, options.leaseMs);
    } catch (error) {
      queueFault.failed(error);
      return 0;
    }
    queueFault.mended();
    if (abandoned) return 0;
    for (const claimed of claims) {
      const delivery = settle(claimed).finally(() => inFlight.delete(delivery));
      inFlight.add(delivery);
    }
    return claims.length;
  }

  /** Delivers one alert and reports the result to the queue. Never rejects: without a report the lease expires. */
  async function settle({ alert, delivered, failures: before }: Claim): Promise<void> {
    const begun = performance.now();
    const { outcome, error } = await attempt({ alert, delivered, failures: before });
    if (abandoned) return;
    try {
      if (outcome === 'done' || outcome === 'ended') {
        // A user deleted the copy, or retention dropped the alert: the record goes too.
        if (outcome === 'ended' || (sink.removes && alert.state.removed)) await deps.end(cluster, alert.id);
        await queue.done(cluster, sink.name, alert.id, alert.version, sink.coalesceMs);
      } else if (outcome === 'retry') {
        await queue.retry(cluster, sink.name, alert.id, backoffMs(before + 1, options.retry, random));
      } else await queue.bury(cluster, sink.name, alert.id, text(error));
    } catch (fault) {
      queueFault.failed(fault);
      return;
    }
    if (outcome === 'retry') sinkFault.failed(error);
    else sinkFault.mended();
    if (outcome === 'buried') logger.error('alert given up', { ...about, alert: alert.id, error: text(error) });
    observe({ ...about, alertId: alert.id, outcome, durationMs: performance.now() - begun });
  }

  async function attempt(claim: Claim): Promise<{ readonly outcome: Delivery['outcome']; readonly error?: unknown }> {
    // A repeat was counted while the opening was being delivered, so it is due again.
    const isRepeat = sink.openingsOnly && claim.delivered !== undefined && !claim.alert.state.removed;
    if (isRepeat) return { outcome: 'done' };
    const controller = new AbortController();
    const { signal } = controller;
    const timer = setTimeout(() => controller.abort(overdue(sink.name)), options.deadlineMs);
    attempts.add(controller);
    try {
      // A sink that ignores its signal must not block a place for ever.
      return { outcome: await Promise.race([sink.deliver(claim.alert, claim.delivered, signal), rejectionOf(signal)]) };
    } catch (error) {
      const reason = signal.aborted ? signal.reason : error;
      if (reason instanceof OperationalError) return { outcome: reason.retryable ? 'retry' : 'buried', error: reason };
      // A bug. If it were thrown, the process would restart, claim the same alert and hit the bug again.
      logger.error('sink failed', { ...about, alert: claim.alert.id, error });
      return { outcome: 'retry', error };
    } finally {
      clearTimeout(timer);
      attempts.delete(controller);
    }
  }

  async function drain(): Promise<void> {
    await running;
    await Promise.all(inFlight);
  }

  return {
    start() {
      running ??= run();
    },
    nudge() {
      idle = 0;
      bell.ring();
    },
    async stop(limitMs) {
      stopping = true;
      bell.ring();
      const limit = createBell();
      await Promise.race([drain(), limit.wait(limitMs)]);
      limit.ring();
      abandoned = true;
      for (const attempt of attempts) attempt.abort(overdue(sink.name));
    },
  };
}

function overdue(sink: string): OperationalError {
  return new OperationalError('sink_unavailable', `${sink} did not accept the alert in time`);
}

function text(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function rejectionOf(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}

/** A pause that `ring` ends; a ring before the pause counts too. */
function createBell(): { ring(): void; wait(ms: number): Promise<void> } {
  let rung = false;
  let wake: (() => void) | undefined;
  return {
    ring() {
      rung = true;
      wake?.();
    },
    async wait(ms) {
      if (!rung) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, ms);
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      }
      rung = false;
      wake = undefined;
    },
  };
}
