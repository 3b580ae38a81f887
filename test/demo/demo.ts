/**
 * `npm run demo`: sends batches to a real receiver, as an API server does, and shows the results. Needs nothing else
 * and leaves nothing behind. Exits with 0 only if all results are as expected.
 */
import { join } from 'node:path';
import { styleText } from 'node:util';
import { readAlerts } from '../../src/alerts/records.ts';
import { alertTable } from '../../src/cli/replay/alert-table.ts';
import { openSqliteState } from '../../src/state/sqlite/sqlite-state.ts';
import { anonymous, clusterAdminBinding, eventList, execIntoPod, ordinaryTraffic, privilegedPod } from './events.ts';
import { type DemoServer, type Figures, startDemoServer } from './server.ts';

const RULES = [
  'anonymous-request-unusual-agent',
  'cluster-admin-binding-created',
  'exec-into-pod',
  'privileged-pod-created',
] as const;
const PACK = join(import.meta.dirname, '..', '..', 'rules');
const EXPECTED_MS = 30_000;

type RuleName = (typeof RULES)[number];

/** Counters of the receiver. */
interface Tally {
  readonly evaluated: number;
  readonly quarantined: number;
  readonly opened: number;
  readonly attached: number;
  readonly duplicate: number;
}

interface Step {
  readonly title: string;
  /** Makes the body at the time of sending, for current timestamps. */
  readonly bodies: () => readonly string[];
  /** The counters that the step increases. */
  readonly adds: Partial<Tally>;
  /** The rule that opens an alert, and its reason. */
  readonly fires?: { readonly rule: RuleName; readonly reason: RegExp };
  /** Explains the outcome. */
  readonly because: string;
}

const scan = eventList(anonymous('/version/', 'masscan/1.3'));

const STEPS: readonly Step[] = [
  {
    title: 'Ordinary traffic: kubelets, controllers, and alice with kubectl',
    bodies: () => Array.from({ length: 10 }, () => eventList(...ordinaryTraffic())),
    adds: { evaluated: 120 },
    because: 'no rule matches',
  },
  {
    title: 'Anonymous health probes and discovery',
    bodies: () => [
      eventList(
        anonymous('/livez', 'kube-probe/1.36'),
        anonymous('/readyz?verbose', 'kube-probe/1.36'),
        anonymous('/healthz/etcd', 'curl/8.9.1'),
        anonymous('/version', 'curl/8.9.1'),
        anonymous('/.well-known/oauth-authorization-server', 'Go-http-client/2.0'),
      ),
    ],
    adds: { evaluated: 5 },
    because: 'the rule excludes probes',
  },
  {
    title: 'Anonymous GET /version/, by masscan/1.3',
    bodies: () => [scan],
    adds: { evaluated: 1, opened: 1 },
    fires: { rule: 'anonymous-request-unusual-agent', reason: /user agent "masscan\/1\.3" not seen in 7d/ },
    because: 'the commit that opens the alert also learns the user agent',
  },
  {
    title: 'The same agent again, on other paths',
    bodies: () => [eventList(anonymous('/api', 'masscan/1.3'), anonymous('/openapi/v2', 'masscan/1.3'))],
    adds: { evaluated: 2, attached: 2 },
    because: 'no second alert: the count of the first one grows',
  },
  {
    title: 'The first scan redelivered byte for byte, as after a lost answer',
    bodies: () => [scan],
    adds: { evaluated: 1, duplicate: 1 },
    because: 'already counted: no alert, and no count grows',
  },
  {
    title: 'Another agent: zgrab/0.x',
    bodies: () => [eventList(anonymous('/version/', 'zgrab/0.x'))],
    adds: { evaluated: 1, opened: 1 },
    fires: { rule: 'anonymous-request-unusual-agent', reason: /user agent "zgrab\/0\.x" not seen in 7d/ },
    because: 'another user agent is a new term',
  },
  {
    title: 'kubectl exec: one request, reported at its start and at its end',
    bodies: () => execIntoPod().map((event) => eventList(event)),
    adds: { evaluated: 2, opened: 1, duplicate: 1 },
    fires: { rule: 'exec-into-pod', reason: /cart-0/ },
    because: 'two audit events, one request, one alert',
  },
  {
    title: 'A privileged pod',
    bodies: () => [eventList(privilegedPod())],
    adds: { evaluated: 1, opened: 1 },
    fires: { rule: 'privileged-pod-created', reason: /toolbox/ },
    because: 'detected from the object in the request',
  },
  {
    title: 'cluster-admin for a default service account, in a batch with a broken item',
    bodies: () => [eventList({ kind: 'Event', auditID: 42 }, clusterAdminBinding())],
    adds: { evaluated: 1, quarantined: 1, opened: 1 },
    fires: { rule: 'cluster-admin-binding-created', reason: /ops/ },
    because: 'the broken item is quarantined and counted; the rest is evaluated',
  },
  {
    title: 'An anonymous request that was forbidden',
    bodies: () => [eventList(anonymous('/api/v1/secrets', 'nikto/2.5', 'forbid'))],
    adds: { evaluated: 1 },
    because: 'the rule ignores refused requests',
  },
];

