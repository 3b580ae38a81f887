import { type DocumentPath, type DocumentProblem, describeValue, isRecord, quoteName } from '../document-problem.ts';
import { parseDuration } from '../duration.ts';
import { HOUR } from '../limits.ts';
import { RULE_BOUNDS } from '../rule-schema.ts';
import { DEFAULT_INTERVAL } from './elastic-windows.ts';
import { present } from './present.ts';

type Values = Readonly<Record<string, unknown>>;

/** The alert settings of a rule, as parts of `spec`. */
export interface AlertingReading {
  readonly spec: Values;
  readonly problems: readonly DocumentProblem[];
  /** Facts worth knowing that change no outcome. */
  readonly notes: readonly string[];
  /** Where the outcome differs from Elastic. */
  readonly differences: readonly string[];
}

/** Elastic's default for `max_signals`, which becomes the budget of the rule here. */
const DEFAULT_MAX_SIGNALS = 100;

/** Suppression, budget, and overrides from the event. */
export function readAlerting(rule: Values): AlertingReading {
  const problems: DocumentProblem[] = [];
  const suppression = readSuppression(rule);
  const budget = readBudget(rule);
  const notes: string[] = [];
  const [score, ...more] = mappings(rule.risk_score_mapping, 'risk_score_mapping', problems);
  if (more.length > 0) notes.push('only the first entry of risk_score_mapping counts, as in Elastic');
  return {
    spec: {
      suppression: suppression.spec,
      budget: budget.spec,
      severityMapping: mappings(rule.severity_mapping, 'severity_mapping', problems).map(
        ({ field, value, severity }) => ({ field, value: typeof value === 'number' ? String(value) : value, severity }),
      ),
      riskScoreMapping: score === undefined ? [] : [{ field: score.field }],
      ruleNameOverride: rule.rule_name_override === '' ? undefined : rule.rule_name_override,
      buildingBlock: rule.building_block_type === undefined || rule.building_block_type === null ? undefined : true,
    },
    problems,
    notes: [...notes, ...budget.notes],
    differences: suppression.differences,
  };
}

/** Kibana's form writes a row without a field if nothing was chosen. */
function mappings(given: unknown, setting: string, problems: DocumentProblem[]): readonly Values[] {
  if (given === undefined || given === null) return [];
  const rows: readonly unknown[] = Array.isArray(given) ? given : [given];
  return rows.flatMap((row, index): readonly Values[] => {
    const path: DocumentPath = [setting, index];
    if (!isRecord(row)) {
      problems.push({ path, message: `expected a mapping with a field, found ${describeValue(row)}` });
      return [];
    }
    if (row.field === '' || row.field === undefined) return [];
    if (row.operator !== undefined && row.operator !== 'equals') {
      const message = `expected the operator equals, found ${describeValue(row.operator)}`;
      problems.push({ path: [...path, 'operator'], message });
    }
    return [row];
  });
}

function readSuppression(rule: Values): { readonly spec: unknown; readonly differences: readonly string[] } {
  const suppression = rule.alert_suppression;
  if (suppression === undefined || suppression === null) return { spec: undefined, differences: [] };
  if (!isRecord(suppression)) return { spec: suppression, differences: [] };
  const { group_by: by, duration, missing_fields_strategy: missingFields } = suppression;
  const interval = typeof rule.interval === 'string' ? rule.interval : DEFAULT_INTERVAL;
  const window = isRecord(duration) ? `${duration.value}${duration.unit}` : interval;
  const differences: string[] = [];
  if (!isRecord(duration)) {
    differences.push(
      `alert_suppression lasts one run of the rule in Elastic; here it lasts ${window}, the rule's interval`,
    );
  }
  return { spec: present({ by, window, missingFields }), differences };
}

/** A limit for each run of the rule becomes a limit for each hour. */
function readBudget(rule: Values): { readonly spec: unknown; readonly notes: readonly string[] } {
  const { max_signals: most } = rule;
  if (most === undefined || most === null || most === DEFAULT_MAX_SIGNALS) return { spec: undefined, notes: [] };
  if (typeof most !== 'number') return { spec: { alertsPerHour: most }, notes: [] };
  const interval = typeof rule.interval === 'string' ? rule.interval : DEFAULT_INTERVAL;
  const perHour = Math.ceil(most * (HOUR / (parseDuration(interval) || HOUR)));
  const alertsPerHour = Math.min(perHour, RULE_BOUNDS.alertsPerHour);
  const note = `max_signals ${most} for each run of ${quoteName(interval)} becomes a budget of ${alertsPerHour} alerts an hour`;
  return { spec: { alertsPerHour }, notes: [note] };
}
