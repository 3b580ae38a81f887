import { quoteName } from '../document-problem.ts';

/**
 * Every setting that a rule of Elastic's may have, by what becomes of it here. A setting that is in none of these lists makes
 * the rule unsupported: it might narrow or widen what matches.
 */

/** Read by the import itself. */
const MAPPED = [
  'alert_suppression',
  'description',
  'enabled',
  'false_positives',
  'from',
  'history_window_start',
  'index',
  'language',
  'name',
  'new_terms',
  'new_terms_fields',
  'note',
  'query',
  'references',
  'risk_score',
  'rule_id',
  'severity',
  'tags',
  'threat',
  'type',
  'version',
];

/** About the rule and its keeping in Kibana, or about when Elasticsearch runs it; an event is evaluated here as it arrives. */
const WITHOUT_EFFECT = [
  'author',
  'created_at',
  'created_by',
  'execution_summary',
  'id',
  'immutable',
  'interval',
  'investigation_fields',
  'last_run',
  'license',
  'meta',
  'namespace',
  'outcome',
  'output_index',
  'related_integrations',
  'required_fields',
  'revision',
  'rule_source',
  'setup',
  'timeline_id',
  'timeline_title',
  'timestamp_override',
  'timestamp_override_fallback_disabled',
  'updated_at',
  'updated_by',
];

/** What Elastic does after a match and firstseen does not: the rule loads, and a note says so. */
const NOTED: ReadonlyMap<string, string> = new Map([
  ['actions', 'notifications are configured as sinks of firstseen'],
  ['building_block_type', 'alerts of a building block are shown like all others'],
  ['max_signals', 'alerts are bounded by the budget of the rule'],
  ['response_actions', 'firstseen does not act on hosts'],
  ['risk_score_mapping', 'the risk score stays as the rule gives it'],
  ['rule_name_override', 'alerts bear the name of the rule'],
  ['severity_mapping', 'the severity stays as the rule gives it'],
  ['throttle', 'notifications are configured as sinks of firstseen'],
  ['to', 'an event is evaluated as it arrives'],
]);

/** What decides which events match, and cannot be honoured yet. */
const MATCHING: ReadonlyMap<string, string> = new Map([
  ['exceptions_list', 'exception lists'],
  ['filters', 'filters'],
  ['threshold', 'threshold'],
  ['saved_id', 'a saved query'],
]);

/** What Elastic takes for the setting when it is absent: setting it so says nothing. */
const DEFAULTS: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ['max_signals', 100],
  ['throttle', 'no_actions'],
  ['to', 'now'],
]);

const QUIET: ReadonlySet<string> = new Set([...MAPPED, ...WITHOUT_EFFECT, 'data_view_id']);

export interface SettingsVerdict {
  /** Settings that the rule loads without. */
  readonly notes: readonly string[];
  /** Settings for which the rule is refused. */
  readonly refused: readonly { readonly name: string; readonly message: string }[];
}

/** What becomes of the settings of a rule that are not mapped. A setting that is empty or at its default counts as absent. */
export function judgeSettings(rule: Readonly<Record<string, unknown>>): SettingsVerdict {
  const notes: string[] = [];
  const refused: { name: string; message: string }[] = [];
  for (const [name, value] of Object.entries(rule)) {
    if (QUIET.has(name) || isEmpty(value) || value === DEFAULTS.get(name)) continue;
    const instead = NOTED.get(name);
    const clause = MATCHING.get(name);
    if (instead !== undefined) notes.push(`${name} is not applied: ${instead}`);
    else if (clause === undefined) refused.push({ name, message: `the setting ${quoteName(name)} is not known here` });
    else if (name === 'filters' && allDisabled(value)) notes.push('filters is not applied: all filters are disabled');
    else refused.push({ name, message: `${clause} (${name}) cannot be honoured by this version` });
  }
  return { notes, refused };
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === '') return true;
  return typeof value === 'object' && !(value instanceof Date) && Object.keys(value).length === 0;
}

/** Kibana keeps a filter that was switched off, with `meta.disabled`. */
function allDisabled(filters: unknown): boolean {
  return Array.isArray(filters) && filters.every((filter) => filter?.meta?.disabled === true);
}