const wrong: string[] = [];

async function main(): Promise<void> {
  const start = performance.now();
  say(
    bold('firstseen: a demo'),
    dim('A real server on this machine gets batches as from the audit webhook of kube-apiserver.'),
    '',
  );
  const server = await startDemoServer(RULES.map((name) => join(PACK, `${name}.yaml`)));
  say(
    field('server', `firstseen serve --listen ${new URL(server.url).host}`),
    field('state', 'a SQLite file in a temporary folder'),
    field('rules', `${RULES.length} of the pack in rules/`),
    '',
  );
  let tally = tallyOf(await server.figures());
  for (const [index, step] of STEPS.entries()) tally = await play(index + 1, step, server, tally);
  await showFigures(server);
  const { code } = await server.stop();
  expect('the exit code of the server', code, 0);
  await showAlerts(server.stateFile);
  expect('under half a minute', performance.now() - start < EXPECTED_MS, true);
  if (wrong.length > 0) {
    say(dim('What the server wrote:'), server.log(), ...wrong.map((text) => red(`WRONG  ${text}`)));
    process.exitCode = 1;
    return;
  }
  const seconds = ((performance.now() - start) / 1_000).toFixed(1);
  say(green(`Everything came as expected, in ${seconds} s.`), '');
  showNextSteps();
}

/** Sends the body of a step, then prints and checks the results. */
async function play(number: number, step: Step, server: DemoServer, before: Tally): Promise<Tally> {
  const { title, adds, fires, because } = step;
  const bodies = step.bodies();
  say(bold(`${String(number).padStart(2)}  ${title}`));
  let slowest = 0;
  for (const body of bodies) {
    const { status, milliseconds } = await server.send(body);
    slowest = Math.max(slowest, milliseconds);
    expect(`${title}: status code`, status, 200);
  }
  // The answer follows the commit, so the counters include this step.
  const after = tallyOf(await server.figures());
  for (const key of Object.keys(after) as (keyof Tally)[]) {
    expect(`${title}: ${key}`, after[key] - before[key], adds[key] ?? 0);
  }
  say(field('sent', sent(bodies, after.evaluated - before.evaluated, slowest)));
  if (after.quarantined > before.quarantined) {
    say(field('aside', yellow(`${after.quarantined - before.quarantined} quarantined`)));
  }
  const alerts = (await server.alerts(after.opened)).slice(before.opened);
  for (const { severity, rule, reason } of alerts) {
    say(field('ALERT', `${severityColour(severity)}  ${rule}`, red), field('', reason));
  }
  expect(`${title}: rules that fired`, alerts.map(({ rule }) => rule).join(), fires?.rule ?? '');
  for (const { reason } of alerts) expect(`${title}: reason (${reason})`, fires?.reason.test(reason), true);
  say(field(alerts.length > 0 ? '' : 'silent', because, dim), '');
  return after;
}

function sent(bodies: readonly string[], events: number, slowest: number): string {
  const batches = bodies.length === 1 ? '1 batch' : `${bodies.length} batches`;
  return `${batches}, ${events} ${events === 1 ? 'event' : 'events'} evaluated, 200 OK within ${slowest} ms`;
}

