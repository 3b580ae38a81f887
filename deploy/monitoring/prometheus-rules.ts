import { stringify } from 'yaml';
import { ALERT_GROUPS, type AlertRule } from './alerts.ts';

/** Where each alert has a section that says what to do. The chart can put the address of a copy before it. */
const RUNBOOK = 'docs/guides/monitoring.md';

/** A rule file as Prometheus reads it: https://prometheus.io/docs/prometheus/latest/configuration/alerting_rules/ */
export function prometheusRules(mark: string): string {
  const groups = ALERT_GROUPS.map(({ name, rules }) => ({ name, rules: rules.map(toRule) }));
  return `# ${mark}\n${stringify({ groups }, { lineWidth: 0 })}`;
}

function toRule(rule: AlertRule): object {
  const { alert, severity, expr, summary, description } = rule;
  return {
    alert,
    expr,
    ...(rule.for === undefined ? {} : { for: rule.for }),
    labels: { severity },
    annotations: { summary, description, runbook_url: `${RUNBOOK}#${alert.toLowerCase()}` },
  };
}
