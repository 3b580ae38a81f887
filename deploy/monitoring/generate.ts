/**
 * Writes what Prometheus and Grafana read, for those who install with the chart and for those who do not.
 *
 *   node deploy/monitoring/generate.ts            writes the files
 *   node deploy/monitoring/generate.ts --check    writes nothing; names each file that is stale, and ends with 1 if there is one
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { grafanaDashboard } from './dashboard.ts';
import { prometheusRules } from './prometheus-rules.ts';

const ROOT = path.join(import.meta.dirname, '..', '..');
const MARK = 'Made by `npm run generate` from deploy/monitoring/. Edit it there, not here.';

/** The chart can read only what lies inside of it, so it has a copy of each. */
const FILES: readonly (readonly [file: string, text: string])[] = ['deploy', 'helm/firstseen/files'].flatMap(
  (folder) => [
    [`${folder}/prometheus-rules.yaml`, prometheusRules(MARK)] as const,
    [`${folder}/grafana-dashboard.json`, grafanaDashboard()] as const,
  ],
);

const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } });
for (const [file, text] of FILES) {
  const full = path.join(ROOT, file);
  if (existsSync(full) && readFileSync(full, 'utf8') === text) continue;
  if (values.check) {
    console.log(`${file} is stale: run npm run generate`);
    process.exitCode = 1;
    continue;
  }
  mkdirSync(path.dirname(full), { recursive: true });
  writeFileSync(full, text);
  console.log(`${file} written`);
}