function tallyOf(figures: Figures): Tally {
  const decisions = (outcome: string) => figures('firstseen_decisions_total', { outcome });
  return {
    evaluated: figures('firstseen_events_total', { outcome: 'evaluated' }),
    quarantined: figures('firstseen_quarantined_total'),
    opened: decisions('opened'),
    attached: decisions('attached'),
    duplicate: decisions('duplicate'),
  };
}

async function showFigures(server: DemoServer): Promise<void> {
  const figures = await server.figures();
  const { evaluated, quarantined, opened, attached, duplicate } = tallyOf(figures);
  const batches = figures('firstseen_batches_total', { code: '200' });
  const seconds = figures('firstseen_ack_seconds_sum') / figures('firstseen_ack_seconds_count');
  const row = (value: number, text: string) => `  ${String(value).padStart(6)}  ${text}`;
  say(
    bold('/metrics says'),
    row(batches, `batches, answered in ${(seconds * 1_000).toFixed(1)} ms on average`),
    row(evaluated, 'events evaluated'),
    row(quarantined, 'quarantined'),
    row(opened, 'alerts opened'),
    row(attached, 'repeats, counted on an open alert'),
    row(duplicate, 'duplicates: redelivered, or another stage of a request'),
    '',
  );
}

/** Reads the state file of the server. */
async function showAlerts(stateFile: string): Promise<void> {
  const store = openSqliteState({ kind: 'sqlite', path: stateFile });
  try {
    const alerts = [...(await readAlerts(store, 'local'))].sort((a, b) => a.state.firstSeen - b.state.firstSeen);
    say(bold('On a cluster, kubectl get alerts would print'), alertTable(alerts), '');
    const counts = alerts.map(({ spec, state }) =>
      `${spec.rule.name} ${spec.display.newTerm} ${state.count}`.replace(/ +/g, ' '),
    );
    expect(
      'the alerts in the state file',
      counts.sort().join('; '),
      [
        'anonymous-request-unusual-agent masscan/1.3 3',
        'anonymous-request-unusual-agent zgrab/0.x 1',
        'cluster-admin-binding-created 1',
        'exec-into-pod 1',
        'privileged-pod-created 1',
      ].join('; '),
    );
  } finally {
    await store.close();
  }
}

function showNextSteps(): void {
  const step = (what: string, command: string, ...more: readonly string[]) => [
    `  ${what}`,
    `    ${dim('$')} ${command}`,
    ...more.map((line) => `      ${line}`),
  ];
  say(
    bold('Next'),
    ...step('Run the same rules over your audit log:', 'npx node src/main.ts replay audit.log'),
    ...step('List the commands:', 'npx node src/main.ts --help'),
    ...step('Run every test:', 'npm test'),
    ...step(
      'Install on a cluster, after you pushed the image:',
      'helm install firstseen helm/firstseen -n firstseen --create-namespace \\',
      '    --set image.repository=IMAGE',
    ),
  );
}

function expect(what: string, found: unknown, expected: unknown): void {
  if (found === expected) return;
  wrong.push(`${what}: expected ${JSON.stringify(expected)}, found ${JSON.stringify(found)}`);
}

function say(...lines: readonly string[]): void {
  for (const line of lines) console.log(line);
}

type Colour = (text: string) => string;

/** A label in the margin, and its text. */
function field(name: string, text: string, colour: Colour = (plain) => plain): string {
  return `    ${colour(name.padEnd(7))} ${colour === dim ? dim(text) : text}`;
}

function severityColour(severity: string): string {
  return severity === 'high' || severity === 'critical' ? red(severity) : yellow(severity);
}

// styleText omits colours in pipes and with NO_COLOR.
function bold(text: string): string {
  return styleText('bold', text);
}
function dim(text: string): string {
  return styleText('dim', text);
}
function red(text: string): string {
  return styleText('red', text);
}
function green(text: string): string {
  return styleText('green', text);
}
function yellow(text: string): string {
  return styleText('yellow', text);
}

await main();
