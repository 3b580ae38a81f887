import { excerpt } from '../audit/text.ts';
import { OperationalError } from '../telemetry/operational-error.ts';
import type { Check } from './check.ts';
import { CannotCheck, type Finding, unchecked } from './finding.ts';
import type { Subject } from './subject.ts';

/** A finding with the name of its check. */
export interface Found extends Finding {
  readonly check: string;
}

const MAX_REASON_BYTES = 400;

/**
 * Runs the checks one after another, so that they do not disturb each other's measurements. A check that is impossible
 * or takes longer than `limitMs` becomes an `unchecked` finding. A bug in a check is thrown.
 */
export async function runChecks(
  checks: readonly Check[],
  subject: Subject,
  limitMs: number,
): Promise<readonly Found[]> {
  const found: Found[] = [];
  for (const check of checks) {
    const findings = await within(check, subject, limitMs);
    found.push(...findings.map((finding) => ({ check: check.name, ...finding })));
  }
  return found;
}

async function within(check: Check, subject: Subject, limitMs: number): Promise<readonly Finding[]> {
  const late = Promise.withResolvers<readonly Finding[]>();
  const timer = setTimeout(
    () =>
      late.resolve([
        unchecked(
          `not finished in ${limitMs / 1_000} s`,
          'run doctor again; if this repeats, something on the path drops packets',
        ),
      ]),
    limitMs,
  );
  try {
    return await Promise.race([check.run(subject), late.promise]);
  } catch (error) {
    if (error instanceof CannotCheck) return [unchecked(error.message, error.mend)];
    if (error instanceof OperationalError) {
      return [unchecked(excerpt(error.message, MAX_REASON_BYTES), 'fix the other findings, and run doctor again')];
    }
    throw error;
  } finally {
    clearTimeout(timer);
  }
}
