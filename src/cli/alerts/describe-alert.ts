import { cutBytes, sanitise } from '../../audit/text.ts';
import type { AlertObject } from './alert-object.ts';

const MAX_VALUE_BYTES = 1_000;

/** A label and its value, or its lines. Rows without a value are omitted. */
type Row = readonly [label: string, value: string | readonly string[] | undefined];

/** The alert in the layout of `kubectl describe`, escaped for a terminal. */
export function describeAlertObject({ metadata, spec, status }: AlertObject): string {
  const { rule, request, actor } = spec;
  return section(undefined, [
    ['Alert', metadata.name],
    ['Reason', spec.reason],
    ['Severity', `${spec.severity}${spec.riskScore === undefined ? '' : `, risk ${spec.riskScore}`}`],
    ['Rule', `${rule.name}${rule.title === '' ? '' : ` (${rule.title})`}`],
    ['Rule type', [rule.type, rule.version === undefined ? undefined : `version ${rule.version}`].filter(isGiven)],
    ['Threat', spec.threat?.map(({ tactic, technique }) => threatText(tactic, technique))],
    ['Cluster', spec.cluster],
  ])
    .concat(
      section('Status', [
        ['Phase', status.phase],
        ['Count', spec.overflow ? `${status.count} (beyond the budget of the rule)` : String(status.count)],
        ['First seen', status.firstSeen],
        ['Last seen', status.lastSeen],
        ...status.conditions.map(
          ({ type, status: holds, reason, message }): Row => [type, `${holds} (${reason}): ${message}`],
        ),
      ]),
      section('Over the budget', [
        ['Most by', status.overflow?.users.map(tallyText)],
        ['Most from', status.overflow?.sources.map(tallyText)],
        ['Such as', status.overflow?.samples],
      ]),
      section('New terms', spec.newTerms?.map(({ field, value }): Row => [field, value]) ?? []),
      section('Group', spec.groupBy?.map(({ field, value }): Row => [field, value]) ?? []),
      section('Who', [
        ['User', actor.user],
        ['Impersonating', actor.impersonated],
        ['Groups', actor.groups?.join(', ')],
        ['Source', actor.sourceIP],
        ['Forwarded for', actor.sourceIPs?.slice(0, -1).join(', ')],
        ['User agent', actor.userAgent],
      ]),
      section('Request', [
        ['Time', request.time],
        ['Verb', request.verb],
        ['Object', spec.display.object],
        ['URI', request.uri],
        ['Outcome', outcome(request)],
        ['Dry run', request.dryRun === true ? 'yes, nothing changed' : undefined],
        ['Truncated', request.truncated === true ? 'yes, the event lacks its bodies or other parts' : undefined],
        ['Audit ID', request.auditID],
        ['Stage', request.stage],
      ]),
      section(
        'Evidence',
        status.evidence.map(({ time, auditID }): Row => [time, auditID]),
      ),
    )
    .map((line) => `${line}\n`)
    .join('');
}

function section(title: string | undefined, rows: readonly Row[]): string[] {
  const given = rows.flatMap(([label, value]) => {
    const lines = (typeof value === 'string' ? [value] : (value ?? [])).filter((line) => line !== '');
    return lines.map((line, index) => [index === 0 ? label : '', line] as const);
  });
  if (given.length === 0) return [];
  const labels = given.map(([label]) => printable(label === '' ? '' : `${label}:`));
  const width = Math.max(12, ...labels.map((label) => label.length));
  const indent = title === undefined ? '' : '  ';
  return [
    ...(title === undefined ? [] : [`${title}:`]),
    ...given.map(([, value], index) => `${indent}${(labels[index] ?? '').padEnd(width)}  ${printable(value)}`),
  ];
}

function outcome({ code, decision }: AlertObject['spec']['request']): string {
  const said = decision === 'allow' ? 'allowed' : decision === 'forbid' ? 'forbidden' : decision;
  return [said, code === undefined ? undefined : `HTTP ${code}`].filter(isGiven).join(', ');
}

function tallyText({ value, count }: { readonly value: string; readonly count: number }): string {
  return `${value}: at least ${count}`;
}

interface Named {
  readonly id: string;
  readonly name: string;
}

function threatText(tactic: Named, technique: Named | undefined): string {
  const text = ({ id, name }: Named) => `${name} (${id})`;
  return technique === undefined ? text(tactic) : `${text(tactic)}: ${text(technique)}`;
}

function isGiven(text: string | undefined): text is string {
  return text !== undefined && text !== '';
}

function printable(text: string): string {
  return cutBytes(sanitise(text), MAX_VALUE_BYTES);
}
