/** Holds the alerts and the dashboard to the code: each metric, label and value in them exists, and the written files are fresh. */

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from '@jest/globals';
import { ALERT_GROUPS } from '../deploy/monitoring/alerts.ts';
import { grafanaDashboard } from '../deploy/monitoring/dashboard.ts';
import { ROWS } from '../deploy/monitoring/dashboard-rows.ts';
import { OUTCOMES } from '../src/detect/decision.ts';
import { createRefusalLog } from '../src/http/refusal-log.ts';
import { announceRules } from '../src/ingest/metrics-observer.ts';
import { createLogger } from '../src/telemetry/logger.ts';
import { createMetrics } from '../src/telemetry/metrics.ts';
import { aggregationsOf, type Selector, selectorsOf } from './support/promql.ts';

const ROOT = path.join(import.meta.dirname, '..');
const alerts = ALERT_GROUPS.flatMap(({ rules }) => rules);
const expressions = [
  ...alerts.map(({ alert, expr }) => [alert, expr] as const),
  ...ROWS.flatMap(({ panels }) => panels).flatMap(({ title, queries }) =>
    queries.map(({ expr }) => [title, expr] as const),
  ),
];

/** What Prometheus adds to each series of a target. */
const TARGET_LABELS = ['job', 'instance'];
const described = new Map(
  createMetrics()
    .describe()
    .map((instrument) => [instrument.name, instrument]),
);

/** The labels that the series of a metric have; undefined if the code makes no such metric. */
function labelsOf(metric: string): readonly string[] | undefined {
  if (metric === 'up') return TARGET_LABELS;
  const [, base = '', part] = /^(.*?)(_bucket|_sum|_count)?$/.exec(metric) ?? [];
  const histogram = part === undefined ? undefined : described.get(base);
  if (histogram?.type === 'histogram') {
    return [...TARGET_LABELS, ...histogram.labels, ...(part === '_bucket' ? ['le'] : [])];
  }
  const instrument = described.get(metric);
  return instrument?.type === 'histogram' ? undefined : instrument && [...TARGET_LABELS, ...instrument.labels];
}

function problemsOf(expr: string): readonly string[] {
  const selectors = selectorsOf(expr);
  const problem = ({ metric }: Selector, labels: readonly string[]): readonly string[] => {
    const known = labelsOf(metric);
    if (known === undefined) return [`no metric ${metric}`];
    return labels.filter((label) => !known.includes(label)).map((label) => `${metric} has no label ${label}`);
  };
  return [
    ...(selectors.length === 0 ? ['no metric at all'] : []),
    ...selectors.flatMap((selector) =>
      problem(
        selector,
        selector.matchers.map(({ label }) => label),
      ),
    ),
    ...aggregationsOf(expr).flatMap(({ by, over }) => over.flatMap((selector) => problem(selector, by))),
  ];
}

test('every metric and label in an alert or a panel exists', () => {
  expect(expressions.length).toBeGreaterThan(50);
  const wrong = expressions.flatMap(([where, expr]) => problemsOf(expr).map((problem) => `${where}: ${problem}`));
  expect(wrong).toEqual([]);
});

test('this check would find a name that is not there', () => {
  const problems = (expr: string) => problemsOf(expr).join();
  expect(problems('firstseen_nonsense > 0')).toBe('no metric firstseen_nonsense');
  expect(problems('firstseen_dead{rule="x"} > 0')).toBe('firstseen_dead has no label rule');
  expect(problems('sum by (sink) (rate(firstseen_matches_total[5m]))')).toMatch(/has no label sink/);
  expect(problems('firstseen_ack_seconds > 1')).toBe('no metric firstseen_ack_seconds');
  expect(problems('time() > 0')).toBe('no metric at all');
});

test('every reason and outcome in an expression is one that the code counts', async () => {
  const metrics = createMetrics();
  createRefusalLog({ metrics, logger: createLogger({ level: 'error', format: 'json' }) });
  announceRules(metrics, ['local'], ['r']);
  const { text } = await metrics.expose();
  const outcomes: readonly string[] = [...OUTCOMES, 'evaluated', 'own_write', 'quarantined'];
  const matchers = expressions.flatMap(([, expr]) => selectorsOf(expr)).flatMap(({ matchers: all }) => all);
  const reasons = matchers.filter(({ label }) => label === 'reason').flatMap(({ values }) => values);
  expect(reasons.length).toBeGreaterThan(5);
  for (const reason of reasons) expect(text).toContain(`reason="${reason}"`);
  for (const { values } of matchers.filter(({ label }) => label === 'outcome')) {
    expect([values.join(), values.every((value) => outcomes.includes(value))]).toEqual([values.join(), true]);
  }
});

test.each(alerts)('what an alert says names labels that it has: $alert', ({ expr, summary, description }) => {
  const [outermost] = aggregationsOf(expr);
  const labels = outermost === undefined && /^(max|min|absent)\(/.test(expr) ? [] : (outermost?.by ?? TARGET_LABELS);
  for (const [, label = ''] of `${summary} ${description}`.matchAll(/\$labels\.(\w+)/g)) {
    expect(labels).toContain(label);
  }
});

test('each alert has a section in the guide that says what to do', () => {
  const guide = readFileSync(path.join(ROOT, 'docs/guides/monitoring.md'), 'utf8');
  const sections = [...guide.matchAll(/^### (Firstseen\w+)$/gm)].map(([, name = '']) => name);
  expect(sections).toEqual([...new Set(alerts.map(({ alert }) => alert))]);
});

test('the written files are what deploy/monitoring/ says now', () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['deploy/monitoring/generate.ts', '--check'], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  expect({ status, said: `${stdout}${stderr}` }).toEqual({ status: 0, said: expect.any(String) });
});

test('no two panels of the dashboard lie on each other, and each has a query', () => {
  interface Place {
    readonly x: number;
    readonly y: number;
    readonly w: number;
    readonly h: number;
  }
  const { panels } = JSON.parse(grafanaDashboard()) as {
    readonly panels: readonly { readonly id: number; readonly type: string; readonly gridPos: Place; targets?: [] }[];
  };
  const taken = new Map<string, number>();
  for (const { id, type, gridPos, targets } of panels) {
    expect([`panel ${id}`, type === 'row' || (targets?.length ?? 0) > 0]).toEqual([`panel ${id}`, true]);
    for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
      for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
        expect([`panel ${id} lies on another at ${x}/${y}`, taken.get(`${x}/${y}`)]).toEqual([
          `panel ${id} lies on another at ${x}/${y}`,
          undefined,
        ]);
        expect(x).toBeLessThan(24);
        taken.set(`${x}/${y}`, id);
      }
    }
  }
});
