import { z } from 'zod';
import { isRuleName, MAX_RULE_NAME_LENGTH, RESERVED_RULE_NAMES, toRuleName } from './rule-name.ts';

/** Text with a maximum length. */
export const text = (bound: number) => z.string().max(bound);
/** The same, and not empty. */
export const requiredText = (bound: number) =>
  text(bound).refine((value) => value.trim() !== '', { error: 'expected some text, found none' });

/** The name of a resource that firstseen may create, or of a file. */
export const ruleName = z.string().check((context) => {
  if (context.value.startsWith(RESERVED_RULE_NAMES)) {
    const message = `expected another name: the prefix ${RESERVED_RULE_NAMES} is reserved for firstseen`;
    context.issues.push({ code: 'custom', input: context.value, message, params: { found: true } });
    return;
  }
  if (isRuleName(context.value)) return;
  const suggestion = toRuleName(context.value);
  context.issues.push({
    code: 'custom',
    input: context.value,
    message: `expected a name of lower-case letters, digits, "-" and ".", at most ${MAX_RULE_NAME_LENGTH} characters`,
    params: suggestion === undefined ? {} : { hint: `write ${suggestion}` },
  });
});

/** Microseconds since the epoch of an RFC 3339 time, or of the start of a date in UTC; undefined for anything else. */
export function parseTime(value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  const known = z.iso.datetime({ offset: true }).safeParse(value).success || z.iso.date().safeParse(value).success;
  const millis = known ? Date.parse(value) : Number.NaN;
  return Number.isNaN(millis) ? undefined : millis * 1_000;
}

export const time = z
  .string()
  .meta({ format: 'date-time' })
  .check((context) => {
    if (parseTime(context.value) !== undefined) return;
    const message = 'expected a time such as 2027-01-31T12:00:00Z, or a date';
    context.issues.push({ code: 'custom', input: context.value, message, params: { found: true } });
  });

/** A start must come before the end. */
export function endsAfterStart(
  context: z.core.ParsePayload<{ starts?: string | undefined; expires?: string | undefined }>,
): void {
  const { starts, expires } = context.value;
  const [from, until] = [parseTime(starts), parseTime(expires)];
  if (from === undefined || until === undefined || from < until) return;
  const message = `expected a time after starts (${starts})`;
  context.issues.push({ code: 'custom', input: expires, message, path: ['expires'], params: { found: true } });
}
