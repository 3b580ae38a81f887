import { createHash } from 'node:crypto';
import type { AlertRecord } from '../../../detect/alert.ts';
import { SEVERITIES, type Severity } from '../../../rules/document.ts';
import { alertRows, badge } from './alert-rows.ts';
import { Html, html } from './html.ts';
import { PAGE_SCRIPT } from './page-script.ts';
import { PAGE_STYLE } from './page-style.ts';
import type { RuleRecord } from './replay-record.ts';
import type { Replayed } from './replayed.ts';
import { timeline, timeText } from './timeline.ts';

/** The most alerts to list, most severe first. The figures count all. */
const MOST_ALERTS = 2_000;
/** The most users, and the most files, to list. */
const MOST_USERS = 25;
const MOST_FILES = 10;

const BY_SEVERITY = SEVERITIES.toReversed();

/**
 * A self-contained page. Its CSP forbids all requests; without its script it shows a plain table. All event data is
 * escaped text.
 */
export function htmlReport({ record, alerts, events, files, rules }: Replayed): string {
  const shown = alerts
    .toSorted((a, b) => rank(b.spec.severity) - rank(a.spec.severity) || a.state.firstSeen - b.state.firstSeen)
    .slice(0, MOST_ALERTS);
  const refused = rules.verdicts.filter(({ problems }) => problems.length > 0).length;
  const policy = `default-src 'none'; style-src '${sourceHash(PAGE_STYLE)}'; script-src '${sourceHash(PAGE_SCRIPT)}'; base-uri 'none'; form-action 'none'`;
  return `<!doctype html>\n${
    html`<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${new Html(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>firstseen: ${amount(alerts.length, 'alert')} in ${amount(events, 'event')}</title>
<style>${new Html(PAGE_STYLE)}</style>
</head>
<body>
<a class="skip" href="#alerts">To the alerts</a>
<header><div><p class="kicker">firstseen replay</p><h1>${headline(alerts)}</h1>${subtitle(alerts, files)}</div>
<button class="toggle" id="theme" type="button" aria-pressed="false" hidden>Light / dark</button></header>
<main>
<section class="figures" aria-label="Summary">
${figure(events, 'events read')}${figure(record.rules.length, 'rules run')}${refused > 0 && figure(refused, 'rules skipped')}${figure(alerts.length, 'alerts')}
${BY_SEVERITY.map((severity) => figure(withSeverity(alerts, severity).length, severity, severity))}
</section>
${
  alerts.length > 0 &&
  html`<section aria-labelledby="when"><div class="legend">${BY_SEVERITY.map((severity) => html`<span><i class="${severity}"></i>${severity}</span>`)}</div><h2 id="when">When</h2>
${timeline(alerts.map(({ spec, state }) => ({ at: state.firstSeen, severity: spec.severity })))}</section>`
}
<div class="columns">${byRule(record.rules, alerts, refused)}${byUser(alerts)}</div>
${alertSection(shown, alerts.length, (key) => record.request(key))}
</main>
<footer>Made by firstseen from audit logs. A replay starts with an empty state, so every term is new at first.</footer>
<script>${new Html(PAGE_SCRIPT)}</script>
</body>
</html>`.text
  }\n`;
}

function sourceHash(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}

function headline(alerts: readonly AlertRecord[]): string {
  const urgent = alerts.filter(({ spec }) => rank(spec.severity) >= rank('high')).length;
  if (alerts.length === 0) return 'No alerts';
  return urgent === 0
    ? amount(alerts.length, 'alert')
    : `${amount(alerts.length, 'alert')}, ${urgent} high or critical`;
}

function subtitle(alerts: readonly AlertRecord[], files: readonly string[]): Html {
  const first = alerts[0]?.state.firstSeen ?? 0;
  const last = alerts.reduce((most, { state }) => Math.max(most, state.lastSeen), 0);
  const named = files.slice(0, MOST_FILES).map((file) => (file === '-' ? 'standard input' : file));
  const more = files.length - named.length;
  return html`<p class="note">${alerts.length > 0 && `${timeText(first)} to ${timeText(last)} UTC · `}${named.join(', ')}${more > 0 && ` and ${more} more`}</p>`;
}

function figure(n: number, what: string, severity = ''): Html {
  return html`<div class="figure ${severity}"><b>${number(n)}</b><span>${what}</span></div>`;
}

function byRule(records: readonly RuleRecord[], alerts: readonly AlertRecord[], refused: number): Html {
  const counts = Map.groupBy(alerts, ({ spec }) => spec.rule.name);
  const rows = records
    .map((record) => ({ ...record, document: record.ready.rule.document }))
    .map((record) => ({ ...record, count: counts.get(record.document.name)?.length ?? 0 }))
    .sort((a, b) => b.count - a.count || rank(b.document.severity) - rank(a.document.severity))
    .map(
      ({ document: { name, title, type, severity }, count, matches, faults }) =>
        html`<tr><td>${badge(severity)}</td><td><a href="#alerts" data-filter="rule" data-value="${name}">${title}</a><br><code class="soft">${name}</code> <span class="soft">${type}${faults > 0 && `, failed on ${amount(faults, 'event')}`}</span></td><td class="n">${number(matches.count)}</td><td class="n">${number(count)}</td></tr>`,
    );
  return html`<section aria-labelledby="by-rule"><h2 id="by-rule">By rule</h2><table><thead><tr><th scope="col">Severity</th><th scope="col">Rule</th><th scope="col" class="n">Matches</th><th scope="col" class="n">Alerts</th></tr></thead><tbody>${rows}</tbody></table>${refused > 0 && html`<p class="note">${amount(refused, 'rule')} did not run: <code>firstseen rules check</code> says why.</p>`}</section>`;
}

function byUser(alerts: readonly AlertRecord[]): Html {
  const users = [...Map.groupBy(alerts, ({ spec }) => spec.display.user)].sort(([, a], [, b]) => b.length - a.length);
  const rows = users.slice(0, MOST_USERS).map(([user, own]) => {
    const worst = BY_SEVERITY.find((severity) => withSeverity(own, severity).length > 0) ?? 'low';
    const names = new Set(own.map(({ spec }) => spec.rule.name)).size;
    return html`<tr><td>${badge(worst)}</td><td><a href="#alerts" data-filter="user" data-value="${user}">${user}</a></td><td class="n">${names}</td><td class="n">${number(own.length)}</td></tr>`;
  });
  const more = users.length - rows.length;
  return html`<section aria-labelledby="by-user"><h2 id="by-user">By user</h2>${
    rows.length === 0
      ? html`<p class="note">Nobody.</p>`
      : html`<table><thead><tr><th scope="col">Worst</th><th scope="col">User</th><th scope="col" class="n">Rules</th><th scope="col" class="n">Alerts</th></tr></thead><tbody>${rows}</tbody></table>`
  }${more > 0 && html`<p class="note">and ${amount(more, 'user')} more</p>`}</section>`;
}

function alertSection(shown: readonly AlertRecord[], total: number, request: Parameters<typeof alertRows>[1]): Html {
  const cut =
    total > shown.length &&
    html`<p class="note">The ${number(shown.length)} most severe of ${amount(total, 'alert')} are listed; the figures above count all.</p>`;
  if (shown.length === 0)
    return html`<section id="alerts" class="alerts"><h2>Alerts</h2><p class="note">None.</p></section>`;
  return html`<section id="alerts" class="alerts" aria-labelledby="all"><h2 id="all">Alerts</h2>${cut}
<div class="controls" id="controls" role="search" hidden>
<input id="search" type="search" placeholder="Search: user, object, audit ID, user agent…" aria-label="Search the alerts">
<select id="severity" aria-label="Severity"><option value="">Any severity</option>${BY_SEVERITY.map((severity) => html`<option>${severity}</option>`)}</select>
<select id="rule" aria-label="Rule"><option value="">Any rule</option></select>
<select id="user" aria-label="User"><option value="">Any user</option></select>
<button id="clear" type="button">Clear</button><span class="soft" id="shown" role="status"></span></div>
<table><thead><tr><th scope="col">Severity</th><th scope="col">First seen (UTC)</th><th scope="col">Rule</th><th scope="col">User</th><th scope="col">Action and object</th><th scope="col">Source</th><th scope="col" class="n">Count</th></tr></thead>
${shown.map((alert) => alertRows(alert, request))}</table></section>`;
}

function rank(severity: Severity): number {
  return SEVERITIES.indexOf(severity);
}

function withSeverity(alerts: readonly AlertRecord[], severity: Severity): readonly AlertRecord[] {
  return alerts.filter(({ spec }) => spec.severity === severity);
}

function amount(n: number, what: string): string {
  return `${number(n)} ${what}${n === 1 ? '' : 's'}`;
}

function number(n: number): string {
  return n.toLocaleString('en');
}
