import { cutBytes, sanitise } from '../../audit/text.ts';
import type { Severity } from '../../doctor/finding.ts';
import type { Found } from '../../doctor/run-checks.ts';

const SIGN: Readonly<Record<Severity, string>> = { ok: '✓', warning: '!', error: '✗', unchecked: '?' };
/** As SGR numbers: green, yellow, red, cyan. */
const COLOUR: Readonly<Record<Severity, number>> = { ok: 32, warning: 33, error: 31, unchecked: 36 };
const MAX_LINE_BYTES = 1_000;

/** How many there are of each. */
export type Counts = Readonly<Record<Severity, number>>;

export function countFindings(findings: readonly Found[]): Counts {
  const counts = { ok: 0, warning: 0, error: 0, unchecked: 0 };
  for (const { severity } of findings) counts[severity] += 1;
  return counts;
}

/**
 * One line a finding, with why and how to mend it below, and the sum. What several checks could not look at for one reason
 * is said once. Whatever is in the findings, the report is printable.
 */
export function doctorReport(findings: readonly Found[], colours: boolean): string {
  const width = Math.max(...findings.map(({ check }) => check.length));
  const paint = (severity: Severity, text: string) => (colours ? `\u001b[${COLOUR[severity]}m${text}\u001b[0m` : text);
  const below = (label: string, text = '') =>
    text.split('\n').map((line, index) => {
      const start = index === 0 ? label : '';
      return `${' '.repeat(width + 4)}${start.padEnd(6)}${printable(line)}`;
    });
  const lines = withoutRepeats(findings).flatMap(({ check, severity, what, why, mend, also }) => [
    `${paint(severity, SIGN[severity])} ${check.padEnd(width)}  ${severity === 'unchecked' ? 'not checked: ' : ''}${printable(what)}`,
    ...(also.length === 0 ? [] : below('also', also.join(', '))),
    ...(why === undefined ? [] : below('why', why)),
    ...(mend === undefined ? [] : below('mend', mend)),
  ]);
  return `${lines.join('\n')}\n\n${summary(countFindings(findings))}\n`;
}

/** Each finding beside the further checks that could not be made for its reason. */
function withoutRepeats(findings: readonly Found[]): readonly (Found & { readonly also: readonly string[] })[] {
  const same = ({ severity, what }: Found) =>
    findings.filter((other) => severity === 'unchecked' && other.severity === severity && other.what === what);
  return findings.flatMap((finding) => {
    const [first = finding, ...others] = same(finding);
    return first === finding ? [{ ...finding, also: others.map(({ check }) => check) }] : [];
  });
}

function summary({ ok, warning, error, unchecked }: Counts): string {
  const several = (count: number, word: string) => `${count} ${word}${count === 1 ? '' : 's'}`;
  const told = `${ok} ok, ${several(warning, 'warning')}, ${several(error, 'error')}, ${unchecked} not checked`;
  const more = warning + error > 0 ? '\nEach name is a heading of docs/guides/troubleshooting.md.' : '';
  return `${told}${more}`;
}

function printable(text: string): string {
  return cutBytes(sanitise(text), MAX_LINE_BYTES);
}
