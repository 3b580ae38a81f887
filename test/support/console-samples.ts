import { copyFileSync, globSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runProcess } from './child-process.ts';
import { createTemporaryFolder } from './temporary-folder.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const MAIN = join(ROOT, 'src', 'main.ts');
const PAGES = ['*.md', '{docs,deploy,helm,rules}/**/*.md'];
/** The day of the example logs. What is printed of it is compared as it stands. */
const EXAMPLE_DAY = '2026-03-02';
const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
const STORM_REQUESTS = 1_000;

/** A command on a page, and what the page says that it prints. */
export interface ConsoleStep {
  /** Where it stands, as page:line. */
  readonly at: string;
  readonly command: string;
  readonly printed: string;
}

/** Every page with its text, by its path from the root of the project. */
export function readPages(): ReadonlyMap<string, string> {
  const pages = globSync(PAGES, { cwd: ROOT }).sort();
  return new Map(pages.map((page) => [page, readFileSync(join(ROOT, page), 'utf8')]));
}

/**
 * What the pages show of a console, by page: blocks whose fence is "```console", or with `onCluster` those whose fence is
 * "```console on-cluster". A line that begins with "$ " is a command, which goes on behind a backslash; what follows is printed.
 */
export function consoleSteps({ onCluster }: { readonly onCluster: boolean }): ReadonlyMap<string, ConsoleStep[]> {
  const fence = new RegExp(`^\`\`\`console${onCluster ? ' on-cluster' : ''}\\n([\\s\\S]*?)^\`\`\``, 'gm');
  const steps = new Map<string, ConsoleStep[]>();
  for (const [page, text] of readPages()) {
    const found = [...text.matchAll(fence)].flatMap(({ 1: block = '', index }) => {
      const line = text.slice(0, index).split('\n').length + 1;
      return [...block.matchAll(/^\$ ((?:.*\\\n)*.*)\n((?:(?!\$ ).*\n)*)/gm)].map((match) => ({
        at: `${page}:${line + block.slice(0, match.index).split('\n').length - 1}`,
        command: match[1] ?? '',
        printed: match[2] ?? '',
      }));
    });
    if (found.length > 0) steps.set(page, found);
  }
  return steps;
}

/**
 * A folder to run the commands of a page in: the project's docs, rules and deploy; audit.log, which is the example incident
 * as if it had happened yesterday; storm.log, a thousand anonymous requests in a minute, each with an agent of its own; and
 * the usual kubeconfig if one is given.
 */
export function createConsoleFolder(kubeconfig?: string): string {
  const folder = createTemporaryFolder('console');
  for (const name of ['docs', 'rules', 'deploy']) symlinkSync(join(ROOT, name), join(folder, name));
  mkdirSync(join(folder, '.kube'));
  if (kubeconfig !== undefined) copyFileSync(kubeconfig, join(folder, '.kube', 'config'));
  const incident = readFileSync(join(ROOT, 'docs', 'guides', 'example-incident.log'), 'utf8');
  const yesterday = new Date(Date.now() - DAY_MS).toISOString().slice(0, EXAMPLE_DAY.length);
  writeFileSync(join(folder, 'audit.log'), incident.replaceAll(EXAMPLE_DAY, yesterday));
  writeFileSync(join(folder, 'storm.log'), stormOf(JSON.parse(incident.split('\n', 1)[0] ?? '')));
  return folder;
}

/** The request again and again for a minute, each time with another user agent. */
function stormOf(request: object): string {
  const lines = Array.from({ length: STORM_REQUESTS }, (_, i) => {
    const at = new Date(Date.parse(`${EXAMPLE_DAY}T12:00:00Z`) + (i * MINUTE_MS) / STORM_REQUESTS).toISOString();
    const time = at.replace('Z', '000Z');
    const own = {
      auditID: `storm-${i}`,
      userAgent: `agent-${i}`,
      requestReceivedTimestamp: time,
      stageTimestamp: time,
    };
    return `${JSON.stringify({ ...request, ...own })}\n`;
  });
  return lines.join('');
}

/** Runs a command as a person in that folder would, and gives all that it prints, in the order in which it does. */
export async function runInConsole(folder: string, command: string): Promise<string> {
  const script = `exec 2>&1\nmain=$1\nfirstseen() { "$0" "$main" "$@"; }\n${command}`;
  const clean = Object.fromEntries(
    Object.keys(process.env)
      .filter((name) => name.startsWith('FIRSTSEEN_') || name === 'KUBECONFIG' || name === 'NODE_OPTIONS')
      .map((name) => [name, undefined]),
  );
  const { stdout } = await runProcess('sh', ['-c', script, process.execPath, MAIN], {
    cwd: folder,
    env: { ...clean, HOME: folder },
  });
  return stdout;
}

/** What is printed without what is another in each run: times (but not those of the example logs) and rates. */
export function withoutTimes(printed: string): string {
  return printed
    .replace(new RegExp(`(?!${EXAMPLE_DAY})\\d{4}-\\d\\d-\\d\\d(T[\\d:.]+Z)?`, 'g'), 'TIME')
    .replace(/[\d,]+ events\/s/g, 'N events/s');
}

/** The same without ages, such as 5m or 2d4h, and without the widths of columns, which follow from them. */
export function withoutAges(printed: string): string {
  return withoutTimes(printed)
    .replace(/\b(\d+[smhdy])+\b/g, 'AGE')
    .replace(/ {2,}/g, '  ')
    .replace(/ +$/gm, '');
}

/** True if it is what is expected. A line "…" there stands for any lines. */
export function printsAs(printed: string, expected: string): boolean {
  const parts = expected.split(/^ *…\n/m).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('(?:.*\\n)*')}$`).test(printed);
}
