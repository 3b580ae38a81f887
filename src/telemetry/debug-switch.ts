import type { LogLevel, RootLogger } from './logger.ts';

export interface DebugSwitch {
  /** Switches to debug for a while; a second call switches back at once. */
  flip(): void;
}

const LIMIT_MS = 15 * 60_000;

/** Switches a logger to debug, and back to its level after 15 minutes, because people forget to switch back. */
export function createDebugSwitch(
  logger: Pick<RootLogger, 'info' | 'setLevel'>,
  level: LogLevel,
  limitMs = LIMIT_MS,
): DebugSwitch {
  let timer: NodeJS.Timeout | undefined;

  function back(): void {
    clearTimeout(timer);
    timer = undefined;
    logger.info('log level is restored', { level });
    logger.setLevel(level);
  }

  return {
    flip() {
      if (timer !== undefined) {
        back();
        return;
      }
      timer = setTimeout(back, limitMs);
      timer.unref();
      logger.setLevel('debug');
      logger.info('log level is debug for now', { until: new Date(Date.now() + limitMs) });
    },
  };
}
