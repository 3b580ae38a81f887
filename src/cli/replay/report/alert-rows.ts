import type { AlertEvidence, AlertRecord, AlertSpec, AlertState } from '../../../detect/alert.ts';
import { type Html, type HtmlValue, html } from './html.ts';
import type { RequestRecord } from './replay-record.ts';
import { timeText } from './timeline.ts';

/** An alert as two table rows: the summary, and the details with evidence to unfold. */
export function alertRows(alert: AlertRecord, request: (key: string) => RequestRecord | undefined): Html {
  const { spec, state } = alert;
  const { rule, display, severity } = spec;
  return html`<tbody class="alert" data-severity="${severity}" data-rule="${rule.name}" data-user="${display.user}">
<tr class="main"><td>${badge(severity)}</td><td class="time">${timeText(state.firstSeen)}</td><td><b>${rule.title}</b><br><code class="soft">${rule.name}</code></td><td>${display.user}</td><td>${display.action}<br><span class="soft">${display.object}</span></td><td class="mono">${display.source}</td><td class="n">${state.count}</td></tr>
<tr class="detail"><td></td><td colspan="6"><details><summary>${spec.reason}</summary><div class="inside">
<dl>${facts(alert).map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>
${evidenceTable(alert, request)}</div></details></td></tr>
</tbody>
`;
}

export function badge(severity: AlertSpec['severity']): Html {
  return html`<span class="badge ${severity}">${severity}</span>`;
}

function facts({ id, spec, state }: AlertRecord): readonly (readonly [string, HtmlValue])[] {
  const { request, actor, rule } = spec;
  const object = [request.resource, request.subresource].filter(Boolean).join('/');
  const named = [request.namespace, request.name].filter(Boolean).join('/');
  const group = [request.apiGroup, request.apiVersion].filter(Boolean).join('/');
  const answer = [request.code, request.decision, request.dryRun ? 'dry run' : ''].filter(Boolean).join(', ');
  const all: readonly (readonly [string, HtmlValue])[] = [
    ['User', [actor.user, actor.impersonated && ` as ${actor.impersonated}`, groupsOf(spec)]],
    ['Request', [request.verb, object, named, group && `(${group})`].filter(Boolean).join(' ')],
    ['URI', request.uri === undefined ? '' : html`<code>${request.uri}</code>`],
    ['Answer', answer],
    ['Source', (actor.sourceIPs ?? []).join(', ')],
    ['User agent', actor.userAgent ?? ''],
    ...(spec.newTerms ?? []).map(({ field, value }) => [`New ${field}`, html`<code>${value}</code>`] as const),
    ...[...(spec.groupBy ?? []), ...(spec.results ?? [])].map(({ field, value }) => [field, value] as const),
    [
      'ATT&CK',
      (spec.threat ?? [])
        .map(({ tactic, technique }) =>
          technique ? `${tactic.name}: ${technique.name} (${technique.id})` : `${tactic.name} (${tactic.id})`,
        )
        .join('; '),
    ],
    [
      'Rule',
      `${rule.type}${rule.version === undefined ? '' : `, version ${rule.version}`}; risk score ${spec.riskScore}`,
    ],
    ['Seen', seenText(state)],
    ['For example', (state.samples ?? []).join('; ')],
    ['Alert', html`<code>${id}</code>`],
  ];
  return all.filter(([, value]) => value !== '');
}

function seenText({ count, firstSeen, lastSeen }: AlertState): string {
  const times = count === 1 ? 'once' : `${count} times`;
  const [from, to] = [timeText(firstSeen), timeText(lastSeen)];
  return from === to ? `${times}, ${from}` : `${times}, ${from} to ${to}`;
}

function groupsOf({ actor: { groups = [] } }: AlertSpec): Html | false {
  return groups.length > 0 && html` <span class="soft">in ${groups.join(', ')}</span>`;
}

function evidenceTable(
  { state: { evidence } }: AlertRecord,
  request: (key: string) => RequestRecord | undefined,
): Html {
  const row = ({ time, auditID, requestKey }: AlertEvidence) => {
    const { what = '', auditID: whole = auditID, source = '', userAgent = '' } = request(requestKey) ?? {};
    return html`<tr><td class="time mono">${time}</td><td class="mono">${whole}</td><td>${what}</td><td class="mono">${source}</td><td>${userAgent}</td></tr>`;
  };
  return html`<table><caption class="skip">Evidence</caption><thead><tr><th scope="col">Event</th><th scope="col">Audit ID</th><th scope="col">Request</th><th scope="col">Source</th><th scope="col">User agent</th></tr></thead><tbody>${evidence.map(row)}</tbody></table>`;
}
