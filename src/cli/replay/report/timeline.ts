import { SEVERITIES, type Severity } from '../../../rules/document.ts';
import { type Html, html } from './html.ts';

const SECOND = 1_000_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Possible column lengths (µs): calendar units, so that columns start at round times. */
const STEPS = [
  ...[1, 5, 15, 30].map((n) => n * SECOND),
  ...[1, 5, 15, 30].map((n) => n * MINUTE),
  ...[1, 3, 6, 12].map((n) => n * HOUR),
  ...[1, 7].map((n) => n * DAY),
];
const MOST_COLUMNS = 60;

const WIDTH = 1_000;
const HEIGHT = 190;
const LEFT = 40;
const TOP = 12;
const BASE = 158;
/** Distance between axis labels. */
const LABEL_WIDTH = 125;

export interface TimedAlert {
  /** µs */
  readonly at: number;
  readonly severity: Severity;
}

export interface Column {
  /** Start of the column (µs). */
  readonly from: number;
  readonly counts: Readonly<Record<Severity, number>>;
}

/** Alerts in time columns of equal length: at most 61, or more if a column would exceed the longest step. */
export function columnsOf(alerts: readonly TimedAlert[]): {
  readonly step: number;
  readonly columns: readonly Column[];
} {
  const first = alerts.reduce((least, { at }) => Math.min(least, at), Number.POSITIVE_INFINITY);
  const last = alerts.reduce((most, { at }) => Math.max(most, at), Number.NEGATIVE_INFINITY);
  if (alerts.length === 0) return { step: SECOND, columns: [] };
  const span = last - first;
  const weeks = Math.ceil(span / (MOST_COLUMNS * 7 * DAY)) * 7 * DAY;
  const step = STEPS.find((length) => span / length <= MOST_COLUMNS) ?? weeks;
  const start = Math.floor(first / step);
  const columns = Array.from({ length: Math.floor(last / step) - start + 1 }, (_, index) => ({
    from: (start + index) * step,
    counts: { low: 0, medium: 0, high: 0, critical: 0 },
  }));
  for (const { at, severity } of alerts) {
    const column = columns[Math.floor(at / step) - start];
    if (column !== undefined) column.counts[severity] += 1;
  }
  return { step, columns };
}

/** Alerts over time by severity, as an SVG with a text for screen readers. */
export function timeline(alerts: readonly TimedAlert[]): Html {
  const { step, columns } = columnsOf(alerts);
  const most = Math.max(1, ...columns.map(totalOf));
  const unit = (BASE - TOP) / most;
  const width = Math.min(48, (WIDTH - LEFT) / Math.max(1, columns.length));
  const every = Math.max(1, Math.ceil(LABEL_WIDTH / width));
  const busiest = columns.reduce<Column | undefined>(
    (best, column) => (best === undefined || totalOf(column) > totalOf(best) ? column : best),
    undefined,
  );
  const label =
    busiest === undefined
      ? 'No alerts'
      : `Alerts over time, in steps of ${lengthOf(step)}; most of them, ${totalOf(busiest)}, from ${timeText(busiest.from)}`;
  const gridAt = [...new Set([most, Math.round(most / 2)])].filter((n) => n > 0);
  return html`<svg class="timeline" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${label}">
${gridAt.map((n) => gridLine(n, BASE - n * unit))}
${columns.map((column, index) => bar(column, LEFT + index * width, width, unit, step))}
<line class="axis" x1="${LEFT}" x2="${WIDTH}" y1="${BASE}" y2="${BASE}"/>
${columns.map(
  (column, index) =>
    index % every === 0 &&
    LEFT + index * width + LABEL_WIDTH <= WIDTH + width &&
    html`<line class="axis" x1="${round(LEFT + index * width)}" x2="${round(LEFT + index * width)}" y1="${BASE}" y2="${BASE + 5}"/><text x="${round(LEFT + index * width)}" y="${BASE + 20}">${timeText(column.from, step)}</text>`,
)}
</svg>
<p class="note">Times are UTC. One column is ${lengthOf(step)}.</p>`;
}

function gridLine(n: number, y: number): Html {
  return html`<line class="grid" x1="${LEFT}" x2="${WIDTH}" y1="${round(y)}" y2="${round(y)}"/><text class="count" x="${LEFT - 6}" y="${round(y + 4)}">${n}</text>`;
}

function bar(column: Column, x: number, width: number, unit: number, step: number): Html | false {
  if (totalOf(column) === 0) return false;
  let y = BASE;
  const parts = SEVERITIES.toReversed().flatMap((severity) => {
    const n = column.counts[severity];
    if (n === 0) return [];
    y -= n * unit;
    return html`<rect class="${severity}" x="${round(x + 1)}" y="${round(y)}" width="${round(Math.max(1, width - 2))}" height="${round(n * unit)}"/>`;
  });
  const counts = SEVERITIES.toReversed().filter((severity) => column.counts[severity] > 0);
  const title = `${timeText(column.from, step)}: ${counts.map((severity) => `${column.counts[severity]} ${severity}`).join(', ')}`;
  return html`<g><title>${title}</title>${parts}</g>`;
}

function totalOf({ counts }: Column): number {
  return SEVERITIES.reduce((sum, severity) => sum + counts[severity], 0);
}

/** `2026-03-01 12:00:05`, as precise as the step needs. */
export function timeText(micros: number, step = SECOND): string {
  const text = new Date(micros / 1_000).toISOString().replace('T', ' ');
  return text.slice(0, step >= DAY ? 10 : step >= MINUTE ? 16 : 19);
}

function lengthOf(step: number): string {
  const [unit, micros] = (
    [
      ['day', DAY],
      ['hour', HOUR],
      ['minute', MINUTE],
      ['second', SECOND],
    ] as const
  ).find(([, length]) => step >= length) ?? ['second', SECOND];
  return `${step / micros} ${unit}${step === micros ? '' : 's'}`;
}

function round(n: number): number {
  return Math.round(n * 10) / 10;
}
