import Table from 'cli-table3';
import { sanitise } from '../../audit/text.ts';
import { parseTimestamp } from '../../audit/timestamp.ts';
import { PLAIN_TABLE, trimLines } from '../plain-table.ts';
import { safeJson, safeYaml } from '../safe-output.ts';
import type { AlertObject } from './alert-object.ts';

export const ALERT_OUTPUTS = ['table', 'wide', 'json', 'yaml', 'name'] as const;
export type AlertOutput = (typeof ALERT_OUTPUTS)[number];

const HEAD = ['NAME', 'SEVERITY', 'RULE', 'USER', 'ACTION', 'OBJECT', 'COUNT', 'STATUS', 'LAST SEEN', 'AGE'];
const WIDE = ['SOURCE', 'USER AGENT', 'NEW TERM', 'RISK', 'CLUSTER'];

/**
 * Alerts in the formats of kubectl, escaped for a terminal.
 * @param now in microseconds since the epoch
 */
export function printAlerts(alerts: readonly AlertObject[], output: AlertOutput, now: number): string {
  switch (output) {
    case 'json':
      return safeJson(listOf(alerts));
    case 'yaml':
      return safeYaml(listOf(alerts));
    case 'name':
      return alerts.map((alert) => `${qualifiedName(alert)}\n`).join('');
    case 'table':
    case 'wide':
      return alertsTable(alerts, output === 'wide', now);
  }
}

/** The name as kubectl prints it: `alert.firstseen.dev/NAME`. */
export function qualifiedName({ metadata }: AlertObject): string {
  return `alert.firstseen.dev/${sanitise(metadata.name)}`;
}

/** As kubectl does: one object stands alone, several form a List. */
function listOf(alerts: readonly AlertObject[]): unknown {
  return alerts.length === 1 ? alerts[0] : { apiVersion: 'v1', kind: 'List', items: alerts };
}

function alertsTable(alerts: readonly AlertObject[], wide: boolean, now: number): string {
  const table = new Table({ ...PLAIN_TABLE, head: wide ? [...HEAD, ...WIDE] : HEAD });
  for (const { metadata, spec, status } of alerts) {
    const { user, action, object, source, newTerm } = spec.display;
    const cells = [
      metadata.name,
      spec.severity,
      spec.rule.name,
      user,
      action,
      object,
      String(status.count),
      status.phase,
      age(status.lastSeen, now),
      age(metadata.creationTimestamp, now),
    ];
    const more = [source, spec.actor.userAgent, newTerm, String(spec.riskScore ?? ''), spec.cluster];
    table.push((wide ? [...cells, ...more] : cells).map((cell) => sanitise(cell ?? '')));
  }
  return `${trimLines(table.toString())}\n`;
}

/** Age in the form of kubectl: `45s`, `12m`, `5h`, `3d`. */
function age(time: string | undefined, now: number): string {
  const at = time === undefined ? undefined : parseTimestamp(time);
  if (at === undefined) return '';
  const seconds = Math.max(0, Math.floor((now - at) / 1_000_000));
  if (seconds < 120) return `${seconds}s`;
  if (seconds < 2 * 3_600) return `${Math.floor(seconds / 60)}m`;
  if (seconds < 2 * 86_400) return `${Math.floor(seconds / 3_600)}h`;
  return `${Math.floor(seconds / 86_400)}d`;
}
