import { join } from 'node:path';
import { type Exit, startProcess } from '../support/child-process.ts';
import { freePort } from '../support/ports.ts';
import { createTemporaryFolder } from '../support/temporary-folder.ts';
import { waitFor } from '../support/wait.ts';

const MAIN = join(import.meta.dirname, '..', '..', 'src', 'main.ts');

/** The fields of the log sink's alert line that the demo shows. */
export interface AlertLine {
  readonly severity: string;
  readonly rule: string;
  readonly reason: string;
}

export interface DemoServer {
  /** URL for batches. */
  readonly url: string;
  readonly stateFile: string;
  /** Sends a body like an audit webhook. @returns the status code and the duration */
  send(body: string): Promise<{ readonly status: number; readonly milliseconds: number }>;
  /** The sum over all series of a metric with these labels. */
  figures(): Promise<Figures>;
  /** Waits for `count` alerts in the log and returns all. */
  alerts(count: number): Promise<readonly AlertLine[]>;
  /** All output of the process. */
  log(): string;
  /** Stops the process and waits for its exit. */
  stop(): Promise<Exit>;
}

/** Sums all series of a metric with these labels. */
export type Figures = (metric: string, labels?: Readonly<Record<string, string>>) => number;

/** Starts the real program with SQLite in a file, on a loopback address and without Kubernetes. */
export async function startDemoServer(rules: readonly string[]): Promise<DemoServer> {
  const stateFile = join(createTemporaryFolder('demo'), 'firstseen.db');
  const [port, opsPort] = [await freePort(), await freePort()];
  const ops = `http://127.0.0.1:${opsPort}`;
  const child = await startProcess(
    process.execPath,
    [
      ...[MAIN, 'serve', '--listen', `127.0.0.1:${port}`, '--ops-listen', `127.0.0.1:${opsPort}`],
      ...['--state', `sqlite:${stateFile}`, '--kubernetes', 'false', '--log-level', 'warn'],
      ...rules.flatMap((path) => ['--rules', path]),
    ],
    { env: withoutSettings() },
  );
  await waitFor(
    async () => {
      const exit = child.exit();
      return exit === undefined ? (await fetch(`${ops}/readyz`)).ok : exit;
    },
    { what: 'firstseen to be ready' },
  );
  if (child.exit() !== undefined) throw new Error(`firstseen did not start:\n${child.log()}`);

  const url = `http://127.0.0.1:${port}/audit`;
  const alertsSoFar = () => alertLines(child.log());
  return {
    url,
    stateFile,
    async send(body) {
      const start = performance.now();
      const headers = { 'Content-Type': 'application/json', 'User-Agent': 'kube-apiserver-admin' };
      const answer = await fetch(`${url}?timeout=30s`, { method: 'POST', headers, body: Buffer.from(body) });
      await answer.arrayBuffer();
      return { status: answer.status, milliseconds: Math.ceil(performance.now() - start) };
    },
    async figures() {
      const answer = await fetch(`${ops}/metrics`);
      return figuresOf(await answer.text());
    },
    alerts: (count) =>
      waitFor(() => (alertsSoFar().length >= count ? alertsSoFar() : undefined), { what: `alert ${count} in the log` }),
    log: () => child.log(),
    stop: () => child.stop(),
  };
}

/** The caller's own settings of firstseen are not the demo's. */
function withoutSettings(): Readonly<Record<string, undefined>> {
  const names = Object.keys(process.env).filter((name) => name.startsWith('FIRSTSEEN_'));
  return Object.fromEntries(names.map((name) => [name, undefined]));
}

function alertLines(log: string): readonly AlertLine[] {
  return log
    .split('\n')
    .filter((line) => line.includes('"event.kind":"signal"') && line.endsWith('}'))
    .map((line) => JSON.parse(line) as Readonly<Record<string, string>>)
    .map((alert) => ({
      severity: alert['kibana.alert.severity'] ?? '',
      rule: alert['kibana.alert.rule.uuid'] ?? '',
      reason: alert['kibana.alert.reason'] ?? '',
    }));
}

/** https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format */
function figuresOf(text: string): Figures {
  const series = [...text.matchAll(/^(\w+)(?:\{(.*)\})? (\S+)$/gm)].map(([, name, labels = '', value]) => ({
    name,
    labels,
    value: Number(value),
  }));
  return (metric, labels = {}) =>
    series
      .filter(({ name }) => name === metric)
      .filter((one) => Object.entries(labels).every(([name, value]) => one.labels.includes(`${name}="${value}"`)))
      .reduce((sum, { value }) => sum + value, 0);
}
