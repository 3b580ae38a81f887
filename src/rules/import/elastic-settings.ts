import { resolveField } from '../../ecs/fields.ts';
import { describeValue, quoteName } from '../document-problem.ts';
import type { UnsupportedReason } from './unsupported-reason.ts';

/**
 * Every setting of an Elastic rule, by what happens to it here. A setting in none of these lists makes the rule
 * unsupported, because it might change what matches.
 */

/** Read by the import itself. */
const MAPPED = [
  'alert_suppression',
  'building_block_type',
  'data_view_id',
  'description',
  'enabled',
  'exceptions_list',
  'false_positives',
  'filters',
  'from',
  'history_window_start',
  'index',
  'interval',
  'language',
  'max_signals',
  'name',
  'new_terms',
  'new_terms_fields',
  'note',
  'query',
  'references',
  'risk_score',
  'risk_score_mapping',
  'rule_id',
  'rule_name_override',
  'setup',
  'severity',
  'severity_mapping',
  'tags',
  'threat',
  'threshold',
  'timestamp_override',
  'timestamp_override_fallback_disabled',
  'type',
  'version',
];

/** Metadata and administration in Kibana, and how Elasticsearch searches. */
const WITHOUT_EFFECT = [
  'author',
  'created_at',
  'created_by',
  'execution_summary',
  'id',
  'immutable',
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
  'tiebreaker_field',
  'timeline_id',
  'timeline_title',
  'updated_at',
  'updated_by',
];

/**
 * Features of Elastic that firstseen lacks, although the same events match: the rule loads, and the difference is
 * stated.
 */
const NOT_DONE: ReadonlyMap<string, string> = new Map([
  ['actions', 'notifications are configured as sinks of firstseen'],
  ['response_actions', 'firstseen does not act on hosts'],
  ['throttle', 'notifications are configured as sinks of firstseen'],
  ['to', 'an event is evaluated as it arrives'],
]);

/** Settings that change which events match and are not supported, with a remedy. */
const REFUSED: ReadonlyMap<string, readonly [what: string, hint: string]> = new Map([
  ['saved_id', ['a saved query', 'in Kibana, turn off loading the saved query in the rule, and export it again']],
  ['event_category_override', ['a custom event category field', 'name the field in the query: any where …']],
]);

/** Elastic's default for the setting: it may be set explicitly. */
const DEFAULTS: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ['throttle', 'no_actions'],
  ['to', 'now'],
  ['event_category_override', 'event.category'],
]);

const QUIET: ReadonlySet<string> = new Set([...MAPPED, ...WITHOUT_EFFECT]);

/** The settings that choose the time field: for a rule, and for the order of a sequence. */
const TIME_SETTINGS: ReadonlySet<string> = new Set(['timestamp_override', 'timestamp_field']);
/** firstseen uses one of these as the time of any event. */
const OWN_TIMES: ReadonlySet<unknown> = new Set(['@timestamp', 'event.ingested']);

export interface SettingsVerdict {
  /** Settings that are ignored, with a stated difference. */
  readonly differences: readonly string[];
  /** Settings for which the rule is refused. */
  readonly refused: readonly UnsupportedReason[];
}

/** What happens to settings that are not mapped. An empty or default setting counts as absent. */
export function judgeSettings(rule: Readonly<Record<string, unknown>>): SettingsVerdict {
  const differences: string[] = [];
  const refused: UnsupportedReason[] = [];
  const refuse = (name: string, message: string, hint?: string): void => {
    refused.push({ kind: 'setting', name, message, path: [name], ...(hint !== undefined && { hint }) });
  };
  for (const [name, value] of Object.entries(rule)) {
    if (isEmpty(value) || value === DEFAULTS.get(name)) continue;
    const instead = NOT_DONE.get(name);
    const [what, hint] = REFUSED.get(name) ?? [];
    if (TIME_SETTINGS.has(name)) {
      if (OWN_TIMES.has(value)) continue;
      const time = typeof value === 'string' ? resolveField(value) : undefined;
      if (time?.type === 'date') differences.push(`${name} is ignored: firstseen always uses @timestamp`);
      else if (rule.timestamp_override_fallback_disabled === true || typeof value !== 'string') {
        refuse(name, `${name} ${describeValue(value)} is not supported: no audit event has such a time`);
      }
    } else if (instead !== undefined) differences.push(`${name} is ignored: ${instead}`);
    else if (what !== undefined) refuse(name, `${what} (${name}) is not supported by this version`, hint);
    else if (!QUIET.has(name)) refuse(name, `unknown setting ${quoteName(name)}`);
  }
  return { differences, refused };
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === '') return true;
  return typeof value === 'object' && !(value instanceof Date) && Object.keys(value).length === 0;
}
