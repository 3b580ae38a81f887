import { cutBytes, sanitise } from '../../audit/text.ts';
import type { Severity } from '../../doctor/finding.ts';
import type { Found } from '../../doctor/run-checks.ts';

const SIGN: Readonly<Record<Severity, string>> = { ok: '✓', warning: '!', error: '✗', unchecked: '?' };
/** SGR codes: green, yellow, red, cyan. */
const COLOUR: Readonly<Record<Severity, number>> = { ok: 32, warning: 33, error: 31, unchecked: 36 };
const MAX_LINE_BYTES = 1_000;

/** The number of findings by severity. */
export type Counts = Readonly<Record<Severity, number>>;

export function countFindings(findings: readonly Found[]): Counts {
  const counts = { ok: 0, warning: 0, error: 0, unchecked: 0 };
  for (const { severity } of findings) counts[severity] += 1;
  return counts;
}

/**
 * One line for each finding, with the cause and the fix below, then the totals. Checks skipped for the same reason
 * share one line. Escaped for a terminal.
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

/** Each finding with the other checks that were skipped for the same reason. */
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
