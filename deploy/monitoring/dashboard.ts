import { type Panel, ROWS, type Row } from './dashboard-rows.ts';

const COLUMNS = 24;
const PANEL = { graph: { w: 8, h: 8 }, stat: { w: 6, h: 5 } } as const;
const DATASOURCE = { type: 'prometheus', uid: '$datasource' };

/** The dashboard as Grafana imports it, provisions it, or takes it from a ConfigMap. */
export function grafanaDashboard(): string {
  const dashboard = {
    uid: 'firstseen',
    title: 'firstseen',
    description: 'Detection on the Kubernetes audit log: does it work, what does it find, are alerts delivered.',
    tags: ['kubernetes', 'audit', 'security'],
    editable: true,
    graphTooltip: 1,
    refresh: '30s',
    schemaVersion: 39,
    time: { from: 'now-6h', to: 'now' },
    templating: {
      list: [
        { name: 'datasource', label: 'Data source', type: 'datasource', query: 'prometheus' },
        variable('job', 'Job', 'label_values(firstseen_build_info, job)'),
        variable('cluster', 'Cluster', 'label_values(firstseen_last_batch_timestamp_seconds, cluster)'),
      ],
    },
    panels: layOut(ROWS),
  };
  return `${JSON.stringify(dashboard, null, 2)}\n`;
}

function variable(name: string, label: string, query: string): object {
  const all = { text: 'All', value: '$__all' };
  return {
    name,
    label,
    type: 'query',
    datasource: DATASOURCE,
    query,
    refresh: 2,
    includeAll: true,
    multi: true,
    current: all,
  };
}

/** Puts panels side by side from left to right, each row of them below the one before. */
function layOut(rows: readonly Row[]): readonly object[] {
  const laidOut: object[] = [];
  let y = 0;
  for (const row of rows) {
    laidOut.push({ id: laidOut.length + 1, type: 'row', title: row.title, gridPos: { x: 0, y, w: COLUMNS, h: 1 } });
    y += 1;
    let x = 0;
    let height = 0;
    for (const panel of row.panels) {
      const { w, h } = PANEL[panel.kind];
      if (x + w > COLUMNS || (height > 0 && h !== height)) {
        x = 0;
        y += height;
      }
      laidOut.push({ id: laidOut.length + 1, gridPos: { x, y, w, h }, ...draw(panel) });
      x += w;
      height = h;
    }
    y += height;
  }
  return laidOut;
}

function draw(panel: Panel): object {
  const { title, description, queries, unit } = panel;
  const targets = queries.map(({ expr, legend }, index) => ({
    refId: String.fromCharCode('A'.charCodeAt(0) + index),
    datasource: DATASOURCE,
    expr,
    legendFormat: legend,
  }));
  const common = { title, description, datasource: DATASOURCE, targets };
  if (panel.kind === 'stat') {
    const { red, lessIsWorse = false } = panel;
    const [low, high] = lessIsWorse ? ['red', 'green'] : ['green', 'red'];
    const steps = [{ color: low, value: null }, ...(red === undefined ? [] : [{ color: high, value: red }])];
    return {
      ...common,
      type: 'stat',
      fieldConfig: { defaults: { unit, thresholds: { mode: 'absolute', steps } }, overrides: [] },
      options: { reduceOptions: { calcs: ['lastNotNull'] }, colorMode: 'value', textMode: 'value_and_name' },
    };
  }
  const stacking = { mode: panel.stacked === true ? 'normal' : 'none' };
  return {
    ...common,
    type: 'timeseries',
    fieldConfig: { defaults: { unit, min: 0, custom: { fillOpacity: 10, stacking } }, overrides: [] },
    options: { legend: { displayMode: 'list', placement: 'bottom' }, tooltip: { mode: 'multi' } },
  };
}
