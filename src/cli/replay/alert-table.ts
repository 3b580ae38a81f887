import Table from 'cli-table3';
import type { AlertRecord } from '../../detect/alert.ts';
import { PLAIN_TABLE, trimLines } from '../plain-table.ts';

const HEAD = ['SEVERITY', 'RULE', 'USER', 'ACTION', 'OBJECT', 'COUNT', 'STATUS', 'LAST SEEN', 'NEW TERM'];

/** The table of `kubectl get alerts`, with the new term. Times are absolute, because logs are from the past. */
export function alertTable(alerts: readonly AlertRecord[]): string {
  const table = new Table({ ...PLAIN_TABLE, head: HEAD });
  for (const { spec, state } of alerts) {
    const { user, action, object, newTerm } = spec.display;
    const lastSeen = `${new Date(state.lastSeen / 1_000).toISOString().slice(0, 19)}Z`;
    table.push([spec.severity, spec.rule.name, user, action, object, state.count, state.phase, lastSeen, newTerm]);
  }
  return trimLines(table.toString());
}
