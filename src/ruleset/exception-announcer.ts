import type { Logger } from '../telemetry/logger.ts';
import type { ExceptionEntry } from './exception-entry.ts';

/** Logs changes of exceptions. @returns a function to call with all of them after each change */
export function createExceptionAnnouncer(
  logger: Pick<Logger, 'info' | 'error'>,
): (all: readonly ExceptionEntry[]) => void {
  let told = new Map<string, string>();

  function announce({ name: exception, generation, verdict, problems, document }: ExceptionEntry): void {
    for (const problem of problems) logger.error('exception is broken', { exception, generation, problem });
    if (verdict !== 'sound') return;
    const { rules = [], tags = [], reason, author } = document ?? {};
    logger.info('exception is in force', { exception, generation, rules, tags, reason, author });
  }

  return (all) => {
    const next = new Map(all.map((entry) => [entry.name, identityOf(entry)]));
    for (const entry of all) if (told.get(entry.name) !== next.get(entry.name)) announce(entry);
    for (const exception of told.keys()) if (!next.has(exception)) logger.info('exception is gone', { exception });
    told = next;
  };
}

function identityOf({ uid, generation, verdict, problems }: ExceptionEntry): string {
  return JSON.stringify([uid, generation, verdict, problems]);
}
